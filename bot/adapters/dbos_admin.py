"""The queue as an operator sees it: what runs, what failed and where, and another try."""

import json
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from dbos import DBOSClient, DBOSPortableJSONSerializer
from dbos import StepInfo as DbosStep

from bot.adapters.dbos_database import now_ms, open_engine, translated
from bot.adapters.dbos_rows import JOBS, create_tables, find, is_behind
from bot.domain.jobs import JobFilter, JobId, JobInfo, JobStatus, StepInfo
from bot.domain.untrusted import one_line
from bot.errors import Refused


class DbosJobsAdmin:
    """The ports `JobsAdmin` and `QueueBoard`."""

    def __init__(self, database_url: str) -> None:
        self._engine = open_engine(database_url)
        with translated():
            create_tables(self._engine)
        self._client = DBOSClient(
            system_database_engine=self._engine,
            serializer=DBOSPortableJSONSerializer(),
            lazy=True,
            retry_connection_errors=False,
        )

    def list(self, wanted: JobFilter) -> Sequence[JobInfo]:
        where: list[sa.ColumnElement[bool]] = []
        if wanted.statuses:
            where.append(JOBS.c.status.in_([status.value for status in wanted.statuses]))
        if wanted.key is not None:
            where.append(JOBS.c.key == wanted.key)
        if wanted.before is not None:
            where.append(is_behind(wanted.before))
        with translated(), self._engine.connect() as connection:
            return [row.info for row in find(connection, *where, limit=wanted.limit)]

    def find(self, job_id: JobId) -> JobInfo | None:
        with translated(), self._engine.connect() as connection:
            found = find(connection, JOBS.c.id == job_id)
        return found[0].info if found else None

    def counts(self) -> Mapping[JobStatus, int]:
        wanted = sa.select(JOBS.c.status, sa.func.count()).group_by(JOBS.c.status)
        with translated(), self._engine.connect() as connection:
            return {JobStatus(status): count for status, count in connection.execute(wanted)}

    def steps(self, job_id: JobId) -> Sequence[StepInfo]:
        with translated():
            # Before the first attempt DBOS may not even have its tables.
            if not self._info(job_id).attempts:
                return []
            return [_step(step) for step in self._client.list_workflow_steps(job_id)]

    def retry(self, job_id: JobId) -> JobId:
        info = self._info(job_id)
        if info.status is not JobStatus.FAILED:
            raise Refused(f"job {job_id} is {info.status}: only failed jobs can be tried again")
        with translated(), self._engine.begin() as connection:
            failed = (JOBS.c.id == job_id, JOBS.c.status == JobStatus.FAILED.value)
            connection.execute(
                sa.update(JOBS)
                .where(*failed)
                .values(
                    status=JobStatus.QUEUED.value,
                    retries=0,
                    retry_step=0,
                    not_before_ms=0,
                    is_stopped=False,
                    error="",
                    updated_ms=now_ms(connection),
                )
            )
        return job_id

    def close(self) -> None:
        """Give the connections back."""
        self._client.destroy()
        self._engine.dispose()

    def _info(self, job_id: JobId) -> JobInfo:
        info = self.find(job_id)
        if info is None:
            raise Refused(f"there is no job {job_id}: `pullwright jobs list` names them")
        return info


def _step(step: DbosStep) -> StepInfo:
    began, ended = step["started_at_epoch_ms"] or 0, step["completed_at_epoch_ms"] or 0
    return StepInfo(step["function_name"], max(0, ended - began) / 1000, _summary(step))


def _summary(step: DbosStep) -> str:
    record = json.loads(str(step["output"]))
    if "refused" in record:
        return one_line(f"refused: {record['refused']}")
    return one_line(json.dumps(record["value"]))
