"""Jobs without a queue: this process does them, one after the other, and then it is over.

A run of the Action is such a process. The forge keeps the events, and whoever wants a run again
starts it again, so steps are recorded nowhere; only what the forge asks to be tried again is.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.domain.action_words import NO_QUEUE
from bot.domain.jobs import (
    Ended,
    Handler,
    Job,
    JobFilter,
    JobId,
    JobInfo,
    JobKind,
    JobStatus,
    Json,
    RetryPolicy,
    StepInfo,
    small_json,
)
from bot.errors import Refused, Retryable

_LIVE = frozenset({JobStatus.QUEUED, JobStatus.RUNNING})
ENDED = "ended"
"""Names, in what a job returned, how it ended before its time."""


@dataclass
class InlineJobs:
    """Implements `Jobs` and `JobsAdmin`; `run` does what was submitted."""

    wait: Callable[[float], object]
    """Waits for some seconds."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    retries: RetryPolicy = field(default_factory=lambda: RetryPolicy(attempts=4))
    _queue: deque[Job] = field(default_factory=deque)
    _status: dict[JobId, JobStatus] = field(default_factory=dict)

    def submit(self, job: Job) -> bool:
        if job.id in self._status:
            return False
        self._queue.append(job)
        self._status[job.id] = JobStatus.QUEUED
        return True

    def stop(self, job_id: JobId) -> bool:  # noqa: ARG002 - nothing but the asking job runs here
        return False

    def status(self, job_id: JobId) -> JobStatus | None:
        return self._status.get(job_id)

    def list(self, wanted: JobFilter) -> Sequence[JobInfo]:
        """Return nothing: no earlier job is known here.

        Raises Refused for what is running, which the forge knows and we do not.
        """
        if wanted.statuses & _LIVE:
            raise Refused(NO_QUEUE)
        return ()

    def steps(self, job_id: JobId) -> Sequence[StepInfo]:  # noqa: ARG002 - as above
        return ()

    def retry(self, job_id: JobId) -> JobId:  # noqa: ARG002 - as above
        raise Refused(NO_QUEUE)

    def run(self, handlers: Mapping[JobKind, Handler]) -> Json:
        """Do all jobs, those that they submit among them; return what the last one returned.

        Raises Retryable where the forge does not answer after all.
        """
        result: Json = {}
        while self._queue:
            job = self._queue.popleft()
            self._status[job.id] = JobStatus.RUNNING
            result = self._done(job, handlers[job.kind])
        return result

    def _done(self, job: Job, handler: Handler) -> Json:
        try:
            result = handler(_Context(job, self))
        except Ended as ended:
            self._status[job.id] = ended.status
            return {ENDED: ended.status.value}
        self._status[job.id] = JobStatus.DONE
        return result


@dataclass(frozen=True)
class _Context:
    """Implements `JobContext`."""

    job: Job
    jobs: InlineJobs

    def step(self, name: str, work: Callable[[], Json]) -> Json:  # noqa: ARG002 - nothing is kept
        failed = 0
        while True:
            try:
                return small_json(work())
            except Refused as error:
                # What a handler sees here is what it sees in the App.
                raise Refused(str(error)) from error
            except Retryable as error:
                failed += 1
                if failed >= self.jobs.retries.attempts:
                    raise
                self._wait(failed, error)

    def _wait(self, failed: int, error: Retryable) -> None:
        now = self.jobs.now()
        at = self.jobs.retries.next_try(failed, now=now, not_before=error.retry_at)
        self.jobs.wait((at - now).total_seconds())

    @contextmanager
    def on_stop(self, close: Callable[[], object]) -> Iterator[None]:  # noqa: ARG002
        # Who cancels the run ends this process, and that closes everything.
        yield
