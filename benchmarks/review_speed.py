"""How much a whole review adds to the analyzers alone: goal at most 2.0x.

The change has 40 files and 2,000 new lines of Python, JavaScript and Go, and no tests. Both are
timed in turn in one run, on the same files and the same kind of sandbox; only the ratio counts.

    python benchmarks/review_speed.py [process|docker]
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from bot import wiring
from bot.adapters.analyzers.catalog import analyzers
from bot.adapters.tree_sitter_syntax import TreeSitterSyntax
from bot.agent.linting import Linter
from bot.agent.trees import contents
from bot.domain.review import Decision
from bot.settings import SandboxChoice, Settings, load_settings

ROUNDS = 5
GOAL = 2.0
FILES = 40
BLOCKS = 10
BLOCK = {
    "py": """\
def total_{n}(rows):
    result = 0
    for row in rows:
        result += row["p"]
    return result
""",
    "js": """\
export function total{n}(rows) {{
  let result = 0;
  for (const row of rows) result += row.p;
  return result;
}}
""",
    "go": """\
func total{n}(rows []int) (result int) {{
	for _, row := range rows {{
		result += row
	}}
}}
""",
}


class Silent:
    """Hears of the steps and says nothing."""

    def step_started(self, tool: str) -> None:
        """Ignore it."""

    def step_finished(self, decision: Decision) -> None:
        """Ignore it."""


def build(folder: Path) -> None:
    """Make a repository with an empty base and the change on a branch."""
    git = ["git", "-C", str(folder), "-c", "user.name=bench", "-c", "user.email=bench@example.org"]
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "base"], check=True)
    subprocess.run([*git, "checkout", "-q", "-b", "change"], check=True)
    for index in range(FILES):
        ending = list(BLOCK)[index % len(BLOCK)]
        text = "".join(BLOCK[ending].format(n=f"{index}_{n}") for n in range(BLOCKS))
        start = "package shop\n\n" if ending == "go" else ""
        (folder / f"module_{index}.{ending}").write_text(start + text)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "change"], check=True)


def seconds_of(work: Callable[[], object]) -> float:
    """Return how long one call takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def whole_review(settings: Settings, place: wiring.Place) -> None:
    """Do what `pullwright review` does, but print."""
    with wiring.open_workspace(settings, place) as workspace:
        config = wiring.load_config(workspace, {}).config
        sandboxes = wiring.open_sandboxes(settings, place, lambda _question: False)
        told = wiring.build_run(workspace, config, sandboxes, Silent()).review().review
    assert told.verdict.coverage.hunks_seen == FILES, told.verdict


def analyzers_alone(linter: Linter, files: Mapping[str, bytes]) -> None:
    """Run every analyzer once over the same files."""
    report = linter.look(files)
    assert not report.failures, report.failures


def main() -> int:
    """Print the table and return 1 where the goal is missed."""
    choice = SandboxChoice(sys.argv[1] if len(sys.argv) > 1 else "process")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(folder / "repository")
        environment = {"PULLWRIGHT_STATE_DIR": str(folder / "state"), "PULLWRIGHT_SANDBOX": choice}
        settings = load_settings({"PATH": "/usr/local/bin:/usr/bin:/bin", **environment})
        place = wiring.Place(str(folder / "repository"), base="main", head="change")
        with wiring.open_workspace(settings, place) as workspace:
            paths = [file.path for file in workspace.diff().files]
            files = contents(workspace, workspace.change.head_sha, paths)
        sandboxes = wiring.open_sandboxes(settings, place, lambda _question: False)
        linter = Linter(sandboxes, analyzers(), TreeSitterSyntax())
        ratios = []
        print(f"{'review s':>10}{'analyzers s':>13}{'ratio':>8}   ({choice} sandbox)")
        for _ in range(ROUNDS):
            review = seconds_of(lambda: whole_review(settings, place))
            alone = seconds_of(lambda: analyzers_alone(linter, files))
            ratios.append(review / alone)
            print(f"{review:>10.2f}{alone:>13.2f}{ratios[-1]:>8.2f}")
    ratio = statistics.median(ratios)
    print(f"median ratio {ratio:.2f}, goal at most {GOAL}")
    return int(ratio > GOAL)


if __name__ == "__main__":
    sys.exit(main())
