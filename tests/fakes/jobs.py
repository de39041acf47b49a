"""A queue that keeps what was submitted, and can be down."""

import threading
from dataclasses import dataclass, field

from bot.domain.crowding import left_out
from bot.domain.jobs import Job, JobId, JobKind, JobStatus
from bot.errors import Retryable

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
        mine = [j for j in self.jobs.values() if (j.key, j.kind) == (job.key, JobKind.COMMAND)]
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
