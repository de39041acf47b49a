"""A queue that keeps what was submitted, and can be down."""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field
from datetime import UTC, datetime, timedelta

from bot.domain.crowding import left_out
from bot.domain.jobs import Job, JobFilter, JobId, JobInfo, JobKind, JobStatus, StepInfo
from bot.errors import Refused, Retryable

_ENDED = (JobStatus.DONE, JobStatus.SUPERSEDED, JobStatus.STOPPED, JobStatus.FAILED)


@dataclass
class FakeJobs:
    """The `Jobs` port in memory."""

    jobs: dict[JobId, Job] = field(default_factory=dict)
    """Everything that was ever submitted, in order."""
    statuses: dict[JobId, JobStatus] = field(default_factory=dict)
    errors: dict[JobId, str] = field(default_factory=dict)
    is_down: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def submit(self, job: Job) -> bool:
        self._answer()
        with self._lock:
            if job.id in self.jobs:
                return False
            if job.kind is JobKind.REVIEW:
                self._supersede(job)
            self.statuses[job.id] = JobStatus.QUEUED
            if reason := self._left_out(job):
                self.statuses[job.id] = JobStatus.SUPERSEDED
                self.errors[job.id] = reason
            self.jobs[job.id] = job
        return True

    def stop(self, job_id: JobId) -> bool:
        self._answer()
        with self._lock:
            if self.statuses.get(job_id, JobStatus.DONE) in _ENDED:
                return False
            self.statuses[job_id] = JobStatus.STOPPED
        return True

    def status(self, job_id: JobId) -> JobStatus | None:
        self._answer()
        return self.statuses.get(job_id)

    def _left_out(self, job: Job) -> str | None:
        """Decide as the queue does, in a minute that never ends."""
        mine = [j for j in self.jobs.values() if (j.key, j.kind) == (job.key, job.kind)]
        kept = [j for j in mine if self.statuses[j.id] is not JobStatus.SUPERSEDED]
        waiting = [j for j in kept if self.statuses[j.id] is JobStatus.QUEUED]
        return left_out(job, waiting=sorted(waiting, key=lambda j: j.sequence), lately=kept)

    def _supersede(self, newer: Job) -> None:
        for job in self.jobs.values():
            is_older = job.key == newer.key and job.sequence < newer.sequence
            is_waiting = self.statuses[job.id] is JobStatus.QUEUED
            if is_older and is_waiting and job.kind is JobKind.REVIEW:
                self.statuses[job.id] = JobStatus.SUPERSEDED

    def _answer(self) -> None:
        if self.is_down:
            raise Retryable("the queue is down")


@dataclass
class FakeJobsAdmin:
    """The `JobsAdmin` port on a fake queue."""

    queue: FakeJobs
    errors: dict[JobId, str] = field(default_factory=dict)
    finished_steps: dict[JobId, list[str]] = field(default_factory=dict)

    def list(self, wanted: JobFilter) -> Sequence[JobInfo]:
        infos = [self._info(place, job) for place, job in enumerate(self.queue.jobs.values())]
        fitting = [i for i in infos if not wanted.statuses or i.status in wanted.statuses]
        keyed = [i for i in fitting if wanted.key is None or i.job.key == wanted.key]
        ordered = sorted(keyed, key=_order, reverse=True)
        before = wanted.before
        behind = [i for i in ordered if before is None or _order(i) < astuple(before)]
        return behind[: wanted.limit]

    def find(self, job_id: JobId) -> JobInfo | None:
        return next((i for i in self.list(JobFilter(limit=1 << 30)) if i.job.id == job_id), None)

    def counts(self) -> Mapping[JobStatus, int]:
        return Counter(self.queue.statuses.values())

    def steps(self, job_id: JobId) -> Sequence[StepInfo]:
        return [StepInfo(name, 0.1, "") for name in self.finished_steps.get(job_id, [])]

    def retry(self, job_id: JobId) -> JobId:
        if self.queue.statuses.get(job_id) is not JobStatus.FAILED:
            raise Refused(f"job {job_id} has not failed")
        self.queue.statuses[job_id] = JobStatus.QUEUED
        return job_id

    def _info(self, place: int, job: Job) -> JobInfo:
        at = datetime(2026, 11, 1, 12, tzinfo=UTC) + timedelta(minutes=place)
        status = self.queue.statuses[job.id]
        attempts = int(status is not JobStatus.QUEUED)
        error = self.errors.get(job.id) or self.queue.errors.get(job.id, "")
        return JobInfo(job, status, attempts, at, at, error)


def _order(info: JobInfo) -> tuple[object, ...]:
    return astuple(info.place)
