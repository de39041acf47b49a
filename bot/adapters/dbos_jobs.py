"""The queue as the web process sees it: a job is durable when `submit` returns.

Only SQLAlchemy is used here; DBOS is started by the worker, which takes the jobs up.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from bot.adapters import dbos_crowds as crowds
from bot.adapters import dbos_rows as rows
from bot.adapters.dbos_database import PATIENCE_S, open_engine, translated
from bot.domain.crowding import CROWDED
from bot.domain.jobs import Job, JobId, JobKind, JobStatus
from bot.errors import Retryable


class DbosJobs:
    """The `Jobs` port. Making one touches nothing: a database that is down is met by the calls."""

    def __init__(self, database_url: str) -> None:
        self._engine = open_engine(database_url)
        self._lock = threading.Lock()
        self._is_ready = False

    def submit(self, job: Job) -> bool:
        is_crowded = job.kind in CROWDED
        with self._transaction() as connection:
            if is_crowded:
                crowds.wait_for_others(connection, job.key)
            if not rows.insert_job(connection, job):
                return False
            if job.kind is JobKind.REVIEW:
                rows.raise_head(connection, job)
            if is_crowded:
                crowds.leave_out(connection, job)
        return True

    def stop(self, job_id: JobId) -> bool:
        with self._transaction() as connection:
            return rows.stop_job(connection, job_id)

    def status(self, job_id: JobId) -> JobStatus | None:
        with self._transaction() as connection:
            found = rows.find(connection, rows.JOBS.c.id == job_id)
        return found[0].info.status if found else None

    def check(self) -> None:
        """Raise Retryable where the queue could not take a job right now."""
        with self._transaction() as connection:
            connection.execute(sa.select(rows.JOBS.c.id).limit(1))

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        with translated():
            if not self._is_ready:
                self._create_tables()
            with self._engine.begin() as connection:
                yield connection

    def _create_tables(self) -> None:
        # Those who meet a dead database together wait together, not one after the other.
        if not self._lock.acquire(timeout=PATIENCE_S):
            raise Retryable("the job queue's database does not answer")
        try:
            rows.create_tables(self._engine)
            self._is_ready = True
        finally:
            self._lock.release()
