"""One job in memory, with steps that survive a crash."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.jobs import Ended, Handler, Job, JobStatus, Json, small_json
from bot.errors import PullwrightError, Refused, Retryable


class Crashed(BaseException):
    """The host died here; `run` again is what another host does."""


class _Broken(BaseException):
    def __init__(self, error: Exception) -> None:
        self.error = error


@dataclass
class FakeJobContext:
    """The `JobContext` port. `run` runs a handler as often as its steps ask to be tried again."""

    job: Job
    attempts: int = 3
    """Of one step, after which the job has failed."""
    crash_in: str | None = None
    """The step after whose effect, and before whose record, the host dies once."""
    steps: list[tuple[str, Json | Refused]] = field(default_factory=list)
    """What every finished step returned, in order."""
    waits: list[datetime | None] = field(default_factory=list)
    """When each step that is tried again asked to be; nobody waits for it here."""
    why_ended: JobStatus | None = None
    error: str = ""
    _position: int = 0
    _failures: int = 0
    _closers: list[Callable[[], object]] = field(default_factory=list)

    def run(self, handler: Handler) -> JobStatus:
        """Run the handler to the end of the job; raises Crashed where `crash_in` says so."""
        status = self._attempt(handler)
        while status is JobStatus.QUEUED:
            status = self._attempt(handler)
        return status

    def step(self, name: str, work: Callable[[], Json]) -> Json:
        self._end_or_go_on()
        if self._position == len(self.steps):
            self.steps.append((name, self._run(name, work)))
            self._failures = 0
        was, record = self.steps[self._position]
        assert was == name, f"step {self._position + 1} was {was} before and is {name} now"
        self._position += 1
        if isinstance(record, Refused):
            raise Refused(str(record))
        return small_json(record)

    @contextmanager
    def on_stop(self, close: Callable[[], object]) -> Iterator[None]:
        if self.why_ended is JobStatus.STOPPED:
            close()
        self._closers.append(close)
        try:
            yield
        finally:
            self._closers.remove(close)

    def stop(self) -> None:
        """Stop the job, as somebody else would."""
        self.why_ended = JobStatus.STOPPED
        for close in tuple(self._closers):
            close()

    def supersede(self) -> None:
        """Make this review an older one."""
        self.why_ended = JobStatus.SUPERSEDED

    def _attempt(self, handler: Handler) -> JobStatus:
        self._position = 0
        try:
            handler(self)
        except Ended as ended:
            return ended.status
        except _Broken as broken:
            return self._ending(broken.error)
        except (PullwrightError, ValueError, TypeError, KeyError, AssertionError) as error:
            return self._ending(error)
        return JobStatus.DONE

    def _ending(self, error: Exception) -> JobStatus:
        self.error = str(error)
        if not isinstance(error, Retryable):
            return JobStatus.FAILED
        self.waits.append(error.retry_at)
        self._failures += 1
        return JobStatus.FAILED if self._failures >= self.attempts else JobStatus.QUEUED

    def _run(self, name: str, work: Callable[[], Json]) -> Json | Refused:
        try:
            result = small_json(work())
        except Refused as error:
            self._end_or_go_on()
            return Refused(str(error))
        except Exception as error:
            self._end_or_go_on()
            raise _Broken(error) from error
        if self.crash_in == name:
            self.crash_in = None
            raise Crashed
        return result

    def _end_or_go_on(self) -> None:
        if self.why_ended is not None:
            raise Ended(self.why_ended)
