"""Runs, their steps and the heads that they reviewed, in SQL."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.adapters.sql_ledger_database import Database, insert_once
from bot.adapters.sql_ledger_schema import runs, steps
from bot.domain import record_json
from bot.domain.ledger import (
    UNFINISHED_SHOWN,
    Head,
    PullKey,
    ReviewedHead,
    RunEnding,
    RunId,
    RunKind,
    RunRecord,
    StepRecord,
)
from bot.domain.pull_request import Sha
from bot.domain.verdict import Conclusion
from bot.errors import Refused

_NEWEST_FIRST = (runs.c.ended_at.desc(), runs.c.started_at.desc(), runs.c.run_id.desc())
_SAW_NOTHING = (Conclusion.ERROR.value, Conclusion.NOT_REVIEWED.value)


class SqlRuns:
    """Implements the port `Runs`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, run: RunRecord) -> None:
        row = {
            "run_id": run.run_id,
            "repo_id": run.pull.repo_id,
            "number": run.pull.number,
            "kind": run.kind.value,
            "head_sha": run.head.head_sha,
            "merge_base_sha": run.head.merge_base_sha,
            "started_at": moment(run.started_at),
            "record": record_json.dump(run),
        }
        with self._database.writing() as connection:
            insert_once(connection, runs, row)

    def record_step(self, run_id: RunId, step: StepRecord) -> StepRecord:
        row = {
            "run_id": run_id,
            "step_index": step.index,
            "tool": step.tool,
            "seconds": step.seconds,
            "observation": step.observation,
            "decision": step.decision,
        }
        with self._database.writing() as connection:
            _ending(connection, run_id)
            if insert_once(connection, steps, row):
                return step
            return _steps(connection, run_id, steps.c.step_index == step.index)[0]

    def steps(self, run_id: RunId) -> Sequence[StepRecord]:
        with self._database.reading() as connection:
            return _steps(connection, run_id, sa.true())

    def finish(self, run_id: RunId, ending: RunEnding) -> RunEnding:
        row = {
            "ended_at": moment(ending.ended_at),
            "conclusion": ending.conclusion.value,
            "ending": record_json.dump(ending),
            **_cost(ending.verdict),
        }
        is_unfinished = (runs.c.run_id == run_id) & runs.c.ended_at.is_(None)
        with self._database.writing() as connection:
            connection.execute(runs.update().where(is_unfinished).values(row))
            return record_json.load(RunEnding, _ending(connection, run_id))

    def ending(self, run_id: RunId) -> RunEnding | None:
        wanted = sa.select(runs.c.ending).where(runs.c.run_id == run_id)
        with self._database.reading() as connection:
            row = connection.execute(wanted).first()
        return record_json.load(RunEnding, row.ending) if row and row.ending else None

    def unfinished(self, repo_id: int) -> Sequence[RunRecord]:
        wanted = (
            sa.select(runs.c.record)
            .where(runs.c.repo_id == repo_id, runs.c.kind == RunKind.REVIEW.value)
            .where(runs.c.ended_at.is_(None))
            .order_by(runs.c.started_at.desc(), runs.c.run_id)
            .limit(UNFINISHED_SHOWN)
        )
        with self._database.reading() as connection:
            return [record_json.load(RunRecord, row) for row in connection.scalars(wanted)]


class SqlReviewedHeads:
    """Implements the port `ReviewedHeads`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def last(self, pull: PullKey) -> ReviewedHead | None:
        return self._last(_of(pull) & runs.c.conclusion.not_in(_SAW_NOTHING))

    def of_head(self, pull: PullKey, head_sha: Sha) -> ReviewedHead | None:
        return self._last(_of(pull) & (runs.c.head_sha == head_sha))

    def _last(self, is_wanted: sa.ColumnElement[bool]) -> ReviewedHead | None:
        wanted = (
            sa.select(runs.c.record, runs.c.ending)
            .where(is_wanted, runs.c.kind == RunKind.REVIEW.value, runs.c.ended_at.is_not(None))
            .order_by(*_NEWEST_FIRST)
            .limit(1)
        )
        with self._database.reading() as connection:
            row = connection.execute(wanted).first()
        if row is None:
            return None
        run = record_json.load(RunRecord, row.record)
        ending = record_json.load(RunEnding, row.ending)
        return ReviewedHead(run.run_id, run.head, ending.conclusion, ending.is_failure)

    def is_reviewed(self, pull: PullKey, head: Head, kind: RunKind) -> bool:
        newest = (
            sa.select(runs.c.head_sha, runs.c.merge_base_sha)
            .where(_of(pull), runs.c.kind == kind.value)
            .where(runs.c.ended_at.is_not(None), runs.c.conclusion != Conclusion.ERROR.value)
            .order_by(*_NEWEST_FIRST)
            .limit(1)
        )
        with self._database.reading() as connection:
            row = connection.execute(newest).first()
        return row is not None and tuple(row) == (head.head_sha, head.merge_base_sha)

    def begun(self, pull: PullKey, *, since: datetime) -> Sequence[RunRecord]:
        wanted = (
            sa.select(runs.c.record)
            .where(_of(pull), runs.c.started_at >= moment(since))
            .order_by(runs.c.started_at, runs.c.run_id)
        )
        with self._database.reading() as connection:
            return [record_json.load(RunRecord, row) for row in connection.scalars(wanted)]


def moment(time: datetime) -> str:
    """Return a time in a form that sorts; raises ValueError for one without a time zone."""
    if time.tzinfo is None:
        raise ValueError(f"{time} has no time zone")
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def _cost(verdict: str) -> dict[str, object]:
    """Return what a verdict says of the run's cost, as columns; nothing where it says nothing."""
    cost = json.loads(verdict).get("cost", {})
    return {
        name: cost.get(name) for name in ("seconds", "prompt_tokens", "completion_tokens", "usd")
    }


def _of(pull: PullKey) -> sa.ColumnElement[bool]:
    return (runs.c.repo_id == pull.repo_id) & (runs.c.number == pull.number)


def _ending(connection: Connection, run_id: RunId) -> str:
    """Return the ending of a run, which is empty while it is under way."""
    row = connection.execute(sa.select(runs.c.ending).where(runs.c.run_id == run_id)).first()
    if row is None:
        raise Refused(f"run {run_id} never began: begin it first")
    return row.ending or ""


def _steps(
    connection: Connection, run_id: RunId, wanted: sa.ColumnElement[bool]
) -> list[StepRecord]:
    found = steps.select().where(steps.c.run_id == run_id, wanted).order_by(steps.c.step_index)
    return [
        StepRecord(row.step_index, row.tool, row.observation, row.decision, row.seconds)
        for row in connection.execute(found)
    ]
