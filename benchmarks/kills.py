"""Kills the web process and workers at random until 200 are dead, under real reviews and commands.

    python -m benchmarks.kills [--kills 200]

`serve` and three workers run as an operator runs them, in front of the simulated GitHub. People of
ten installations open pull requests, push to them and write commands; one process after the other
dies by SIGKILL and is started again. What GitHub could not deliver is delivered again, as
reconciliation does. Fails where a pull request ends without its one summary, its comments and a
concluded check, a command without its reply, or where anything of that is there twice.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bot.adapters.dbos_admin import DbosJobsAdmin
from bot.domain.intake import immediate_key, pull_key
from bot.domain.jobs import JobFilter, JobStatus
from bot.domain.markers import MarkerKind, parse_marker
from tests.end_to_end.app import App, open_app, serve
from tests.end_to_end.deaths import LIVE, Mortal
from tests.github_simulator import PullRequest

WORKERS = 3
INSTALLATIONS = 10
BACKLOG = 8
"""So many jobs may wait or run before people wait as well."""
BASE = {"app.py": "def total(prices):\n    return sum(prices)\n"}
BUGS = {
    "app.py": "import os\n\n\ndef total(prices):\n    return sum(prices)\n",
    "b.py": "def f(x):\n    return x is 'a'\n",
}
COMMENTS = 2
"""What a review of `BUGS` says next to the code."""
COMMANDS = ("status", "why", "config", "dismiss F1 noise", "help")
MAX_SECONDS, DRAIN_SECONDS = 900, 300
_WEB_SHARE = 0.2


@dataclass
class People:
    """Those who use the App, and what they did."""

    app: App
    chance: random.Random
    pulls: list[PullRequest] = field(default_factory=list)
    commands: Counter[int] = field(default_factory=Counter)
    """How many were written, by the id of the pull request."""

    def act(self) -> None:
        """Do one thing."""
        kind = self.chance.random()
        if kind < 0.5 or not self.pulls:
            self._open()
        elif kind < 0.7:
            name = f"more_{self.chance.randrange(10**6)}.py"
            self.chance.choice(self.pulls).push({name: "X = 1\n"})
        else:
            pr = self.chance.choice(self.pulls)
            self.commands[pr.id] += 1
            pr.author.comment(pr, f"/agent {self.chance.choice(COMMANDS)}")

    def _open(self) -> None:
        owner = f"owner{self.chance.randrange(INSTALLATIONS)}"
        github = self.app.github
        repo = github.find_repo(f"{owner}/shop") or github.repo(f"{owner}/shop", base=BASE)
        self.pulls.append(repo.open_pull_request(BUGS, author=owner))


@dataclass
class Found:
    """What was lost and what is there twice, in words."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)

    def expect(self, what: str, count: int, wanted: int) -> None:
        """Note a number of things on GitHub that is not the one that there should be."""
        if count < wanted:
            self.lost.append(f"{what}: {count} of {wanted}")
        if count > wanted:
            self.doubled.append(f"{what}: {count} in place of {wanted}")


def main() -> int:
    """Kill, look, and say what was found; 1 where it is not nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    kills = parser.parse_args().kills
    with (
        tempfile.TemporaryDirectory(prefix="pullwright-kills-") as folder,
        open_app(Path(folder), sandbox="none") as app,
        closing(DbosJobsAdmin(f"sqlite:///{folder}/state/pullwright.db")) as jobs,
    ):
        people = People(app, random.Random(1))  # noqa: S311 - a seed makes the kills repeatable
        return _soak(people, jobs, kills)


def _soak(people: People, jobs: DbosJobsAdmin, kills: int) -> int:
    app, began = people.app, time.monotonic()
    web, workers = _started(app)
    everybody = [web, *workers]

    def turn() -> None:
        for process in everybody:
            process.revive()
        _redeliver(app)

    while sum(p.deaths for p in everybody) < kills and time.monotonic() - began < MAX_SECONDS:
        turn()
        if len(jobs.list(JobFilter(statuses=LIVE))) < BACKLOG:
            people.act()
        _pause(people.chance.uniform(0.5, 3.0), lambda: False)
        is_web = people.chance.random() < _WEB_SHARE
        (web if is_web else people.chance.choice(workers)).kill()
    dead, seconds = sum(p.deaths for p in everybody), time.monotonic() - began
    print(f"{dead} kills ({web.deaths} of the web process) in {seconds:.0f} s", flush=True)
    _pause(DRAIN_SECONDS, lambda: _is_idle(app, jobs, turn))
    return int(_report(people, jobs) or dead < kills)


def _started(app: App) -> tuple[Mortal, list[Mortal]]:
    first = serve(app)
    port = urlsplit(app.github.webhook_url).port
    web = Mortal(lambda: app.spawn("serve", "--port", str(port)), first)
    command = ("worker", "--slots", "2", "--lease", "10")
    return web, [Mortal.born(lambda: app.spawn(*command)) for _ in range(WORKERS)]


def _pause(seconds: float, is_over: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not is_over():
        time.sleep(0.1)


def _redeliver(app: App) -> None:
    """Send again what no attempt delivered, as an App does that asks for its deliveries."""
    tried = list(app.github.webhooks.all)
    settled = {one.guid for one in tried if one.is_ok or one.status == "pending"}
    for one in {one.guid: one for one in tried if one.guid not in settled}.values():
        app.github.webhooks.redeliver(one)


def _is_idle(app: App, jobs: DbosJobsAdmin, turn: Callable[[], None]) -> bool:
    turn()
    is_delivered = {one.guid for one in app.github.webhooks.all} == {
        one.guid for one in app.github.webhooks.all if one.is_ok
    }
    return is_delivered and not jobs.list(JobFilter(statuses=LIVE))


def _report(people: People, jobs: DbosJobsAdmin) -> int:
    found = Found()
    for pr in people.pulls:
        _look(pr, people.commands[pr.id], found)
    ended = [i for pr in people.pulls for key in _keys(pr) for i in jobs.list(JobFilter(key=key))]
    for info in ended:
        if info.status not in (JobStatus.DONE, JobStatus.SUPERSEDED):
            found.lost.append(f"job {info.job.id}: {info.status} {info.error}")
    logs = "".join(p.read_text() for p in people.app.folder.glob("process-*.log"))
    deliveries = len({one.guid for one in people.app.github.webhooks.all})
    attempts = len(people.app.github.webhooks.all)
    print(f"{len(people.pulls)} pull requests, {people.commands.total()} commands, ", end="")
    print(f"{len(ended)} jobs, {deliveries} deliveries in {attempts} attempts")
    print(f"lost {len(found.lost)}, doubled {len(found.doubled)}, bugs {logs.count('met a bug')}")
    print(*found.lost, *found.doubled, sep="\n")
    return len(found.lost) + len(found.doubled) + logs.count("met a bug")


def _keys(pr: PullRequest) -> tuple[str, str]:
    return pull_key(pr.repo.id, pr.number), immediate_key(pr.repo.id, pr.number)


def _look(pr: PullRequest, commands: int, found: Found) -> None:
    name = f"{pr.repo.full_name}#{pr.number}"
    markers = [parse_marker(c.body) for c in pr.comments if c.user.login.endswith("[bot]")]
    kinds = Counter(m.kind for m in markers if m is not None)
    replies = {m.run for m in markers if m is not None and m.kind is MarkerKind.REPLY}
    checks = [run for run in pr.repo.check_runs if run.head_sha == pr.head_sha]
    found.expect(f"{name} summary", kinds[MarkerKind.SUMMARY], 1)
    found.expect(f"{name} comments", len(pr.review_comments), COMMENTS)
    found.expect(f"{name} concluded checks", sum(bool(c.conclusion) for c in checks), 1)
    found.expect(f"{name} checks", len(checks), 1)
    found.expect(f"{name} replies", kinds[MarkerKind.REPLY], commands)
    found.expect(f"{name} answered commands", len(replies), commands)


if __name__ == "__main__":
    sys.exit(main())
