"""A worker process: holds a slot, runs DBOS, and runs jobs until it is told to stop.

DBOS is one per process, so is the worker. It talks to the database and to nobody else: no
conductor, no telemetry, no admin server, and the environment cannot turn them on.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer, error

from bot.adapters.dbos_context import Abandoned, DbosContext, Guard
from bot.adapters.dbos_database import open_engine, translated
from bot.adapters.dbos_dispatch import QUEUE, VERSION, WORKFLOW, Dispatcher, Limits
from bot.adapters.dbos_reaper import Lease, Reaper
from bot.adapters.dbos_rows import JOBS, Row, create_tables, ending_of, find
from bot.adapters.dbos_running import Running
from bot.adapters.dbos_slots import take_slot
from bot.adapters.log_subject import about
from bot.domain.jobs import Handler, JobId, JobKind, JobStatus
from bot.errors import Refused, Retryable

APPLICATION = "pullwright"
LEASE_S = 45.0
_LOG = logging.getLogger("pullwright.jobs")
_MAX_RECOVERIES = 20
_PURGE_EVERY_S = 3600
_DBOS_PATIENCE_S = 30


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """How a worker behaves."""

    slots: int = 2
    """Jobs at once in this process; give every host the same."""
    slot: str | None = None
    """The name of this process's place; the host's first free one where none is given."""
    lease_s: float = LEASE_S
    """After so long without a sign of life the jobs of a worker are taken over."""
    poll_s: float = 0.5
    limits: Limits = field(default_factory=Limits)
    keep: timedelta = timedelta(days=30)
    """How long jobs that ended are known."""
    patience_s: float = 10.0
    """At the end: how long a step may go on before what it runs is closed."""
    chores: tuple[Callable[[], object], ...] = ()
    """What else has to be forgotten from time to time, next to old jobs."""


def run_worker(
    database_url: str,
    handlers: Mapping[JobKind, Handler],
    options: WorkerOptions,
    stop: threading.Event,
) -> None:
    """Run jobs until `stop` is set.

    Raises Refused where the slot is held or jobs of another version wait, Retryable where the
    database does not answer at the start or the lease was lost: start the worker again.
    """
    with ExitStack() as stack:
        stack.callback(os.umask, os.umask(0o077))
        engine = _engine(stack, database_url)
        with translated():
            create_tables(engine)
        _refuse_other_versions(engine)
        slot = take_slot(database_url, options.slot)
        stack.callback(slot.release)
        lease = Lease(engine, slot, slots=options.slots, lease_s=options.lease_s)
        lease.begin()
        worker = _Worker(engine, handlers, options, lease)
        _LOG.info("worker %s runs up to %d jobs", lease.executor, options.slots)
        with worker.launched(database_url) as client:
            worker.loop(client, stop)
        if not lease.is_held():
            raise Retryable(f"the worker lost its lease of {options.lease_s:.0f} s: start it again")


class _Worker:
    """What the parts of one worker share."""

    def __init__(
        self,
        engine: sa.Engine,
        handlers: Mapping[JobKind, Handler],
        options: WorkerOptions,
        lease: Lease,
    ) -> None:
        self._engine = engine
        self._handlers = handlers
        self._options = options
        self._lease = lease
        self._running = Running(engine)
        self._slots = threading.BoundedSemaphore(options.slots)

    @contextmanager
    def launched(self, database_url: str) -> Iterator[DBOSClient]:
        """Run DBOS around the loop; whatever ends the loop, jobs end at a step or are given up."""
        dbos_engine = open_engine(database_url, patience_s=_DBOS_PATIENCE_S)
        serializer = DBOSPortableJSONSerializer()
        try:
            with _refused(), translated():
                DBOS(config=_config(dbos_engine, self._lease.executor, serializer))
                self._register_workflow()
                DBOS.launch()
                self._register_queue()
            yield DBOSClient(
                system_database_engine=dbos_engine,
                serializer=serializer,
                application_name=APPLICATION,
                lazy=True,
                retry_connection_errors=False,
            )
        finally:
            is_clean = self._running.close(patience_s=self._options.patience_s)
            DBOS.destroy(destroy_registry=True)
            self._lease.end(is_clean=is_clean)
            dbos_engine.dispose()

    def loop(self, client: DBOSClient, stop: threading.Event) -> None:
        """Dispatch, reap and purge until the end."""
        lease_s, poll_s = self._options.lease_s, self._options.poll_s
        dispatcher = Dispatcher(self._engine, client, self._options.limits, lease_s=lease_s)
        reaper = Reaper(self._engine, client, lease_s=lease_s)
        reap, purge = _Every(lease_s / 4), _Every(_PURGE_EVERY_S)
        while not stop.is_set() and self._lease.is_held():
            try:
                if reap.is_due() and (count := reaper.reap()):
                    _LOG.warning("took over %d jobs of workers that died", count)
                dispatcher.tick()
                if purge.is_due():
                    dispatcher.purge(self._options.keep)
                    for chore in self._options.chores:
                        chore()
            except Retryable as trouble:
                _LOG.warning("jobs wait: %s", trouble)
            stop.wait(poll_s)

    def _register_workflow(self) -> None:
        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=_MAX_RECOVERIES)
        def run(job_id: str) -> str:
            return self._run_job(job_id)

    def _register_queue(self) -> None:
        # The configuration lives in the database; the worker that started last decides.
        DBOS.register_queue(
            QUEUE,
            partition_concurrency=1,
            worker_concurrency=self._options.slots,
            polling_interval_sec=self._options.poll_s,
            on_conflict="always_update",
        )

    def _run_job(self, job_id: str) -> str:
        row = self._load(JobId(job_id))
        context = DbosContext(
            row.job,
            why_not=lambda job: ending_of(self._engine, job),
            may_run=self._may_run,
        )
        guard = Guard(context, attempt=row.info.attempts)
        with about(row.job.id), self._held_slot(), self._running.entered(context):
            began = time.monotonic()
            _LOG.info("attempt %d of a %s job begins", row.info.attempts, row.job.kind)
            with guard:
                self._handlers[row.job.kind](context)
            _LOG.info("%s after %.1f s", guard.outcome.status, time.monotonic() - began)
        return guard.outcome.text()

    def _load(self, job_id: JobId) -> Row:
        """Return the job; a database that does not answer is waited for."""
        while True:
            try:
                with translated(), self._engine.connect() as connection:
                    return find(connection, JOBS.c.id == job_id)[0]
            except Retryable as trouble:
                _LOG.warning("job %s waits: %s", job_id, trouble)
                if not self._may_run():
                    raise Abandoned from trouble
                time.sleep(self._options.poll_s)

    @contextmanager
    def _held_slot(self) -> Iterator[None]:
        # Full only where another host registered a higher number of slots for all.
        while not self._slots.acquire(timeout=0.5):
            if not self._may_run():
                raise Abandoned
        try:
            yield
        finally:
            self._slots.release()

    def _may_run(self) -> bool:
        return self._lease.is_held() and not self._running.is_closing


class _Every:
    """A period that begins with being due."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._due_at = 0.0

    def is_due(self) -> bool:
        """Tell whether the period is over, and begin the next one then."""
        if time.monotonic() < self._due_at:
            return False
        self._due_at = time.monotonic() + self._seconds
        return True


@contextmanager
def _refused() -> Iterator[None]:
    """Say in one sentence why DBOS does not start, such as in an environment of its cloud."""
    try:
        yield
    except (error.DBOSException, ImportError) as problem:
        raise Refused(f"the job engine does not start: {problem}") from problem


def _engine(stack: ExitStack, database_url: str) -> sa.Engine:
    engine = open_engine(database_url)
    stack.callback(engine.dispose)
    return engine


def _config(engine: sa.Engine, executor: str, serializer: DBOSPortableJSONSerializer) -> DBOSConfig:
    return {
        "name": APPLICATION,
        "system_database_engine": engine,
        "executor_id": executor,
        "application_version": VERSION,
        # DBOS's own serializer is pickle: who may write to the database could run code here.
        "serializer": serializer,
        # Its INFO level advertises a console on the network.
        "log_level": "WARNING",
        "enable_otlp": False,
        "use_listen_notify": False,
    }


def _refuse_other_versions(engine: sa.Engine) -> None:
    """Jobs that began under another order of steps cannot go on under this one."""
    begun = (
        sa.select(JOBS.c.version, sa.func.count())
        .where(
            JOBS.c.status.in_([JobStatus.QUEUED.value, JobStatus.RUNNING.value]),
            JOBS.c.version.not_in(["", VERSION]),
        )
        .group_by(JOBS.c.version)
    )
    with translated(), engine.connect() as connection:
        others = connection.execute(begun).all()
    if others:
        counts = ", ".join(f"{count} of {version}" for version, count in others)
        raise Refused(
            f"jobs of another workflow version have not ended ({counts}; this is {VERSION}): "
            "run the release that began them until they end, then upgrade"
        )
