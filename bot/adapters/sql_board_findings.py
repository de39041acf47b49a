"""Findings, and what became of suggestions, as an operator is shown them, in SQL."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.adapters.sql_ledger_database import Database
from bot.adapters.sql_ledger_runs import moment
from bot.adapters.sql_ledger_schema import events, findings, suggestions
from bot.domain import record_json
from bot.domain.board import FindingPlace, FindingShown, FindingWanted, OutcomeTally
from bot.domain.findings import FindingState
from bot.domain.ledger import KnownFinding, PullKey
from bot.domain.outcomes import Outcome

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
            known = {pull: _suggested(connection, pull) for pull in pulls}
        return [
            FindingShown(pull, record_json.load(KnownFinding, row.record), *told)
            for row in rows
            for pull in [PullKey(row.repo_id, row.number)]
            for told in [known[pull].get(row.finding_id, (None, None))]
        ]

    def states(self) -> Mapping[FindingState, int]:
        wanted = sa.select(findings.c.state, sa.func.count()).group_by(findings.c.state)
        with self._database.reading() as connection:
            return {FindingState(state): n for state, n in connection.execute(wanted)}

    def outcomes(self, *, since: datetime) -> Sequence[OutcomeTally]:
        standing = (
            sa.select(sa.func.max(events.c.seq).label("seq"))
            .where(events.c.outcome.is_not(None))
            .group_by(events.c.suggestion)
            .subquery()
        )
        day = sa.func.substr(events.c.occurred_at, 1, 10)
        rule, tool = (sa.func.coalesce(c, "") for c in (findings.c.rule, suggestions.c.source))
        alike = (day, events.c.repo_id, rule, tool, events.c.outcome)
        its_finding = sa.and_(
            findings.c.repo_id == suggestions.c.repo_id,
            findings.c.number == suggestions.c.number,
            findings.c.finding_id == suggestions.c.finding_id,
        )
        wanted = (
            sa.select(*alike, sa.func.count())
            .select_from(events)
            .join(standing, standing.c.seq == events.c.seq)
            .outerjoin(suggestions, suggestions.c.suggestion_id == events.c.suggestion)
            .outerjoin(findings, its_finding)
            .where(events.c.occurred_at >= moment(since))
            .group_by(*(sa.literal_column(str(n)) for n in range(1, 6)))
            .order_by(*(sa.literal_column(str(n)) for n in range(1, 6)))
        )
        with self._database.reading() as connection:
            return [_tally(*row) for row in connection.execute(wanted)]


def _is_before(place: FindingPlace) -> sa.ColumnElement[bool]:
    values = (place.pull.repo_id, place.pull.number, place.finding_id)
    return sa.tuple_(*_KEY) < sa.tuple_(*(sa.literal(value) for value in values))


def _suggested(
    connection: Connection, pull: PullKey
) -> dict[str, tuple[str | None, Outcome | None]]:
    """Return, by finding, what made its newest suggestion and what became of that."""
    outcome = (
        sa.select(events.c.outcome)
        .where(events.c.suggestion == suggestions.c.suggestion_id, events.c.outcome.is_not(None))
        .order_by(events.c.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    wanted = (
        sa.select(suggestions.c.finding_id, suggestions.c.source, outcome)
        .where(suggestions.c.repo_id == pull.repo_id, suggestions.c.number == pull.number)
        .where(suggestions.c.finding_id.is_not(None))
        .order_by(suggestions.c.ordinal)
    )
    return {
        finding_id: (source, Outcome(said) if said else None)
        for finding_id, source, said in connection.execute(wanted)
    }


def _tally(  # noqa: PLR0913, PLR0917 - the columns of a row
    day: str, repo_id: int, rule: str, tool: str, outcome: str, count: int
) -> OutcomeTally:
    return OutcomeTally(date.fromisoformat(day), repo_id, rule, tool, Outcome(outcome), count)
