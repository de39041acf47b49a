"""Which job the log lines of a thread are about, so that those of one run are found among all."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from bot.domain.jobs import JobId

_JOB: ContextVar[JobId | None] = ContextVar("pullwright_job", default=None)


@contextmanager
def about(job_id: JobId) -> Iterator[None]:
    """Let all that this thread logs in the block be about a job."""
    before = _JOB.set(job_id)
    try:
        yield
    finally:
        _JOB.reset(before)


def subject() -> JobId | None:
    """Return the job that this thread works on, or None."""
    return _JOB.get()
