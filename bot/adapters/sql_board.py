"""What an operator is shown, in SQL: pages by key, and tallies from indexes alone.

Its connections are its own, so that who looks at pages never keeps a delivery waiting for one.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime

import sqlalchemy as sa

from bot.adapters.sql_board_findings import SqlFindingBoard
from bot.adapters.sql_ledger_database import Database, connect
from bot.adapters.sql_ledger_migrations import migrate
from bot.adapters.sql_ledger_runs import moment
from bot.adapters.sql_ledger_schema import runs, steps
from bot.domain import record_json
from bot.domain.board import (
    Board,
    RepoShown,
    RunPlace,
    RunsBy,
    RunShown,
    RunTally,
    RunWanted,
    ToolTally,
)
from bot.domain.ledger import RunId, RunRecord
from bot.domain.verdict import Conclusion, Cost

_COST = (runs.c.seconds, runs.c.prompt_tokens, runs.c.completion_tokens, runs.c.usd)
_SUMS = tuple(sa.func.coalesce(sa.func.sum(column), 0).label(column.name) for column in _COST)
_NAMES: Mapping[RunsBy, sa.ColumnElement[str]] = {
    # Written out: PostgreSQL takes two equal parameters for two expressions.
    RunsBy.DAY: sa.func.substr(runs.c.started_at, sa.literal_column("1"), sa.literal_column("10")),
    RunsBy.REPO: sa.cast(runs.c.repo_id, sa.Text),
    RunsBy.KIND: runs.c.kind,
}
_STEPS = (
    sa.select(sa.func.count())
    .select_from(steps)
    .where(steps.c.run_id == runs.c.run_id)
    .scalar_subquery()
    .label("steps")
)
_SHOWN = sa.select(runs.c.record, runs.c.ended_at, runs.c.conclusion, *_COST, _STEPS)
WAIT_S = 5.0


class SqlRunBoard:
    """Implements the port `RunBoard`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, wanted: RunWanted) -> Sequence[RunShown]:
        found = _SHOWN.order_by(runs.c.started_at.desc(), runs.c.run_id.desc())
        if wanted.repo_id is not None:
            found = found.where(runs.c.repo_id == wanted.repo_id)
        if wanted.conclusion is not None:
            found = found.where(runs.c.conclusion == wanted.conclusion.value)
        if wanted.is_open:
            found = found.where(runs.c.conclusion.is_(None))
        if wanted.before is not None:
            found = found.where(_is_before(wanted.before))
        with self._database.reading() as connection:
            return [_shown(row) for row in connection.execute(found.limit(wanted.limit)).mappings()]

    def find(self, run_id: RunId) -> RunShown | None:
        with self._database.reading() as connection:
            row = connection.execute(_SHOWN.where(runs.c.run_id == run_id)).mappings().first()
        return None if row is None else _shown(row)

    def repos(self) -> Sequence[RepoShown]:
        counted = (
            sa.select(
                runs.c.repo_id,
                sa.func.count().label("n"),
                sa.func.count(runs.c.conclusion).label("ended"),
                sa.func.max(runs.c.started_at).label("last_at"),
                *_SUMS,
            )
            .group_by(runs.c.repo_id)
            .subquery()
        )
        newest = sa.and_(
            runs.c.repo_id == counted.c.repo_id, runs.c.started_at == counted.c.last_at
        )
        wanted = sa.select(counted, runs.c.record).join(runs, newest)
        with self._database.reading() as connection:
            found = {row["repo_id"]: _repo(row) for row in connection.execute(wanted).mappings()}
        return sorted(found.values(), key=lambda repo: (repo.name, repo.repo_id))

    def tallies(self, by: RunsBy, *, since: datetime) -> Sequence[RunTally]:
        name = _NAMES[by]
        wanted = (
            sa.select(name.label("name"), runs.c.conclusion, sa.func.count().label("n"), *_SUMS)
            .where(runs.c.started_at >= moment(since))
            .group_by(name, runs.c.conclusion)
            .order_by(name, runs.c.conclusion)
        )
        with self._database.reading() as connection:
            return [_tally(row) for row in connection.execute(wanted).mappings()]

    def tools(self) -> Sequence[ToolTally]:
        wanted = (
            sa.select(steps.c.tool, sa.func.count(), sa.func.sum(steps.c.seconds))
            .group_by(steps.c.tool)
            .order_by(steps.c.tool)
        )
        with self._database.reading() as connection:
            return [ToolTally(tool, n, s) for tool, n, s in connection.execute(wanted)]


def open_board(url: str, *, wait_s: float = WAIT_S) -> Board:
    """Return what is shown of the database behind a URL, migrated as `open_ledger` does it.

    Raises Refused for a URL or a database that we cannot use, Retryable where it does not answer.
    """
    database = connect(url, wait_s=wait_s)
    with ExitStack() as unless_it_works:
        unless_it_works.callback(database.close)
        migrate(database)
        unless_it_works.pop_all()
    return Board(SqlRunBoard(database), SqlFindingBoard(database), database.close)


def _is_before(place: RunPlace) -> sa.ColumnElement[bool]:
    return sa.tuple_(runs.c.started_at, runs.c.run_id) < sa.tuple_(
        sa.literal(moment(place.started_at)), sa.literal(place.run_id)
    )


def _shown(row: sa.RowMapping) -> RunShown:
    return RunShown(
        record_json.load(RunRecord, row["record"]),
        row["steps"],
        datetime.fromisoformat(row["ended_at"]) if row["ended_at"] else None,
        Conclusion(row["conclusion"]) if row["conclusion"] else None,
        _cost(row) if row["seconds"] is not None else None,
    )


def _repo(row: sa.RowMapping) -> RepoShown:
    return RepoShown(
        row["repo_id"],
        record_json.load(RunRecord, row["record"]).repo,
        runs=row["n"],
        open_runs=row["n"] - row["ended"],
        last_at=datetime.fromisoformat(row["last_at"]),
        cost=_cost(row),
    )


def _tally(row: sa.RowMapping) -> RunTally:
    return RunTally(
        row["name"],
        Conclusion(row["conclusion"]) if row["conclusion"] else None,
        runs=row["n"],
        cost=_cost(row),
    )


def _cost(row: sa.RowMapping) -> Cost:
    return Cost(
        row["seconds"] or 0.0,
        int(row["prompt_tokens"] or 0),
        int(row["completion_tokens"] or 0),
        row["usd"] or 0.0,
    )
