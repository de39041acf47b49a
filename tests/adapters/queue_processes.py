"""Real worker processes for tests of the queue, all of them gone at the end."""

import itertools
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from bot.adapters.dbos_admin import DbosJobsAdmin
from bot.adapters.dbos_database import open_engine
from bot.adapters.dbos_jobs import DbosJobs
from bot.domain.jobs import Job, JobId, JobKind, JobStatus
from tests.adapters.queue_worker import Effects

ROOT = Path(__file__).parents[2]
ENDED = {JobStatus.DONE, JobStatus.SUPERSEDED, JobStatus.STOPPED, JobStatus.FAILED}
PATIENCE_S = 40

Process = subprocess.Popen[str]


_INSTALLATIONS = itertools.count(1)


def a_job(job_id: str = "job", **values: Any) -> Job:
    """A job of an installation of its own; `payload` tells the worker's handler what to do."""
    kind, key = JobKind.COMMAND, f"key of {job_id}"
    defaults = {"kind": kind, "key": key, "sequence": 1, "installation_id": next(_INSTALLATIONS)}
    payload = values.pop("payload", {})
    return Job(id=JobId(job_id), payload=payload, **{**defaults, **values})


class Queue:
    """A database, its two faces, and the workers that a test starts."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.jobs = DbosJobs(url)
        self.effects = Effects(folder / "effects.jsonl")
        self.environment: dict[str, str] | None = None
        """Of the workers; None for that of the test."""
        self._admin: DbosJobsAdmin | None = None
        self._processes: list[Process] = []

    @property
    def admin(self) -> DbosJobsAdmin:
        if self._admin is None:
            self._admin = DbosJobsAdmin(self.url)
        return self._admin

    def start(self, **options: object) -> Process:
        values = {"url": self.url, "folder": str(self.folder), **options}
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.adapters.queue_worker", json.dumps(values)],
            cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=self.environment,
        )  # fmt: skip
        self._processes.append(process)
        return process

    def submit(self, *jobs: Job) -> None:
        for job in jobs:
            assert self.jobs.submit(job)

    def steps(self, event: str, job_id: str = "job") -> list[int]:
        seen = self.effects.read()
        return [e["step"] for e in seen if e["event"] == event and e["job"] == job_id]

    def order(self, *jobs: Job, event: str = "end") -> list[str]:
        """Return the jobs, in the order of the event; all jobs where none is given."""
        ids = [job.id for job in jobs]
        return [e["job"] for e in self.of(*ids) if e["event"] == event]

    def times(self, *job_ids: str, event: str) -> list[float]:
        return [e["at"] for e in self.of(*job_ids) if e["event"] == event]

    def of(self, *job_ids: str) -> list[dict[str, Any]]:
        return [e for e in self.effects.read() if not job_ids or e["job"] in job_ids]

    def mend(self, job_id: str) -> None:
        """Let what fails in this job succeed from now on."""
        (self.folder / f"mended-{job_id}").touch()

    def wait_for_end(self, *job_ids: str) -> list[JobStatus | None]:
        self.until(lambda: all(self._status(job_id) in ENDED for job_id in job_ids))
        return [self._status(job_id) for job_id in job_ids]

    def wait_for_step(self, number: int, job_id: str = "job") -> None:
        self.until(lambda: number in self.steps("begin", job_id))

    def until(self, is_true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not is_true():
            assert time.monotonic() < deadline, self.effects.read()[-5:]
            for process in tuple(self._processes):
                if process.poll() not in (None, 0, -signal.SIGKILL):
                    raise RuntimeError(f"a worker died: {self.wait_for_death(process)}")
            time.sleep(0.02)

    def wait_for_death(self, process: Process) -> str:
        """Return what a worker said before it ended."""
        # Its input stays open until it is dead, since it dies with that.
        process.wait(timeout=PATIENCE_S)
        _, errors = process.communicate()
        self._processes.remove(process)
        return errors

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.communicate()
        for face in (self.jobs, self._admin):
            if face is not None:
                face.close()

    def _status(self, job_id: str) -> JobStatus | None:
        return self.jobs.status(JobId(job_id))


def cut_all_lines(postgres_url: str) -> None:
    """End every connection to a database, as a restart of its server does."""
    engine = open_engine(postgres_url)
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"  # noqa: S608 - a constant
    with engine.begin() as connection:
        connection.exec_driver_sql(cut)
    engine.dispose()


def overlaps(effects: Iterable[dict[str, Any]]) -> int:
    """Count the steps that began while another job of their key was in a step."""
    open_steps: dict[str, str] = {}
    found = 0
    for effect in effects:
        key, job = effect["key"], effect["job"]
        if effect["event"] == "begin":
            found += open_steps.get(key, job) != job
            open_steps[key] = job
        elif effect["event"] == "end":
            open_steps.pop(key, None)
    return found
