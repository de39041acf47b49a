"""Findings, and what became of suggestions, as an operator is shown them, in SQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.adapters.sql_ledger_database import Database
from bot.adapters.sql_ledger_runs import moment
from bot.adapters.sql_ledger_schema import events, findings, suggestions
from bot.domain import record_json
from bot.domain.board import FindingPlace, FindingShown, FindingWanted, OutcomesBy, OutcomeTally
from bot.domain.findings import FindingState
from bot.domain.ledger import KnownFinding, PullKey
from bot.domain.outcomes import Outcome

_NAMES: Mapping[OutcomesBy, sa.ColumnElement[str]] = {
    OutcomesBy.ALL: sa.literal_column("'all'"),
    # Written out: PostgreSQL takes two equal parameters for two expressions.
    OutcomesBy.DAY: sa.func.substr(
        events.c.occurred_at, sa.literal_column("1"), sa.literal_column("10")
    ),
    OutcomesBy.REPO: sa.cast(events.c.repo_id, sa.Text),
    OutcomesBy.RULE: events.c.rule,
    OutcomesBy.TOOL: events.c.tool,
}
_FIRST_TWO: tuple[sa.ColumnElement[int], ...] = (sa.literal_column("1"), sa.literal_column("2"))
_KEY = (findings.c.repo_id, findings.c.number, findings.c.finding_id)


class SqlFindingBoard:
    """Implements the port `FindingBoard`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, wanted: FindingWanted) -> Sequence[FindingShown]:
        found = sa.select(*_KEY, findings.c.record).order_by(*(column.desc() for column in _KEY))
        if wanted.repo_id is not None:
            found = found.where(findings.c.repo_id == wanted.repo_id)
        if wanted.state is not None:
            found = found.where(findings.c.state == wanted.state.value)
        if wanted.rule is not None:
            found = found.where(findings.c.rule == wanted.rule)
        if wanted.before is not None:
            found = found.where(_is_before(wanted.before))
        with self._database.reading() as connection:
            rows = connection.execute(found.limit(wanted.limit)).all()
            pulls = {PullKey(row.repo_id, row.number) for row in rows}
            known = _suggested(connection, pulls)
        return [_shown(row.record, PullKey(row.repo_id, row.number), known) for row in rows]

    def states(self) -> Mapping[FindingState, int]:
        wanted = sa.select(findings.c.state, sa.func.count()).group_by(findings.c.state)
        with self._database.reading() as connection:
            return {FindingState(state): n for state, n in connection.execute(wanted)}

    def outcomes(self, by: OutcomesBy, *, since: datetime) -> Sequence[OutcomeTally]:
        later, name = events.alias(), _NAMES[by]
        is_corrected = sa.exists().where(
            later.c.suggestion == events.c.suggestion,
            later.c.outcome.is_not(None),
            later.c.seq > events.c.seq,
        )
        wanted = (
            sa.select(name, events.c.outcome, sa.func.count())
            .where(events.c.outcome.is_not(None), events.c.occurred_at >= moment(since))
            .where(~is_corrected)
            .group_by(*_FIRST_TWO)
            .order_by(*_FIRST_TWO)
        )
        with self._database.reading() as connection:
            return [
                OutcomeTally(found or "", Outcome(outcome), count)
                for found, outcome, count in connection.execute(wanted)
            ]


def _shown(
    record: str, pull: PullKey, suggested: Mapping[tuple[PullKey, str], tuple[str, Outcome | None]]
) -> FindingShown:
    known = record_json.load(KnownFinding, record)
    return FindingShown(pull, known, *suggested.get((pull, known.id), ()))


def _is_before(place: FindingPlace) -> sa.ColumnElement[bool]:
    values = (place.pull.repo_id, place.pull.number, place.finding_id)
    return sa.tuple_(*_KEY) < sa.tuple_(*(sa.literal(value) for value in values))


def _suggested(
    connection: Connection, pulls: Collection[PullKey]
) -> dict[tuple[PullKey, str], tuple[str, Outcome | None]]:
    """Return, by finding, what made its newest suggestion and what became of that."""
    outcome = (
        sa.select(events.c.outcome)
        .where(events.c.suggestion == suggestions.c.suggestion_id, events.c.outcome.is_not(None))
        .order_by(events.c.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    of_pull = sa.tuple_(suggestions.c.repo_id, suggestions.c.number)
    wanted = (
        sa.select(
            suggestions.c.repo_id,
            suggestions.c.number,
            suggestions.c.finding_id,
            suggestions.c.source,
            outcome,
        )
        .where(of_pull.in_([(pull.repo_id, pull.number) for pull in pulls]))
        .where(suggestions.c.finding_id.is_not(None))
        .order_by(suggestions.c.ordinal)
    )
    return {
        (PullKey(repo_id, number), finding_id): (source, Outcome(said) if said else None)
        for repo_id, number, finding_id, source, said in connection.execute(wanted)
    }
