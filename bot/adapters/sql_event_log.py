"""The event log and the versions of the policy, in SQL."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.adapters.sql_ledger_database import Database, insert_once
from bot.adapters.sql_ledger_runs import moment
from bot.adapters.sql_ledger_schema import events, findings, policies, suggestions
from bot.domain import record_json
from bot.domain.event_forms import outcome_in
from bot.domain.event_log import (
    EVENTS_AT_ONCE,
    SCHEMA,
    EventSource,
    LoggedEvent,
    Numbered,
    PolicyStatus,
    PolicyUnreadable,
    PolicyVersion,
    is_storable,
)
from bot.domain.ledger import PullKey
from bot.domain.record_json import RecordNewer, RecordUnreadable
from bot.domain.unreadable import Unreadable, why_of
from bot.domain.untrusted import one_line
from bot.errors import Refused

_LOCK = 7_855_102
"""Of who appends. A database's own counter shows numbers in another order than they are given, and
who reads from the last one on would miss some."""

_NEWER = "it has schema {}, and this Pullwright reads {}"
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class SqlEventLog:
    """Implements the port `EventLog`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, new: Iterable[LoggedEvent]) -> int:
        rows = [event_row(event) for event in new]
        if not rows:
            return 0
        with self._database.writing() as connection:
            wait_for_others(connection)
            last = connection.scalar(sa.select(sa.func.max(events.c.seq))) or 0
            count = 0
            for row in rows:
                place = {"seq": last + count + 1, **_source(connection, row)}
                count += insert_once(connection, events, place | row)
            return count

    def after(self, seq: int, *, limit: int = EVENTS_AT_ONCE) -> Sequence[Numbered]:
        return self._found(sa.select(events).where(events.c.seq > seq).limit(limit))

    def of_pull(self, pull: PullKey) -> Sequence[Numbered]:
        is_its = (events.c.repo_id == pull.repo_id) & (events.c.number == pull.number)
        return self._found(sa.select(events).where(is_its))

    def of_repo(self, repo_id: int, kinds: Collection[str]) -> Sequence[Numbered]:
        is_its = (events.c.repo_id == repo_id) & events.c.kind.in_(kinds)
        return self._found(sa.select(events).where(is_its))

    def _found(self, wanted: "sa.Select[tuple[object, ...]]") -> list[Numbered]:
        with self._database.reading() as connection:
            rows = connection.execute(wanted.order_by(events.c.seq)).all()
        return [numbered(row) for row in rows]


class SqlPolicyVersions:
    """Implements the port `PolicyVersions`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, version: PolicyVersion) -> PolicyVersion:
        with self._database.writing() as connection:
            wait_for_others(connection)
            count = connection.scalar(sa.select(sa.func.count()).select_from(policies)) or 0
            row = {
                "version": version.version,
                "ordinal": count + 1,
                "status": version.status.value,
                "log_seq": version.log_seq,
                "record": record_json.dump(version),
            }
            insert_once(connection, policies, row)
        return self.find(version.version) or version

    def find(self, version: str) -> PolicyVersion | None:
        with self._database.reading() as connection:
            return _version(connection, version)

    def mark(self, version: str, status: PolicyStatus) -> None:
        with self._database.writing() as connection:
            wait_for_others(connection)
            is_this = policies.c.version == version
            row = {"status": status.value}
            if not connection.execute(policies.update().where(is_this).values(row)).rowcount:
                raise Refused(f"there is no policy {version}")

    def all(self) -> Sequence[PolicyVersion]:
        wanted = _COLUMNS.order_by(policies.c.ordinal)
        with self._database.reading() as connection:
            return [_read(*row) for row in connection.execute(wanted)]


def event_row(event: LoggedEvent) -> dict[str, object]:
    """Return an event as its row, but for its place in the log."""
    outcome = outcome_in(event)
    return {
        "event_id": event.event_id,
        "kind": event.kind,
        "repo_id": event.pull.repo_id,
        "number": event.pull.number,
        "suggestion": event.suggestion,
        "decision": event.decision,
        "occurred_at": moment(event.occurred_at),
        "record": record_json.dump(event),
        "outcome": outcome.value if outcome is not None else None,
    }


def numbered(row: "sa.Row[tuple[object, ...]]") -> Numbered:
    """Return a row of the log; one that cannot be read keeps its place, and says why."""
    try:
        event = record_json.load(LoggedEvent, row.record)
        if event.schema > SCHEMA:
            raise RecordNewer(_NEWER.format(event.schema, SCHEMA))
    except Refused as error:
        return _damaged(row, error)
    return Numbered(row.seq, event)


def _damaged(row: "sa.Row[tuple[object, ...]]", error: Refused) -> Numbered:
    newer = _newer(row.record)
    event_id, kind = (_name(column) or "nameless" for column in (row.event_id, row.kind))
    trouble = Unreadable(
        row.seq,
        event_id,
        kind,
        newer or why_of(error),
        decision=_name(row.decision),
        suggestion=_name(row.suggestion),
        is_newer=bool(newer),
    )
    at = _moment(row.occurred_at)
    event = LoggedEvent(
        event_id,
        kind,
        PullKey(_number(row.repo_id), _number(row.number)),
        at,
        at,
        source=EventSource.REPLAY,
        body="{}",
        suggestion=trouble.suggestion,
        decision=trouble.decision,
    )
    return Numbered(row.seq, event, trouble)


def _name(column: object) -> str | None:
    """Return what a column of names says; SQLite keeps in any column what it is given."""
    if column is None or (isinstance(column, str) and is_storable(column)):
        return column
    return one_line(str(column), limit=200)


def _number(column: object) -> int:
    return column if isinstance(column, int) and column >= 0 else 0


def _newer(record: str) -> str:
    """Return what a record says of a version that is newer than ours, or nothing."""
    try:
        schema = json.loads(record)["schema"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
    is_newer = isinstance(schema, int) and schema > SCHEMA
    return _NEWER.format(schema, SCHEMA) if is_newer else ""


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo is not None else _LONG_AGO
    except (TypeError, ValueError, OverflowError):
        return _LONG_AGO


def _source(connection: Connection, row: Mapping[str, object]) -> dict[str, object]:
    """Return what made the suggestion of an outcome, so that outcomes are counted by it alone."""
    if row["outcome"] is None:
        return {}
    its_finding = sa.and_(
        findings.c.repo_id == suggestions.c.repo_id,
        findings.c.number == suggestions.c.number,
        findings.c.finding_id == suggestions.c.finding_id,
    )
    wanted = (
        sa.select(findings.c.rule, suggestions.c.source)
        .select_from(suggestions.outerjoin(findings, its_finding))
        .where(suggestions.c.suggestion_id == row["suggestion"])
    )
    rule, tool = connection.execute(wanted).first() or ("", "")
    return {"rule": rule or "", "tool": tool or ""}


def wait_for_others(connection: Connection) -> None:
    """Let one process append at a time; in SQLite, every writing transaction is alone already."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


def _version(connection: Connection, version: str) -> PolicyVersion | None:
    wanted = _COLUMNS.where(policies.c.version == version)
    row = connection.execute(wanted).first()
    return None if row is None else _read(*row)


def _read(version: str, record: str, status: str) -> PolicyVersion:
    try:
        stored = record_json.load(PolicyVersion, record)
        return replace(stored, status=PolicyStatus(status))
    except (RecordUnreadable, ValueError) as error:
        raise PolicyUnreadable(
            f"policy {version} cannot be read ({why_of(error)}): restore the database from a "
            "backup, or upgrade Pullwright where a newer one wrote it"
        ) from error


_COLUMNS = sa.select(policies.c.version, policies.c.record, policies.c.status)
