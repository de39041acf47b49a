"""Forgetting in SQL: every table that knows of it, in one transaction."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.adapters.sql_event_log import event_row, numbered, wait_for_others
from bot.adapters.sql_ledger_database import Database
from bot.adapters.sql_ledger_pulls import lock
from bot.adapters.sql_ledger_runs import moment
from bot.adapters.sql_ledger_schema import (
    events,
    findings,
    policies,
    publications,
    pulls,
    runs,
    silences,
    steps,
    suggestions,
)
from bot.domain import record_json
from bot.domain.event_forms import OUTCOME, SIGNAL
from bot.domain.event_log import LoggedEvent, Numbered, PolicyStatus
from bot.domain.forgetting import FORGOTTEN, TAKEN_BACK, Gone, Whom
from bot.domain.forgotten import nameless, names, without
from bot.domain.ledger import KnownFinding, PullKey
from bot.domain.quieting import UNMUTED
from bot.domain.rewriting import REWRITTEN

_OF_PULLS = {
    "findings": findings,
    "suggestions": suggestions,
    "posts": publications,
    "reasons for silence": silences,
    "runs": runs,
    "pull requests": pulls,
}
"""What a record is called, by whom a person might ask; in the order of their foreign keys."""
_OVER = (PolicyStatus.RETIRED.value, PolicyStatus.ROLLED_BACK.value)


@dataclass
class _Plan:
    """What is to be done with which rows."""

    removed: dict[int, str] = field(default_factory=dict)
    """Kinds of events by their place in the log."""
    changed: dict[int, LoggedEvent] = field(default_factory=dict)
    dismissals: list[tuple[PullKey, KnownFinding]] = field(default_factory=list)
    rows: Counter[str] = field(default_factory=Counter)
    policies: tuple[str, ...] = ()

    @property
    def gone(self) -> Gone:
        kinds = Counter(self.removed.values())
        return Gone(
            dict(sorted(kinds.items())),
            len(self.changed),
            {name: count for name, count in self.rows.items() if count},
            len(self.dismissals),
            self.policies,
        )


class SqlForgetting:
    """Implements the port `Forgetting`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def repo_ids(self, name: str) -> frozenset[int]:
        field = record_json.dump(name.lower())
        is_its = sa.func.lower(runs.c.record).contains(f'"repo":{field}', autoescape=True)
        with self._database.reading() as connection:
            return frozenset(connection.scalars(sa.select(runs.c.repo_id).where(is_its).distinct()))

    def preview(self, whom: Whom) -> Gone:
        with self._database.reading() as connection:
            return _planned(connection, whom).gone

    def forget(self, whom: Whom, mark: LoggedEvent) -> Gone:
        with self._database.writing() as connection:
            wait_for_others(connection)
            plan = _planned(connection, whom)
            if not plan.gone.is_nothing:
                _append(connection, mark)
                _rewrite(connection, plan)
                _remove(connection, whom)
                _retire(connection, plan.policies)
            return plan.gone

    def expire(self, *, before: datetime) -> int:
        is_old = (events.c.kind == REWRITTEN) & (events.c.occurred_at < moment(before))
        # No number of the log is ever given twice, and the next one is made of the last.
        last = sa.select(sa.func.max(events.c.seq)).scalar_subquery()
        with self._database.writing() as connection:
            wait_for_others(connection)
            return connection.execute(events.delete().where(is_old, events.c.seq < last)).rowcount


def _planned(connection: Connection, whom: Whom) -> _Plan:
    plan = _Plan()
    for found, record in _touched(connection, whom):
        after = _after(found, record, whom)
        if after is None:
            plan.removed[found.seq] = _kind(found)
        elif after != found.event:
            plan.changed[found.seq] = after
    plan.dismissals = list(_dismissals(connection, whom))
    for name, table in _OF_PULLS.items():
        count = sa.select(sa.func.count()).select_from(table).where(_covered(table, whom))
        plan.rows[name] = connection.scalar(count) or 0
    taught = (seq for seq, event in plan.changed.items() if event.kind != TAKEN_BACK)
    first = min((*plan.removed, *taught), default=None)
    if first is not None:
        learned = (policies.c.log_seq >= first) & policies.c.status.not_in(_OVER)
        named = sa.select(policies.c.version).where(learned).order_by(policies.c.ordinal)
        plan.policies = tuple(connection.scalars(named))
    return plan


def _after(found: Numbered, record: str, whom: Whom) -> LoggedEvent | None:
    """Return what stays of an event; of one that cannot be read, its row is all there is."""
    is_named = whom.person_id is not None and names(record, whom.person_id)
    if found.trouble is not None and is_named and found.event.kind != FORGOTTEN:
        return None
    return without(found.event, whom)


def _kind(found: Numbered) -> str:
    kind = found.event.kind
    return kind if found.trouble is None else f"{kind}, which could not be read"


def _touched(connection: Connection, whom: Whom) -> Iterator[tuple[Numbered, str]]:
    """Yield events that may have to go, with their rows; the rule decides."""
    is_wanted = _covered(events, whom)
    if whom.person_id is not None:
        of_people = events.c.kind.in_((SIGNAL, OUTCOME, UNMUTED))
        is_wanted |= of_people & events.c.record.contains(str(whom.person_id), autoescape=True)
    if whom.login:
        is_named = sa.func.lower(events.c.record).contains(whom.login.lower(), autoescape=True)
        is_wanted |= (events.c.kind == TAKEN_BACK) & is_named
    for row in connection.execute(events.select().where(is_wanted).order_by(events.c.seq)):
        yield numbered(row), row.record


def _dismissals(connection: Connection, whom: Whom) -> Iterator[tuple[PullKey, KnownFinding]]:
    if not whom.login:
        return
    is_named = sa.func.lower(findings.c.record).contains(whom.login.lower(), autoescape=True)
    for row in connection.execute(findings.select().where(is_named)):
        pull, known = PullKey(row.repo_id, row.number), record_json.load(KnownFinding, row.record)
        after = nameless(known, whom.login)
        if after != known and not whom.covers(pull):
            yield pull, after


def _append(connection: Connection, mark: LoggedEvent) -> None:
    """Append the mark first: no number of the log is ever given twice."""
    last = connection.scalar(sa.select(sa.func.max(events.c.seq))) or 0
    connection.execute(events.insert().values({"seq": last + 1, **event_row(mark)}))


def _rewrite(connection: Connection, plan: _Plan) -> None:
    for seq in plan.removed:
        connection.execute(events.delete().where(events.c.seq == seq))
    for seq, event in plan.changed.items():
        is_this = events.c.seq == seq
        connection.execute(events.update().where(is_this).values(event_row(event)))
    for pull, known in plan.dismissals:
        lock(connection, pull)
        is_its = (findings.c.repo_id == pull.repo_id) & (findings.c.number == pull.number)
        is_this = is_its & (findings.c.finding_id == known.id)
        row = {"record": record_json.dump(known)}
        connection.execute(findings.update().where(is_this).values(row))


def _remove(connection: Connection, whom: Whom) -> None:
    of_runs = sa.select(runs.c.run_id).where(_covered(runs, whom))
    connection.execute(steps.delete().where(steps.c.run_id.in_(of_runs)))
    for table in _OF_PULLS.values():
        connection.execute(table.delete().where(_covered(table, whom)))


def _retire(connection: Connection, versions: tuple[str, ...]) -> None:
    row = {"status": PolicyStatus.RETIRED.value}
    connection.execute(policies.update().where(policies.c.version.in_(versions)).values(row))


def _covered(table: sa.Table, whom: Whom) -> sa.ColumnElement[bool]:
    of_repos = table.c.repo_id.in_(sorted(whom.repo_ids))
    if not whom.pulls:
        return of_repos
    # One list, because a database takes no expression that is a thousand levels deep.
    pairs = [(pull.repo_id, pull.number) for pull in whom.pulls]
    return of_repos | sa.tuple_(table.c.repo_id, table.c.number).in_(pairs)
