"""Processes of ours that are killed, and started again in their place."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from bot.adapters.dbos_admin import DbosJobsAdmin
from bot.domain.intake import immediate_key, pull_key
from bot.domain.jobs import JobFilter, JobStatus
from tests.end_to_end.app import App
from tests.end_to_end.command import Process
from tests.github_simulator import PullRequest, Repo, Strike

LIVE = frozenset({JobStatus.QUEUED, JobStatus.RUNNING})


@dataclass
class Mortal:
    """One process of ours, whichever it is at the moment."""

    spawn: Callable[[], Process]
    process: Process
    deaths: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @staticmethod
    def born(spawn: Callable[[], Process]) -> "Mortal":
        """Return the first of its kind."""
        return Mortal(spawn, spawn())

    def kill(self) -> None:
        """Kill it as `kill -9` does, and return when it is dead; a dead one dies no more."""
        with self._lock:
            self.deaths += self.process.poll() is None
            self.process.kill()
            self.process.wait()

    def revive(self) -> None:
        """Start it again where it was killed."""
        with self._lock:
            if self.process.poll() is not None:
                self.process = self.spawn()


@dataclass
class Deadly:
    """The App with a worker that dies wherever a test wants it to."""

    app: App
    worker: Mortal
    jobs: DbosJobsAdmin
    strikes: int = 0

    def strike(self, method: str, path: str, *, after: bool, words: str = "") -> None:
        """Let the worker die just before such a request is handled, or just after."""
        self.strikes += 1
        blow = Strike(self.worker.kill, after)
        self.app.github.faults.add(method, path, blow, words=words)

    def until(self, is_done: Callable[[], object], what: str) -> None:
        """Wait as `App.until` does, with the worker started again whenever it died."""

        def looked() -> object:
            self.worker.revive()
            return is_done()

        self.app.until(looked, what)

    def ended(self, pr: PullRequest) -> list[JobStatus]:
        """Wait until the jobs of a pull request ended, and return how, immediate ones first."""

        def statuses() -> list[JobStatus]:
            keys = (immediate_key(pr.repo.id, pr.number), pull_key(pr.repo.id, pr.number))
            return [i.status for key in keys for i in self.jobs.list(JobFilter(key=key))]

        def is_over() -> bool:
            found = statuses()
            return bool(found) and LIVE.isdisjoint(found)

        self.until(is_over, f"the end of every job of {pr.title}")
        return statuses()


@contextmanager
def deadly(app: App) -> Iterator[Deadly]:
    """Give the App a worker that may be killed."""
    url = f"sqlite:///{app.environment['PULLWRIGHT_STATE_DIR']}/pullwright.db"
    with closing(DbosJobsAdmin(url)) as jobs:
        worker = Mortal.born(lambda: app.spawn("worker", "--slots", "2"))
        yield Deadly(app, worker, jobs)
        worker.process.kill()


def said_once(repo: Repo, pr: PullRequest) -> tuple[int, int, list[str | None]]:
    """Return how many summaries and review comments there are, and how the checks ended."""
    ours = [c for c in pr.comments if c.user.login.endswith("[bot]")]
    summaries = [c for c in ours if "kind=summary" in c.body]
    checks = [run.conclusion for run in repo.check_runs if run.head_sha == pr.head_sha]
    return len(summaries), len(pr.review_comments), checks
