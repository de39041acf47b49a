"""How long from a delivery to its posted review, next to the same review from the command line.

    python -m benchmarks.delivery_to_review [none|docker]

The pull request has 200 new lines, two findings and no tests. The App is timed from the POST of the
delivery until its check is concluded, the last that it posts of a review; the command line as a
whole process, with its start and its fetch, in the same kind of sandbox and from the same server.
Both keep their mirror of the repository from one round to the next, and take turns in being first.
Two waits are by design and are taken off the App's time, each measured where it happens: for the
queue to be looked at (from the 202 until the handler runs) and for the pace of writes. What is left
is at most 1.5 times the command line. The worker is there already when the delivery comes, and the
command line has to start: what a start without any work takes is printed too, and the ratio without
it.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.end_to_end.app import App, open_app, serve
from tests.github_simulator import PullRequest, Repo

ROUNDS = 5
GOAL = 1.5
BASE = {"app.py": "def total(prices):\n    return sum(prices)\n"}
BLOCK = "def total_{n}(rows):\n    result = 0\n    for row in rows:\n        result += row\n"
FILES, BLOCKS = 5, 8
"""With a line before and a line between them: 200 lines."""


@dataclass(frozen=True, slots=True)
class Times:
    """One review by the App, in seconds."""

    whole: float
    queued: float
    paced: float

    @property
    def work(self) -> float:
        """What is neither of the two waits."""
        return self.whole - self.queued - self.paced


def main() -> int:
    """Print every round and return 1 where the goal is missed."""
    sandbox = sys.argv[1] if len(sys.argv) > 1 else "none"
    ratios, bare = [], []
    with tempfile.TemporaryDirectory() as folder, open_app(Path(folder), sandbox=sandbox) as app:
        serve(app)
        log = Path(folder) / "worker.jsonl"
        with log.open("w") as out:
            app.processes.append(_worker(app, out.fileno()))
        app.until(lambda: "working" in log.read_text(), "a worker that is ready")
        repo = app.github.repo("octo/shop", base=BASE)
        names = ("App", "queue", "pace", "left", "CLI", "start", "ratio")
        print("".join(f"{name:>8}" for name in names) + f"   ({sandbox})")
        for number in range(ROUNDS + 1):
            ours, theirs = _round(app, repo, log, number)
            start = _command_line(app, "--version")
            ratio = ours.work / theirs
            columns = (ours.whole, ours.queued, ours.paced, ours.work, theirs, start, ratio)
            note = "" if number else "   both mirrors are new: not counted"
            print("".join(f"{value:>8.2f}" for value in columns) + note, flush=True)
            if number:
                ratios.append(ratio)
                bare.append(ours.work / (theirs - start))
    ratio = statistics.median(ratios)
    print(f"median ratio without the start {statistics.median(bare):.2f}")
    print(f"median ratio {ratio:.2f}, goal at most {GOAL}")
    return int(ratio > GOAL)


def _worker(app: App, output: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "benchmarks.timed_worker"],
        env=dict(app.environment), stdin=subprocess.DEVNULL, stdout=output, text=True,
        cwd=Path(__file__).parents[1],
    )  # fmt: skip


def _round(app: App, repo: Repo, log: Path, number: int) -> tuple[Times, float]:
    app.github.webhooks.is_queued = True
    pr = repo.open_pull_request(_change(number), author="octo")
    if number % 2:
        theirs = _review(app, pr)
        return _app(app, pr, log), theirs
    ours = _app(app, pr, log)
    return ours, _review(app, pr)


def _app(app: App, pr: PullRequest, log: Path) -> Times:
    """Deliver the event alone and wait for the end of the review."""
    hooks, said = app.github.webhooks, len(log.read_text().splitlines())
    hooks.waiting = [one for one in hooks.waiting if one.event == "pull_request"]
    (delivery,) = hooks.waiting
    began = time.monotonic()
    hooks.deliver()
    hooks.is_queued = False
    hooks.url, url = "", hooks.url
    seen = len(app.github.log)
    app.until(
        lambda: [r for r in app.github.log[seen:] if "installation/token" in r.path], "the end"
    )
    hooks.url = url
    (last,) = (r for r in app.github.log[seen:] if r.method == "PATCH" and "check-runs" in r.path)
    assert last.json["conclusion"] == "neutral", last.json
    assert len(pr.review_comments) == 2, pr.review_comments
    events = [json.loads(line) for line in log.read_text().splitlines()[said:]]
    (begun,) = (e["began"] for e in events if e["event"] == "begun")
    ended = last.at + last.seconds
    paced = sum(e["seconds"] for e in events if e["event"] == "paced" and e["began"] < ended)
    return Times(ended - began, begun - began - delivery.seconds, paced)


def _review(app: App, pr: PullRequest) -> float:
    place = ("--repo", pr.repo.clone_url, "--base", pr.base_ref, "--head", pr.head_ref)
    return _command_line(app, "review", *place, says="2 findings")


def _command_line(app: App, *arguments: str, says: str = "") -> float:
    """Return how long a whole process takes."""
    environment = {
        "PATH": app.environment["PATH"],
        "HOME": app.environment["HOME"],
        "PULLWRIGHT_SANDBOX": app.environment["PULLWRIGHT_SANDBOX"],
        "PULLWRIGHT_STATE_DIR": str(app.folder / "command-line"),
    }
    program = [sys.executable, "-c", "from bot.cli import main; main()"]
    began = time.monotonic()
    done = subprocess.run(
        [*program, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    seconds = time.monotonic() - began
    assert says in done.stdout, done.stdout + done.stderr
    return seconds


def _change(number: int) -> dict[str, str]:
    files = {}
    for file in range(FILES):
        blocks = [BLOCK.format(n=f"{number}_{file}_{n}") for n in range(BLOCKS)]
        files[f"change_{number}_{file}.py"] = '"""Totals."""\n' + "\n".join(blocks)
    files[f"change_{number}_0.py"] = files[f"change_{number}_0.py"].replace(
        '"""Totals."""', "import os", 1
    )
    last = f"change_{number}_{FILES - 1}.py"
    files[last] = files[last].replace("result = 0", "result = [] is 'a'", 1)
    return files


if __name__ == "__main__":
    sys.exit(main())
