"""Whose turn it is: hands waiting jobs to DBOS, and writes down how they ended.

All hosts may do this at once. A job is handed over in the transaction that marks it as running, so
no crash leaves one between the two. Admission knows every limit (the slots of all living workers,
the jobs of one key, the share and rate of an installation), so that a job in a slot never waits.
"""

import json
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import sqlalchemy as sa
from dbos import DBOSClient, EnqueueOptions, WorkflowStatus, error

from bot.adapters.dbos_context import Outcome
from bot.adapters.dbos_database import exclusive, moment, now_ms, translated
from bot.adapters.dbos_rows import HEADS, JOBS, WORKERS, Row, find
from bot.domain.jobs import NO_INSTALLATION, JobId, JobKind, JobStatus, RetryPolicy
from bot.domain.untrusted import one_line

QUEUE = "pullwright"
WORKFLOW = "job"
VERSION = "wf2"
"""Of the order of steps in our handlers. Whoever changes that order changes this number."""

_LOG = logging.getLogger("pullwright.jobs")
_SETTLED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
_HIGHEST_PRIORITY, _LOWEST_PRIORITY = 1, 2**31 - 1
_STALE_MS = 5_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What one installation may take, so that the others get their turn."""

    running: int = 2
    """Jobs of one installation at once, over all hosts."""
    starts: int = 60
    """Jobs of one installation that may start within `window`."""
    window: timedelta = timedelta(minutes=1)
    retry: RetryPolicy = field(default_factory=RetryPolicy)

    def running_of(self, installation_id: int) -> int:
        """Return how many jobs of an installation may run at once; rounds go one by one."""
        return 1 if installation_id == NO_INSTALLATION else self.running


class Dispatcher:
    """Moves jobs along; `tick` is called all the time by every worker."""

    def __init__(
        self, engine: sa.Engine, client: DBOSClient, limits: Limits, *, lease_s: float
    ) -> None:
        self._engine = engine
        self._client = client
        self._limits = limits
        self._lease_ms = int(lease_s * 1000)

    def tick(self) -> None:
        """Write down what ended and start what may start; raises Retryable."""
        with translated():
            self._settle()
            self._start_all(self._admit())

    def _settle(self) -> None:
        with self._engine.connect() as connection:
            running = {row.job.id: row for row in find(connection, _is(JobStatus.RUNNING))}
        if not running:
            return
        for workflow in self._client.list_workflows(
            workflow_ids=list(running), status=_SETTLED, load_input=False
        ):
            row = running[JobId(workflow.workflow_id)]
            outcome = _outcome(workflow)
            if outcome.attempt in (0, row.info.attempts):
                self._record(row, outcome)
            else:
                self._start_again_if_stale(row)

    def _record(self, row: Row, outcome: Outcome) -> None:
        """Write an outcome, unless somebody else did."""
        with self._engine.begin() as connection:
            now = now_ms(connection)
            values = self._values(row, outcome, now)
            mine = (
                JOBS.c.id == row.job.id,
                _is(JobStatus.RUNNING),
                JOBS.c.attempts == row.info.attempts,
            )
            connection.execute(sa.update(JOBS).where(*mine).values(**values, updated_ms=now))

    def _values(self, row: Row, outcome: Outcome, now: int) -> Mapping[str, object]:
        if outcome.status is not JobStatus.QUEUED:
            return {"status": outcome.status.value, "error": outcome.error}
        failed = row.retries + 1 if row.retry_step == outcome.step else 1
        policy = self._limits.retry
        if failed >= policy.attempts:
            error = f"{outcome.error} (tried {failed} times)"
            return {"status": JobStatus.FAILED.value, "error": error}
        asked = moment(outcome.retry_at_ms) if outcome.retry_at_ms else None
        again = policy.next_try(failed, now=moment(now), not_before=asked)
        return {
            "status": JobStatus.QUEUED.value,
            "error": outcome.error,
            "retries": failed,
            "retry_step": outcome.step,
            "not_before_ms": sa.case((JOBS.c.is_stopped, 0), else_=int(again.timestamp() * 1000)),
        }

    def _admit(self) -> list[Row]:
        """Mark what may run as running, and hand over what runs for the first time."""
        with self._engine.connect() as connection:
            waiting = sa.select(JOBS.c.id).where(*_is_due(now_ms(connection))).limit(1)
            if connection.execute(waiting).first() is None or self._room(connection) <= 0:
                return []
        with exclusive(self._engine) as connection:
            return list(self._take(connection, self._room(connection)))

    def _room(self, connection: sa.Connection) -> int:
        is_alive = WORKERS.c.beat_ms > now_ms(connection) - self._lease_ms
        slots = connection.execute(sa.select(sa.func.sum(WORKERS.c.slots)).where(is_alive)).scalar()
        count = sa.select(sa.func.count()).select_from(JOBS).where(_is(JobStatus.RUNNING))
        return int(slots or 0) - connection.execute(count).scalar_one()

    def _take(self, connection: sa.Connection, room: int) -> Iterable[Row]:
        now = now_ms(connection)
        running = _by_installation(connection, _is(JobStatus.RUNNING))
        since = now - int(self._limits.window.total_seconds() * 1000)
        started = _by_installation(connection, JOBS.c.started_ms > since)
        for _ in range(room):
            full = [i for i, count in running.items() if count >= self._limits.running_of(i)]
            full += [i for i, count in started.items() if count >= self._limits.starts]
            row = _next(connection, now, full)
            if row is None:
                return
            running[row.job.installation_id] += 1
            started[row.job.installation_id] += 1
            self._begin(connection, row, now)
            yield row

    def _begin(self, connection: sa.Connection, row: Row, now: int) -> None:
        connection.execute(
            sa.update(JOBS)
            .where(JOBS.c.id == row.job.id)
            .values(
                status=JobStatus.RUNNING.value,
                attempts=JOBS.c.attempts + 1,
                started_ms=now,
                updated_ms=now,
                version=VERSION,
            )
        )
        if not row.info.attempts:
            options = _options(row)
            self._client.enqueue_in_transaction(connection, options, row.job.id)

    def _start_all(self, rows: Iterable[Row]) -> None:
        for row in rows:
            if row.info.attempts:
                self._start_again(row)

    def _start_again_if_stale(self, row: Row) -> None:
        """Do what a dispatcher that died between its two transactions left undone."""
        with self._engine.connect() as connection:
            is_stale = now_ms(connection) - row.updated_ms > _STALE_MS
        if is_stale:
            self._start_again(row)

    def _start_again(self, row: Row) -> None:
        """Queue the job again in its own partition, from its last finished step."""
        steps = self._client.list_workflow_steps(row.job.id)
        try:
            self._client.rewind_workflow(
                row.job.id,
                start_step=_first_to_run(steps, is_waiting=row.retries > 0),
                application_version=VERSION,
                queue_name=QUEUE,
                queue_partition_key=row.job.key,
            )
        except error.DBOSException as problem:
            # Another host was faster, and the job is in the queue.
            _LOG.info("job %s was not queued again: %s", row.job.id, problem)

    def purge(self, older_than: timedelta) -> int:
        """Forget jobs that ended long ago, with all that DBOS knows of them; return how many."""
        with translated():
            with self._engine.connect() as connection:
                limit = now_ms(connection) - int(older_than.total_seconds() * 1000)
                is_over = JOBS.c.status.not_in(["queued", "running"])
                old = [r.job.id for r in find(connection, is_over, JOBS.c.updated_ms < limit)]
            for start in range(0, len(old), 500):
                batch = old[start : start + 500]
                self._client.delete_workflows([str(job_id) for job_id in batch])
                with self._engine.begin() as connection:
                    connection.execute(sa.delete(JOBS).where(JOBS.c.id.in_(batch)))
            with self._engine.begin() as connection:
                known = sa.select(JOBS.c.key)
                connection.execute(sa.delete(HEADS).where(HEADS.c.key.not_in(known)))
        return len(old)


def _is(status: JobStatus) -> sa.ColumnElement[bool]:
    return JOBS.c.status == status.value


def _is_due(now: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (_is(JobStatus.QUEUED), JOBS.c.not_before_ms <= now)


def _by_installation(connection: sa.Connection, where: sa.ColumnElement[bool]) -> Counter[int]:
    counted = (
        sa.select(JOBS.c.installation_id, sa.func.count())
        .where(where)
        .group_by(JOBS.c.installation_id)
    )
    return Counter({row[0]: row[1] for row in connection.execute(counted)})


def _next(connection: sa.Connection, now: int, full: list[int]) -> Row | None:
    """Return the oldest job that is the first of its key and whose installation has room.

    Rounds have time: they are taken where no other job may begin.
    """
    other = JOBS.alias("other")
    is_earlier = sa.or_(
        other.c.status == JobStatus.RUNNING.value,
        sa.and_(
            other.c.status == JobStatus.QUEUED.value,
            sa.tuple_(other.c.sequence, other.c.id) < sa.tuple_(JOBS.c.sequence, JOBS.c.id),
        ),
    )
    order = (
        JOBS.c.kind == JobKind.RECONCILE.value,
        JOBS.c.created_ms,
        JOBS.c.sequence,
        JOBS.c.id,
    )
    is_blocked = sa.exists().where(other.c.key == JOBS.c.key, is_earlier)
    chosen = (
        sa.select(JOBS.c.id)
        .where(*_is_due(now), JOBS.c.installation_id.not_in(full), ~is_blocked)
        .order_by(*order)
        .limit(1)
    )
    job_id = connection.execute(chosen).scalar()
    return find(connection, JOBS.c.id == job_id)[0] if job_id is not None else None


def _options(row: Row) -> EnqueueOptions:
    # No deduplication id: a partitioned queue would take it from a client and lose jobs by it.
    return {
        "workflow_name": WORKFLOW,
        "queue_name": QUEUE,
        "workflow_id": row.job.id,
        "app_version": VERSION,
        "queue_partition_key": row.job.key,
        "priority": max(_HIGHEST_PRIORITY, min(row.job.sequence, _LOWEST_PRIORITY)),
    }


def _outcome(workflow: WorkflowStatus) -> Outcome:
    match workflow.status:
        case "SUCCESS":
            return Outcome.parse(str(workflow.output))
        case "CANCELLED":
            return Outcome(JobStatus.STOPPED)
        case "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
            return Outcome(JobStatus.FAILED, "its worker died again and again while it ran")
        case _:
            return Outcome(JobStatus.FAILED, one_line(f"the engine gave up: {workflow.error}"))


def _first_to_run(steps: Sequence[Mapping[str, object]], *, is_waiting: bool) -> int:
    """Return the number of the first step that has to run.

    A step that broke left no record. A refusal is one, and where it ended the job, it is the last.
    """
    if not steps:
        return 1
    last = max(steps, key=_number)
    is_refused = not is_waiting and "refused" in json.loads(str(last["output"]))
    return _number(last) + (not is_refused)


def _number(step: Mapping[str, object]) -> int:
    return int(str(step["function_id"]))
