"""One attempt at one job: its durable steps, its end, and how somebody stops it."""

import json
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from types import TracebackType

from dbos import DBOS
from dbos import error as dbos_error

from bot.domain.jobs import Ended, Job, JobStatus, Json, small_json
from bot.domain.untrusted import one_line
from bot.errors import PullwrightError, Refused, Retryable

_LOG = logging.getLogger("pullwright.jobs")
_SENTENCE = 500

WhyNot = Callable[[Job], JobStatus | None]
"""Asks the database why a job must not begin another step."""


class Abandoned(BaseException):
    """This process must not go on with the job; another one will, from its last finished step."""


class _Broken(BaseException):
    """A step met an error. DBOS records nothing of it, so the next attempt runs the step anew.

    It is no Exception, so that no handler goes on after it: it could not do so after a crash.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


class DbosContext:
    """The `JobContext` of a running job."""

    def __init__(self, job: Job, *, why_not: WhyNot, may_run: Callable[[], bool]) -> None:
        self._job = job
        self._why_not = why_not
        self._may_run = may_run
        self._lock = threading.Lock()
        self._is_stopped = False
        self._closers: list[Callable[[], object]] = []
        self.steps_begun = 0

    @property
    def job(self) -> Job:
        return self._job

    def step(self, name: str, work: Callable[[], Json]) -> Json:
        self.end_or_go_on()
        self.steps_begun += 1
        recorded: dict[str, object] = json.loads(DBOS.run_step({"name": name}, self._run, work))
        if "refused" in recorded:
            raise Refused(str(recorded["refused"]))
        value = recorded["value"]
        if not isinstance(value, dict):
            raise TypeError(f"step {name} was recorded as {value!r}")
        return value

    @contextmanager
    def on_stop(self, close: Callable[[], object]) -> Iterator[None]:
        with self._lock:
            self._closers.append(close)
            is_late = self._is_stopped
        if is_late:
            close()
        try:
            yield
        finally:
            with self._lock:
                self._closers.remove(close)

    def stop(self) -> None:
        """Call what was registered; the rest is done by the next look at the database."""
        with self._lock:
            if self._is_stopped:
                return
            self._is_stopped = True
            closers = tuple(self._closers)
        for close in closers:
            _in_background(close)

    def _run(self, work: Callable[[], Json]) -> str:
        """Return the record of a step as ASCII, so that no database chokes on what is in it."""
        try:
            with _Fence(self.end_or_go_on):
                return json.dumps({"value": small_json(work())})
        except Refused as error:
            return json.dumps({"refused": str(error)})

    def end_or_go_on(self) -> None:
        """Raise Ended or Abandoned where no step may begin, and none may fail."""
        if not self._may_run():
            raise Abandoned
        status = self._why_not(self._job)
        if status is not None:
            raise Ended(status)


class _Fence:
    """Lets a refusal out of a step, and nothing else that DBOS would record."""

    def __init__(self, end_or_go_on: Callable[[], None]) -> None:
        self._end_or_go_on = end_or_go_on

    def __enter__(self) -> None:
        """Begin the step."""

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if error is None:
            return
        # What breaks because it was stopped says nothing about the job.
        self._end_or_go_on()
        if isinstance(error, Exception) and not isinstance(error, Refused):
            raise _Broken(error) from error


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended, as DBOS keeps it."""

    status: JobStatus
    """QUEUED means that a step wants to be tried again."""
    error: str = ""
    step: int = 0
    """The step that failed, from 1."""
    retry_at_ms: int = 0
    attempt: int = 0

    def text(self) -> str:
        """Return it as ASCII JSON."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__})

    @staticmethod
    def parse(text: str) -> "Outcome":
        """Read what `text` wrote."""
        values = json.loads(text)
        return Outcome(**{**values, "status": JobStatus(values["status"])})


class Guard:
    """Turns the end of a handler, whatever it is, into an `Outcome`.

    It is the workers' counterpart of the guard around the command line: a bug fails one job, is
    logged whole, and ends nothing else. What DBOS raises for itself goes on to DBOS.
    """

    def __init__(self, context: DbosContext, *, attempt: int) -> None:
        self._context = context
        self._attempt = attempt
        self.outcome = Outcome(JobStatus.DONE, attempt=attempt)

    def __enter__(self) -> "Guard":
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> bool:
        if error is None:
            return False
        outcome = self._outcome(error)
        if outcome is None:
            return False
        self.outcome = replace(outcome, step=self._context.steps_begun, attempt=self._attempt)
        return True

    def _outcome(self, error: BaseException) -> Outcome | None:
        match error:
            case _Broken():
                return self._outcome(error.error)
            case Ended():
                return Outcome(error.status)
            case Retryable():
                reason = _sentence(str(error))
                return Outcome(JobStatus.QUEUED, reason, retry_at_ms=_ms(error.retry_at))
            case PullwrightError():
                return Outcome(JobStatus.FAILED, _sentence(str(error)))
            case Exception() if not isinstance(error, dbos_error.DBOSException):
                _LOG.error("job %s met a bug", self._context.job.id, exc_info=error)
                bug = f"this is a bug in pullwright: {error!r}"
                return Outcome(JobStatus.FAILED, _sentence(bug))
            case _:
                return None


def _sentence(text: str) -> str:
    """Return what an operator may read and any database takes, whoever wrote it."""
    return one_line(text, limit=_SENTENCE)


def _ms(at: datetime | None) -> int:
    return int(at.timestamp() * 1000) if at else 0


def _in_background(close: Callable[[], object]) -> None:
    """Run a closer in a thread of its own: one that hangs or breaks keeps no other from running."""
    thread = ThreadPoolExecutor(1, thread_name_prefix="on-stop")
    future = thread.submit(close)
    thread.shutdown(wait=False)
    future.add_done_callback(lambda done: _report(done.exception()))


def _report(error: BaseException | None) -> None:
    if error is not None:
        _LOG.error("what a stop should have closed was not closed", exc_info=error)
