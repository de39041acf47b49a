"""Where we stand with pull requests, in SQL."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Row
from sqlalchemy.sql.dml import ReturningInsert

from bot.adapters.sql_ledger_database import Database, insert_once
from bot.adapters.sql_ledger_schema import pulls, silences
from bot.domain import record_json
from bot.domain.ledger import PullKey
from bot.domain.pull_records import SILENCES_KEPT, PullMode, PullRecord, Silence
from bot.domain.pull_request import Sha


class SqlPullRequests:
    """Implements the port `PullRequests`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, pull: PullKey) -> PullRecord:
        with self._database.reading() as connection:
            row = connection.execute(pulls.select().where(_is(pull))).first()
        return PullRecord() if row is None else _record(row)

    def set_mode(self, pull: PullKey, mode: PullMode) -> PullMode:
        with self._database.writing() as connection:
            before = lock(connection, pull)
            connection.execute(pulls.update().where(_is(pull)).values(mode=mode.value))
            return before.mode

    def next_sequence(self, pull: PullKey) -> int:
        with self._database.writing() as connection:
            return following(connection, pull)

    def advance_head(self, pull: PullKey, *, sequence: int, head_sha: Sha) -> bool:
        with self._database.writing() as connection:
            if lock(connection, pull).head_sequence > sequence:
                return False
            row = {"head_sequence": sequence, "head_sha": head_sha}
            connection.execute(pulls.update().where(_is(pull)).values(row))
            return True


class SqlSilences:
    """Implements the port `Silences`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, pull: PullKey, silence: Silence) -> None:
        of_pull = (silences.c.repo_id == pull.repo_id) & (silences.c.number == pull.number)
        with self._database.writing() as connection:
            lock(connection, pull)
            last = connection.scalar(sa.select(sa.func.max(silences.c.ordinal)).where(of_pull)) or 0
            row = {"ordinal": last + 1, "record": record_json.dump(silence)}
            key = {"repo_id": pull.repo_id, "number": pull.number}
            connection.execute(silences.insert().values(row | key))
            is_old = silences.c.ordinal <= last + 1 - SILENCES_KEPT
            connection.execute(silences.delete().where(of_pull, is_old))

    def recent(self, pull: PullKey) -> Sequence[Silence]:
        wanted = (
            sa.select(silences.c.record)
            .where(silences.c.repo_id == pull.repo_id, silences.c.number == pull.number)
            .order_by(silences.c.ordinal.desc())
        )
        with self._database.reading() as connection:
            return [record_json.load(Silence, record) for record in connection.scalars(wanted)]


def lock(connection: Connection, pull: PullKey) -> PullRecord:
    """Return the record of a pull request that nobody else can write before the commit."""
    first = PullRecord()
    row = {
        "repo_id": pull.repo_id,
        "number": pull.number,
        "mode": first.mode.value,
        "sequence": first.sequence,
        "head_sequence": first.head_sequence,
    }
    insert_once(connection, pulls, row)
    return _record(connection.execute(pulls.select().where(_is(pull)).with_for_update()).one())


def following(connection: Connection, pull: PullKey) -> int:
    """Return the next number of a pull request; who aborts the transaction gives it back."""
    key = {"repo_id": pull.repo_id, "number": pull.number}
    return connection.execute(_NEXT[connection.dialect.name], key).scalar_one()


def _is(pull: PullKey) -> sa.ColumnElement[bool]:
    return (pulls.c.repo_id == pull.repo_id) & (pulls.c.number == pull.number)


def _record(row: Row[tuple[object, ...]]) -> PullRecord:
    return PullRecord(PullMode(row.mode), row.sequence, row.head_sequence, row.head_sha)


def _next(insert: sqlite.Insert | postgresql.Insert) -> ReturningInsert[int]:
    first = PullRecord(sequence=1)
    row: dict[str, object] = {
        "repo_id": sa.bindparam("repo_id"),
        "number": sa.bindparam("number"),
        "mode": first.mode.value,
        "sequence": first.sequence,
        "head_sequence": first.head_sequence,
    }
    counted = insert.values(row).on_conflict_do_update(
        index_elements=list(pulls.primary_key), set_={"sequence": pulls.c.sequence + 1}
    )
    return counted.returning(pulls.c.sequence)


# Built once: every acknowledgement waits for this statement.
_NEXT = {
    "sqlite": _next(sqlite.insert(pulls)),
    "postgresql": _next(postgresql.insert(pulls)),
}
