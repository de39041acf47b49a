"""Work that must be done once, whatever dies in between: jobs, their order, and who runs them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType, Protocol, TypeVar

Json = Mapping[str, object]
"""Small JSON: ids and SHAs, never diffs or logs. It is stored in clear."""

JobId = NewType("JobId", str)
"""The dedupe key: submitting the same id again does nothing."""

T = TypeVar("T", bound=object)


class JobKind(StrEnum):
    """What a worker does."""

    REVIEW = "review"
    COMMAND = "command"
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
class JobInfo:
    """A job as an operator sees it."""

    job: Job
    status: JobStatus
    attempts: int
    created_at: datetime
    updated_at: datetime
    error: str = ""
    """One sentence, for failed jobs."""


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


class Jobs(Protocol):
    """The queue, as the web process and commands see it."""

    def submit(self, job: Job) -> bool:
        """Store the job durably and return True, or False where its id was submitted before.

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
        Retryable errors of `work` are tried again with back-off, up to a limit.
        """
        ...


class Ended(BaseException):
    """The job must not go on; the engine raises and catches it, nobody else."""

    def __init__(self, status: JobStatus) -> None:
        super().__init__(status.value)
        self.status = status


Handler = Callable[[JobContext], Json]
"""The code of a kind of job: deterministic outside its steps, so that it can be run again."""
