"""Work that must be done once, whatever dies in between: jobs, their order, and who runs them."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType, Protocol

MAX_JSON_BYTES = 64 * 1024

Json = Mapping[str, object]
"""Small JSON: ids and SHAs, never diffs or logs. It is stored in clear."""

NO_INSTALLATION = 0
"""For work that is of no installation; no forge gives this id to one. It runs one job at a time."""

JobId = NewType("JobId", str)
"""The dedupe key: submitting the same id again does nothing."""


class JobKind(StrEnum):
    """What a worker does."""

    REVIEW = "review"
    COMMAND = "command"
    RECONSIDER = "reconsider"
    """Look whether a review is wanted by now: labels, title or draft changed, the head did not."""
    MERGE_GROUP = "merge_group"
    """Give the head of a merge queue the verdict of its pull requests."""
    OBSERVE = "observe"
    """Hear what people and git say of our suggestions."""
    RECONCILE = "reconcile"


class JobStatus(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    SUPERSEDED = "superseded"
    STOPPED = "stopped"
    FAILED = "failed"
    """Retries are used up: a dead letter, until somebody retries it by hand."""


@dataclass(frozen=True, slots=True)
class Job:
    """One durable piece of work."""

    id: JobId
    kind: JobKind
    key: str
    """`REPO_ID#NUMBER`: jobs of one key run one at a time, in the order of their sequence."""
    sequence: int
    """Grows with every accepted event of the key; a review of an older head is superseded."""
    installation_id: int
    """Jobs of one installation share a concurrency and a rate."""
    payload: Json


@dataclass(frozen=True, slots=True)
class JobPlace:
    """Where a job stands in the order in which jobs came."""

    created_at: datetime
    sequence: int
    id: JobId


@dataclass(frozen=True, slots=True)
class JobInfo:
    """A job as an operator sees it."""

    job: Job
    status: JobStatus
    attempts: int
    created_at: datetime
    updated_at: datetime
    error: str = ""
    """One sentence, for failed jobs and for commands that were left out."""

    @property
    def place(self) -> JobPlace:
        """Where the next page begins behind it."""
        return JobPlace(self.created_at, self.job.sequence, self.job.id)


@dataclass(frozen=True, slots=True)
class StepInfo:
    """One finished step of a job."""

    name: str
    seconds: float
    summary: str


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs an operator wants to see."""

    statuses: frozenset[JobStatus] = field(default_factory=frozenset)
    key: str | None = None
    limit: int = 100
    before: JobPlace | None = None
    """Only those behind it, newest first."""


class Jobs(Protocol):
    """The queue, as the web process and commands see it."""

    def submit(self, job: Job) -> bool:
        """Store the job durably and return True, or False where its id was submitted before.

        A review ends older ones of its key that wait, and a command or a look at what became of
        suggestions is stored as SUPERSEDED where enough like it wait (`crowding`).
        Raises Retryable where the queue cannot store it: never a lie.
        """
        ...

    def stop(self, job_id: JobId) -> bool:
        """Ask a queued or running job to end at its next step; False where it had ended."""
        ...

    def status(self, job_id: JobId) -> JobStatus | None:
        """Return where the job stands, or None where nobody knows it."""
        ...


class JobsAdmin(Protocol):
    """The queue, as an operator sees it."""

    def list(self, wanted: JobFilter) -> Sequence[JobInfo]:
        """Return jobs, the newest first."""
        ...

    def steps(self, job_id: JobId) -> Sequence[StepInfo]:
        """Return the finished steps of a job, in order."""
        ...

    def retry(self, job_id: JobId) -> JobId:
        """Queue a failed job again, from its last finished step; raises Refused for others."""
        ...


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how patiently a step is tried again after a Retryable error."""

    attempts: int = 6
    """Of one step; after the last one the job is a dead letter."""
    first: timedelta = timedelta(seconds=5)
    factor: float = 3.0
    longest: timedelta = timedelta(minutes=15)

    def next_try(self, failed: int, *, now: datetime, not_before: datetime | None) -> datetime:
        """Return when to try again after `failed` attempts; never before `not_before`."""
        # The exponent is bounded, so that no number of attempts overflows.
        wait = min(self.first * self.factor ** min(failed - 1, 30), self.longest)
        return max(now + wait, not_before or now)


def small_json(value: Json) -> Json:
    """Return the value as it will come back from the store.

    Raises ValueError where it is no JSON object, or over 64 KiB: a diff or a log does not belong
    into the queue, its id does.
    """
    try:
        text = json.dumps(dict(value), allow_nan=False)
    except TypeError as error:
        raise ValueError(f"a step returned what is no JSON: {error}") from error
    if len(text) > MAX_JSON_BYTES:
        raise ValueError(f"a step returned {len(text)} bytes of JSON, {MAX_JSON_BYTES} may be kept")
    loaded: dict[str, object] = json.loads(text)
    return loaded


class JobContext(Protocol):
    """What the code of a job is given."""

    @property
    def job(self) -> Job:
        """The job itself."""
        ...

    def step(self, name: str, work: Callable[[], Json]) -> Json:
        """Run one durable step and return its small result, or the result it had before a crash.

        A step may run twice when a host dies between its effect and its record, so effects have to
        be idempotent. Raises `Ended` instead of starting a step of a stopped or superseded job.
        Retryable errors of `work` are tried again with back-off, up to a limit; the job holds no
        slot while it waits, and its handler is run again from the top when its time has come.
        Refused errors are recorded and raised as plain `Refused`, before and after a crash alike:
        a handler that needs more than the sentence lets `work` return it. Whatever else `work`
        raises fails the job.
        """
        ...

    def on_stop(self, close: Callable[[], object]) -> AbstractContextManager[None]:
        """Have `close` called, once and from another thread, when somebody stops the job.

        It holds inside the `with`; on a job that is stopped already it is called at once.
        What `work` raises because of it is not an error: the step raises `Ended`.
        """
        ...


class Ended(BaseException):
    """The job must not go on; the engine raises and catches it, nobody else."""

    def __init__(self, status: JobStatus) -> None:
        super().__init__(status.value)
        self.status = status


Handler = Callable[[JobContext], Json]
"""The code of a kind of job: deterministic outside its steps, so that it can be run again."""
