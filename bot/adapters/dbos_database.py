"""The database of the queue: one URL, SQLite on one machine or PostgreSQL for several hosts.

Nothing here imports DBOS: the web process and the command line use it without that cost.
"""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.pool import ConnectionPoolEntry

from bot.errors import Refused, Retryable

PATIENCE_S = 5
"""How long anything may wait for the database before the caller is told."""
_LOCK = 0x70756C6C
"""Serialises schema creation and dispatch on PostgreSQL."""


def open_engine(database_url: str, *, patience_s: float = PATIENCE_S) -> sa.Engine:
    """Return an engine that waits at most `patience_s` for locks and connections.

    A SQLite file is created private to its owner, in WAL mode, with every commit on the disk.
    """
    url = _parsed(database_url)
    match url.get_backend_name():
        case "sqlite":
            sqlite_file(database_url)
            return _sqlite(url, patience_s)
        case "postgresql":
            return _postgres(url, patience_s)
        case other:
            raise Refused(f"the queue runs on sqlite or postgresql, not on {other}")


def sqlite_file(database_url: str) -> Path | None:
    """Return the file of a SQLite URL, or None for a server; raises Refused for no file at all."""
    url = _parsed(database_url)
    if url.get_backend_name() != "sqlite":
        return None
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise Refused("the queue cannot live in memory: name a file, sqlite:////path/to/file")
    return Path(url.database).absolute()


def prepare(engine: sa.Engine) -> None:
    """Create the private SQLite file with its journal mode; a server needs no preparation."""
    path = sqlite_file(engine.url.render_as_string(hide_password=False))
    if path is None:
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Only a new file is opened and closed here: that drops every lock that this process holds on
    # it, and who closes the database then takes us for gone, and our write-ahead log away.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    for name in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        # SQLite gives its side files the mode that the file has; older ones are put right.
        if name.exists():
            name.chmod(0o600)
    # WAL is a property of the file; two processes that set it at once wait for each other.
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")


@contextmanager
def translated() -> Iterator[None]:
    """Turn every way in which a database fails into one Retryable sentence."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        detail = str(error.orig).strip().partition("\n")[0]
        raise Retryable(f"the job queue's database does not answer: {detail}") from error
    except sa.exc.TimeoutError as error:
        raise Retryable("the job queue's database has no free connection") from error
    except OSError as error:
        raise Retryable(f"the job queue's file cannot be used: {error.strerror}") from error


@contextmanager
def exclusive(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Open a transaction in which no other process dispatches jobs or creates tables."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        yield connection


def now_ms(connection: sa.Connection) -> int:
    """Return the time that all hosts share: the server's, or this machine's for a file."""
    if connection.dialect.name == "sqlite":
        return int(time.time() * 1000)
    seconds = connection.execute(sa.select(sa.extract("epoch", sa.func.clock_timestamp())))
    return int(float(seconds.scalar_one()) * 1000)


def moment(milliseconds: int) -> datetime:
    """Return a stored time as a value."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _parsed(database_url: str) -> sa.URL:
    try:
        return sa.make_url(database_url)
    except sa.exc.ArgumentError as error:
        # The text may hold a password, so it is not repeated.
        raise Refused(
            "the database's URL cannot be read: sqlite:////file or postgresql://"
        ) from error


def _sqlite(url: sa.URL, patience_s: float) -> sa.Engine:
    engine = sa.create_engine(url, pool_timeout=PATIENCE_S)

    @sa.event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        # As DBOS sets its own engines up; a writer takes the lock before it reads.
        connection.isolation_level = "IMMEDIATE"
        connection.execute(f"PRAGMA busy_timeout={int(patience_s * 1000)}")
        connection.execute("PRAGMA foreign_keys=ON")
        # An acknowledged job survives a power cut: NORMAL would lose the last commits.
        connection.execute("PRAGMA synchronous=FULL")
        if sqlite3.sqlite_version_info < (3, 42):
            _teach_milliseconds(connection)

    return engine


def _teach_milliseconds(connection: sqlite3.Connection) -> None:
    """Give an old SQLite the `unixepoch('subsec')` that DBOS asks for on Python >= 3.12.

    Before 3.42 it answers NULL and DBOS does not start. A file that was made on such a Python has
    it in its column defaults, so older Pythons need it as well. No other call is known.
    """
    connection.create_function("unixepoch", 1, lambda _subsec: time.time())


def _postgres(url: sa.URL, patience_s: float) -> sa.Engine:
    milliseconds = int(patience_s * 1000)
    return sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,
        pool_timeout=PATIENCE_S,
        connect_args={
            "connect_timeout": PATIENCE_S - 2,
            # A database without an encoding of its own would answer in bytes.
            "client_encoding": "utf8",
            "options": f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}"
            " -c idle_in_transaction_session_timeout=60000",
            # A dead server is noticed within seconds, not after the kernel's two hours.
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": 10_000,
        },
    )
