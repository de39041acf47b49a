"""How long it takes from a clone to the first posted review, by what the README says and no more.

    python -m benchmarks.first_review

The commands of the README's part on the App are typed in an empty folder, against a GitHub on
loopback: the repository is cloned, installed with its packages into a new environment, the App is
made on its page (a form, and a button on GitHub), `serve --with-worker` is started and a pull
request is opened. Printed are the seconds of each command and how many a person typed.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.github_simulator import simulator
from tests.web.clicks import FORM, Browser
from tests.web.server import site_of

GOAL_S = 600.0
PATIENCE_S = 300.0
ROOT = Path(__file__).parents[1]


class Stopwatch:
    """Prints what each step took."""

    def __init__(self) -> None:
        self.total = 0.0
        self.commands = 0

    @contextmanager
    def step(self, name: str, *, is_command: bool = True) -> Iterator[None]:
        """Time a step."""
        began = time.monotonic()
        yield
        seconds = time.monotonic() - began
        self.total += seconds
        self.commands += is_command
        print(f"{seconds:8.1f} s  {'$ ' if is_command else '  '}{name}", flush=True)


def main() -> int:
    """Print every step and return 1 where the goal is missed."""
    watch = Stopwatch()
    with tempfile.TemporaryDirectory() as name, simulator(Path(name) / "github") as github:
        folder, clone = Path(name), Path(name) / "pullwright"
        outside = {"PATH": os.environ["PATH"], "HOME": name}
        with watch.step("git clone URL pullwright && cd pullwright"):
            _run("git", "clone", "--quiet", str(ROOT), str(clone), env=outside)
        with watch.step("python3 -m venv .venv && . .venv/bin/activate"):
            _run(sys.executable, "-m", "venv", str(clone / ".venv"), env=outside)
        programs = clone / ".venv" / "bin"
        inside = {
            **outside,
            "PATH": f"{programs}:{outside['PATH']}",
            "PULLWRIGHT_STATE_DIR": str(folder / "state"),
            "PULLWRIGHT_SANDBOX": "none",
            "PULLWRIGHT_GITHUB_API_URL": github.api_url,
        }
        with watch.step("pip install '.[app]'"):
            pip = (str(programs / "pip"), "install", "--quiet", "--disable-pip-version-check")
            _run(*pip, f"{clone}[app]", env=inside)
        pullwright = str(programs / "pullwright")
        setting_up = (pullwright, "setup", "--port", "0")
        with (
            watch.step("pullwright setup, a form and a button"),
            _started(folder, inside, *setting_up) as setup,
        ):
            browser = Browser(site_of(_address(setup, r"http://\S+(?=/setup)")))
            made = browser.get(browser.confirm(FORM))
            assert made.status == 200, made.body.decode()
            setup.wait(60)
        serving = (pullwright, "serve", "--with-worker", "--port", "0")
        with _started(folder, inside, *serving) as both:
            with watch.step("pullwright serve --with-worker, until it listens"):
                github.webhook_url = f"{_address(both, r'listening on (http://[^ ]+)')}/webhook"
            with watch.step("a pull request, until its review is posted", is_command=False):
                change = {"a.py": "import os\n\n\ndef one():\n    return 1\n"}
                pull = github.repo("octo/shop").open_pull_request(change, author="octo")
                _until(lambda: bool(pull.review_comments), "the review")
    print(f"{watch.total:8.1f} s in all, {watch.commands} commands; goal at most {GOAL_S:.0f} s")
    return int(watch.total > GOAL_S)


def _run(*argv: str, env: Mapping[str, str]) -> None:
    subprocess.run(argv, env=dict(env), check=True, stdin=subprocess.DEVNULL)


class _Process(subprocess.Popen[str]):
    """A process with its log."""

    log: Path


@contextmanager
def _started(folder: Path, env: Mapping[str, str], *argv: str) -> Iterator[_Process]:
    log = folder / f"{argv[1]}.log"
    with log.open("w") as out:
        process = _Process(
            argv, env=dict(env), stdin=subprocess.DEVNULL, stdout=out, stderr=out, text=True
        )
    process.log = log
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _address(process: _Process, pattern: str) -> str:
    """Wait for the line that says where a process listens."""
    _until(lambda: re.search(pattern, process.log.read_text()), process.log.name)
    found = re.search(pattern, process.log.read_text())
    assert found is not None
    return found[found.lastindex or 0]


def _until(is_done: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_done():
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
