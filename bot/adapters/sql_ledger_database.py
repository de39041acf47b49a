"""One database for all ports: connections, transactions, and errors in our words.

SQLite where the URL names a file, PostgreSQL where several hosts share the work. The file may hold
snippets of private code, so nobody but its owner can read it.
"""

import os
import re
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from bot.errors import PullwrightError, Refused, Retryable

_POSTGRES = ("postgres", "postgresql", "postgresql+psycopg")
_CONNECT_TIMEOUT_S = 10
_WAL_RETRY_S = 0.05
_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED")
_BROKEN_FILE = ("SQLITE_NOTADB", "SQLITE_CORRUPT")
_NOT_ALLOWED = "42501"
"""PostgreSQL's insufficient_privilege."""
_NOT_THERE = re.compile(
    r'no such (?:table|column): (?:main\.)?ledger_|(?:relation|column) "?ledger_[\w."]+ does not'
)
"""What both say of a table or a column of ours; of any other, the statement is wrong."""
_IS_WRITE = "pullwright_is_write"


class Database:
    """Short transactions; each either happened whole or raised."""

    def __init__(self, engine: Engine, *, name: str, wait_s: float) -> None:
        self._engine = engine
        self._wait_s = wait_s
        self.name = name
        """What messages call it; no password."""

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection in a transaction that only reads."""
        with self._transaction(is_write=False) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Yield a connection in a transaction that is committed unless the block raises."""
        with self._transaction(is_write=True) as connection:
            if connection.dialect.name == "postgresql":
                wait_ms = int(self._wait_s * 1000)
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = {wait_ms}")
            yield connection

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self, *, is_write: bool) -> Iterator[Connection]:
        try:
            with self._engine.connect() as plain:
                connection = plain.execution_options(**{_IS_WRITE: is_write})
                with connection.begin():
                    yield connection
        except OverflowError as error:
            raise Refused(_damaged(self.name, f"a number is too large ({error})")) from error
        except PoolTimeout as error:
            raise Retryable(f"{self.name}: all connections are in use") from error
        except DBAPIError as error:
            ours = _translated(error, self.name)
            if ours is None:
                raise
            raise ours from error


def connect(url: str, *, wait_s: float) -> Database:
    """Return the database; `wait_s` is how long to wait for what another process holds.

    Nothing of it is read yet. Raises Refused for a URL that we cannot use.
    """
    try:
        parsed = sa.make_url(url)
    except (ArgumentError, ValueError):
        raise Refused(
            "PULLWRIGHT_DATABASE_URL is not a database URL: "
            "give it sqlite:////PATH or postgresql://..."
        ) from None
    if parsed.drivername in _POSTGRES:
        return _postgres(parsed, wait_s)
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        return _sqlite(parsed, wait_s)
    raise Refused(
        f"PULLWRIGHT_DATABASE_URL begins with {parsed.drivername}: use sqlite or postgresql"
    )


def _postgres(url: URL, wait_s: float) -> Database:
    engine = sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        # A connection that a restarted server closed is found before it is used.
        pool_pre_ping=True,
        pool_timeout=wait_s,
        # Snippets of private code stay out of error messages and so out of logs.
        hide_parameters=True,
        connect_args={
            "connect_timeout": _CONNECT_TIMEOUT_S,
            "application_name": "pullwright",
            "client_encoding": "utf8",
            # A pooler may hand every transaction to another session.
            "prepare_threshold": None,
        },
    )
    name = f"database {url.database or ''} on {url.host or url.query.get('host', 'localhost')}"
    return Database(engine, name=name, wait_s=wait_s)


def _sqlite(url: URL, wait_s: float) -> Database:
    if url.database in (None, "", ":memory:"):
        raise Refused("PULLWRIGHT_DATABASE_URL names no file: use sqlite:////folder/pullwright.db")
    path = Path(str(url.database)).absolute()
    make_private_file(path)
    engine = sa.create_engine(
        url.set(drivername="sqlite+pysqlite", database=str(path)),
        hide_parameters=True,
        pool_timeout=wait_s,
        connect_args={"timeout": wait_s},
    )
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    name = f"database {path}"
    database = Database(engine, name=name, wait_s=wait_s)
    _use_write_ahead_log(path, name=name, wait_s=wait_s)
    return database


def make_private_file(path: Path) -> None:
    """Create the file, or take the rights of others from it, whatever the umask is.

    SQLite gives its log files the mode of this one.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            # Never opened and closed here: that would drop the locks that this process holds on it.
            if _is_database(path):
                for file in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
                    _close_to_others(file)
    except OSError as error:
        raise Refused(f"cannot use the database file {path}: {error.strerror}") from error


def _is_database(path: Path) -> bool:
    """Tell whether SQLite takes it for a file of its own; another one is not ours to close."""
    try:
        with closing(sqlite3.connect(path, timeout=0)) as connection:
            connection.execute("PRAGMA schema_version")
    except sqlite3.DatabaseError as error:
        return error.sqlite_errorname.startswith((*_BUSY, "SQLITE_CORRUPT"))
    return True


def _close_to_others(file: Path) -> None:
    try:
        if file.stat().st_mode & 0o077:
            file.chmod(0o600)
    except FileNotFoundError:
        # The log files come and go with the processes that use them.
        return


def _use_write_ahead_log(path: Path, *, name: str, wait_s: float) -> None:
    """Set the mode that the file keeps from then on.

    SQLite does not wait here, however long its timeout, while another process does the same.
    """
    deadline = time.monotonic() + wait_s
    while True:
        try:
            with closing(sqlite3.connect(path, timeout=wait_s)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorname.startswith("SQLITE_CORRUPT"):
                raise Refused(_damaged(name, str(error))) from error
            if not error.sqlite_errorname.startswith(_BUSY):
                raise Refused(f"{name} cannot be used: {error}") from error
            if time.monotonic() > deadline:
                raise Retryable(f"{name} does not answer: {error}") from error
            time.sleep(_WAL_RETRY_S)
        else:
            return


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def _set_up(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    # What is no UTF-8 is damage of its row, which its reader names: the others are whole.
    connection.text_factory = _text
    # We begin transactions ourselves: the driver begins them too late for our locks.
    connection.isolation_level = None
    # An answer of 202 promises that the delivery survives a power cut.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes later cannot wait for a lock, it fails.
    is_write = connection.get_execution_options().get(_IS_WRITE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")


def _translated(error: DBAPIError, name: str) -> PullwrightError | None:
    """Return the error in our words, or None for a bug: a statement that no database would take."""
    cause = error.orig
    line = " ".join(str(cause).split())
    code = getattr(cause, "sqlite_errorname", "")
    if code in _BROKEN_FILE:
        return Refused(_damaged(name, line))
    if code == "SQLITE_CONSTRAINT_TRIGGER":
        return Refused(f"{name}: a trigger that is not ours refuses ({line}): drop it")
    if _NOT_THERE.match(line):
        return Refused(
            f"{name} lacks what its version has ({line}): another program changed it; restore it "
            "from a backup, or name another database in PULLWRIGHT_DATABASE_URL"
        )
    if getattr(cause, "sqlstate", "") == _NOT_ALLOWED:
        return Refused(f"{name}: {line}; let its role create and use tables")
    is_ours = code == "SQLITE_ERROR"
    if error.connection_invalidated or (isinstance(error, OperationalError) and not is_ours):
        return Retryable(f"{name} does not answer: {line}")
    return None


def _damaged(name: str, line: str) -> str:
    return f"{name} is damaged: {line}; restore it from a backup"


def insert_once(connection: Connection, table: sa.Table, row: Mapping[str, object]) -> bool:
    """Insert a row and return True, or False where its primary key is there already."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).values(row).on_conflict_do_nothing()
    # A count of rows is not what both drivers report here.
    return connection.execute(statement.returning(*table.primary_key)).first() is not None
