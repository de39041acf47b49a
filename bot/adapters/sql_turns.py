"""The turns to write to the forge, in the database that all processes of the App share.

The table is made by who opens it first, and by no migration: what it holds matters for an hour.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.adapters.sql_ledger_database import Database, connect, insert_once
from bot.domain import record_json
from bot.domain.turns import Pacing, Turns, pacing_of

WAIT_S = 10.0
"""How long a request waits for other writers of the database before it raises Retryable."""
_LOCK = 7_855_102
"""In a PostgreSQL database that other programs share, only the making of our table takes it."""

_turns = sa.Table(
    "forge_turns",
    sa.MetaData(),
    sa.Column("installation_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("record", sa.Text, nullable=False),
)


def server_time(connection: Connection) -> float:
    """Return the time that all hosts share: the server's, or this machine's for a file."""
    if connection.dialect.name == "sqlite":
        return time.time()
    seconds = connection.execute(sa.select(sa.extract("epoch", sa.func.clock_timestamp())))
    return float(seconds.scalar_one())


class SqlTurns:
    """Implements `TurnStore` for one installation."""

    def __init__(
        self,
        database: Database,
        installation_id: int,
        now: Callable[[Connection], float] = server_time,
    ) -> None:
        self._database = database
        self._installation_id = installation_id
        self._is_ours = _turns.c.installation_id == installation_id
        self._now = now

    def look(self) -> tuple[Turns, float]:
        with self._database.reading() as connection:
            record = connection.scalar(sa.select(_turns.c.record).where(self._is_ours))
            return _turns_of(record), self._now(connection)

    def revise(self, change: Callable[[Turns, float], Turns]) -> tuple[Turns, float]:
        with self._database.writing() as connection:
            empty = {"installation_id": self._installation_id, "record": record_json.dump(Turns())}
            insert_once(connection, _turns, empty)
            locked = sa.select(_turns.c.record).where(self._is_ours).with_for_update()
            before = _turns_of(connection.scalar(locked))
            # After the lock, which may have taken its time.
            now = self._now(connection)
            after = change(before, now)
            if after != before:
                record = record_json.dump(_in_short(after))
                connection.execute(_turns.update().where(self._is_ours).values(record=record))
            return after, now


def open_turns(url: str, *, wait_s: float = WAIT_S) -> Database:
    """Return the database behind a URL, with the table for all installations.

    Raises Refused for a URL that we cannot use, Retryable where the database does not answer.
    """
    database = connect(url, wait_s=wait_s)
    with ExitStack() as unless_it_works:
        unless_it_works.callback(database.close)
        with database.writing() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            _turns.create(connection, checkfirst=True)
        unless_it_works.pop_all()
    return database


def pacing(database: Database) -> Pacing:
    """Return how far the forge holds all installations back, by the time of the store."""
    with database.reading() as connection:
        records = connection.scalars(sa.select(_turns.c.record)).all()
        return pacing_of(map(_turns_of, records), now=server_time(connection))


def _turns_of(record: str | None) -> Turns:
    return record_json.load(Turns, record) if record is not None else Turns()


def _in_short(turns: Turns) -> Turns:
    """Return it as it is stored: five hundred times need no more than milliseconds."""
    return replace(turns, written=tuple(round(at, 3) for at in turns.written))
