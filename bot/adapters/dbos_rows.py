"""Our own tables of the queue: what is to run, in which order, and which workers live.

A job is accepted by one INSERT here, and that is all the web process ever does. A worker hands it
to DBOS when its turn has come (`dbos_dispatch`), so order, fairness and rate are decided before
anything holds a slot: no job ever waits for another one inside a slot, and nothing can deadlock.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from bot.adapters.dbos_database import exclusive, moment, now_ms, prepare, translated
from bot.domain.jobs import Job, JobId, JobInfo, JobKind, JobPlace, JobStatus

_METADATA = sa.MetaData()
_BEGUN = (JobStatus.QUEUED, JobStatus.RUNNING)

JOBS = sa.Table(
    "queue_jobs",
    _METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("installation_id", sa.BigInteger, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    # How often it was handed to DBOS; 0 means that no step of it ever ran.
    sa.Column("attempts", sa.Integer, nullable=False),
    # How often its current step has failed in a row, and which step that is.
    sa.Column("retries", sa.Integer, nullable=False),
    sa.Column("retry_step", sa.Integer, nullable=False),
    sa.Column("is_stopped", sa.Boolean, nullable=False),
    sa.Column("not_before_ms", sa.BigInteger, nullable=False),
    sa.Column("started_ms", sa.BigInteger, nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("updated_ms", sa.BigInteger, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
    sa.Index("queue_jobs_by_status", "status", "created_ms"),
    sa.Index("queue_jobs_by_key", "key", "status", "sequence"),
    sa.Index("queue_jobs_by_time", "created_ms", "sequence", "id"),
    sa.Index("queue_jobs_by_start", "installation_id", "started_ms"),
)
_PLACE = (JOBS.c.created_ms, JOBS.c.sequence, JOBS.c.id)
HEADS = sa.Table(
    "queue_heads",
    _METADATA,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("sequence", sa.BigInteger, nullable=False),
)
WORKERS = sa.Table(
    "queue_workers",
    _METADATA,
    sa.Column("executor", sa.Text, primary_key=True),
    sa.Column("slot", sa.Text, nullable=False),
    sa.Column("slots", sa.Integer, nullable=False),
    sa.Column("beat_ms", sa.BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A job with what only the queue needs to know of it."""

    info: JobInfo
    retries: int
    retry_step: int
    is_stopped: bool
    updated_ms: int

    @property
    def job(self) -> Job:
        """The job itself."""
        return self.info.job


def create_tables(engine: sa.Engine) -> None:
    """Create what is missing; any number of processes may do so at once."""
    prepare(engine)
    with exclusive(engine) as connection:
        for table in _METADATA.sorted_tables:
            connection.execute(sa.schema.CreateTable(table, if_not_exists=True))
            for index in table.indexes:
                connection.execute(sa.schema.CreateIndex(index, if_not_exists=True))


def insert_job(connection: sa.Connection, job: Job) -> bool:
    """Store a job that waits for its turn; False where its id is known."""
    now = now_ms(connection)
    values = {
        "id": job.id,
        "kind": job.kind.value,
        "key": job.key,
        "sequence": job.sequence,
        "installation_id": job.installation_id,
        "payload": json.dumps(dict(job.payload), allow_nan=False),
        "status": JobStatus.QUEUED.value,
        "is_stopped": False,
        "created_ms": now,
        "updated_ms": now,
        "version": "",
        "error": "",
    }
    zeros = dict.fromkeys(("attempts", "retries", "retry_step", "not_before_ms", "started_ms"), 0)
    insert = _INSERT_JOB[connection.dialect.name]
    # A driver need not count the rows of an INSERT, but it returns them.
    return connection.execute(insert, values | zeros).first() is not None


def raise_head(connection: sa.Connection, job: Job) -> None:
    """Make this review the newest of its key, and end the older ones that never began."""
    newest = {"key": job.key, "sequence": job.sequence}
    connection.execute(_RAISE_HEAD[connection.dialect.name], newest)
    older = {"its_key": job.key, "its_sequence": job.sequence, "now": now_ms(connection)}
    connection.execute(_END_OLDER, older)


def stop_job(connection: sa.Connection, job_id: JobId) -> bool:
    """Flag a job that has not ended; one that never began ends here."""
    is_alive = (JOBS.c.id == job_id, JOBS.c.status.in_([s.value for s in _BEGUN]))
    never_began = sa.and_(JOBS.c.attempts == 0, JOBS.c.status == JobStatus.QUEUED.value)
    stop = sa.update(JOBS).where(*is_alive)
    stopped = stop.values(
        is_stopped=True,
        # One that waits for another try ends now, in its handler.
        not_before_ms=0,
        status=sa.case((never_began, JobStatus.STOPPED.value), else_=JOBS.c.status),
        updated_ms=now_ms(connection),
    )
    return connection.execute(stopped).rowcount == 1


def find(connection: sa.Connection, *where: sa.ColumnElement[bool], limit: int = -1) -> list[Row]:
    """Return the jobs that meet all conditions, the newest first."""
    wanted = sa.select(JOBS).where(*where).order_by(*(column.desc() for column in _PLACE))
    if limit >= 0:
        wanted = wanted.limit(limit)
    return [_row(values) for values in connection.execute(wanted).mappings()]


def is_behind(place: JobPlace) -> sa.ColumnElement[bool]:
    """Return the condition of the jobs that `find` returns after this one."""
    values = (round(place.created_at.timestamp() * 1000), place.sequence, place.id)
    return sa.tuple_(*_PLACE) < sa.tuple_(*(sa.literal(value) for value in values))


def ending_of(engine: sa.Engine, job: Job) -> JobStatus | None:
    """Return why a running job must not begin another step, or None where it may."""
    question = (
        sa.select(JOBS.c.is_stopped, HEADS.c.sequence)
        .select_from(JOBS.outerjoin(HEADS, HEADS.c.key == JOBS.c.key))
        .where(JOBS.c.id == job.id)
    )
    with translated(), engine.connect() as connection:
        answer = connection.execute(question).one_or_none()
    if answer is None or answer.is_stopped:
        return JobStatus.STOPPED
    is_old = answer.sequence is not None and answer.sequence > job.sequence
    return JobStatus.SUPERSEDED if is_old and job.kind is JobKind.REVIEW else None


def stopped_among(engine: sa.Engine, job_ids: Collection[JobId]) -> set[JobId]:
    """Return those of the jobs that somebody stopped."""
    question = sa.select(JOBS.c.id).where(JOBS.c.id.in_(job_ids), JOBS.c.is_stopped)
    with translated(), engine.connect() as connection:
        return {JobId(job_id) for job_id in connection.execute(question).scalars()}


# What an acknowledgement waits for is built once: to build it takes longer than to run it.
_Insert = sqlite.Insert | postgresql.Insert


def _insert_job(insert: _Insert) -> ReturningInsert[str]:
    return insert.on_conflict_do_nothing().returning(JOBS.c.id)


def _raise_head(insert: _Insert) -> sa.Insert:
    newest = insert.excluded.sequence
    return insert.on_conflict_do_update(
        index_elements=["key"], set_={"sequence": newest}, where=HEADS.c.sequence < newest
    )


_INSERT_JOB = {
    "sqlite": _insert_job(sqlite.insert(JOBS)),
    "postgresql": _insert_job(postgresql.insert(JOBS)),
}
_RAISE_HEAD = {
    "sqlite": _raise_head(sqlite.insert(HEADS)),
    "postgresql": _raise_head(postgresql.insert(HEADS)),
}
_END_OLDER = (
    sa.update(JOBS)
    .where(
        JOBS.c.key == sa.bindparam("its_key"),
        JOBS.c.status == JobStatus.QUEUED.value,
        JOBS.c.sequence < sa.bindparam("its_sequence"),
        JOBS.c.kind == JobKind.REVIEW.value,
        JOBS.c.attempts == 0,
    )
    .values(status=JobStatus.SUPERSEDED.value, updated_ms=sa.bindparam("now"))
)


def _row(values: Mapping[str, object] | sa.RowMapping) -> Row:
    job = Job(
        id=JobId(str(values["id"])),
        kind=JobKind(str(values["kind"])),
        key=str(values["key"]),
        sequence=_whole(values["sequence"]),
        installation_id=_whole(values["installation_id"]),
        payload=json.loads(str(values["payload"])),
    )
    updated_ms = _whole(values["updated_ms"])
    info = JobInfo(
        job,
        JobStatus(str(values["status"])),
        attempts=_whole(values["attempts"]),
        created_at=moment(_whole(values["created_ms"])),
        updated_at=moment(updated_ms),
        error=str(values["error"]),
    )
    counts = (_whole(values["retries"]), _whole(values["retry_step"]))
    return Row(info, *counts, is_stopped=bool(values["is_stopped"]), updated_ms=updated_ms)


def _whole(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"the queue's table holds {value!r} where a whole number belongs")
    return value
