"""Jobs that need not be queued, decided in the transaction that stores them."""

import sqlalchemy as sa

from bot.adapters.dbos_database import moment, now_ms
from bot.adapters.dbos_rows import JOBS, find
from bot.domain.crowding import WINDOW, left_out
from bot.domain.jobs import Job, JobStatus

_LOCK = 0x70756C6D
"""In a PostgreSQL database, this and a number of the key name the lock of one queue."""


def wait_for_others(connection: sa.Connection, key: str) -> None:
    """Let jobs of one queue be stored one after the other; SQLite does that for all writes."""
    if connection.dialect.name == "postgresql":
        lock = sa.func.pg_advisory_xact_lock(_LOCK, sa.func.hashtext(key))
        connection.execute(sa.select(lock))


def leave_out(connection: sa.Connection, job: Job) -> None:
    """End a job that was just stored where enough like it wait; its row says why."""
    now = now_ms(connection)
    since = now - int(WINDOW.total_seconds() * 1000)
    is_queued = JOBS.c.status == JobStatus.QUEUED.value
    is_late = JOBS.c.created_ms > since
    others = find(
        connection,
        JOBS.c.key == job.key,
        JOBS.c.kind == job.kind.value,
        JOBS.c.id != job.id,
        JOBS.c.status != JobStatus.SUPERSEDED.value,
        sa.or_(is_queued, is_late),
    )
    never_began = [
        row.job for row in others if row.info.status is JobStatus.QUEUED and not row.info.attempts
    ]
    reason = left_out(
        job,
        waiting=sorted(never_began, key=lambda other: other.sequence),
        lately=[row.job for row in others if row.info.created_at > moment(since)],
    )
    if reason is not None:
        ended = {"status": JobStatus.SUPERSEDED.value, "error": reason, "updated_ms": now}
        connection.execute(sa.update(JOBS).where(JOBS.c.id == job.id).values(ended))
