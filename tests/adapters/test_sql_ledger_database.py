"""What only a real database can do: be locked, down, damaged, old, new, or shared."""

import contextlib
import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from bot.adapters.sql_ledger import WAIT_S, open_ledger
from bot.adapters.sql_ledger_database import Database, connect
from bot.adapters.sql_ledger_migrations import MIGRATIONS, migrate
from bot.adapters.sql_ledger_schema import TABLES, migrations
from bot.errors import Refused, Retryable
from tests.adapters.ledger_values import (
    HEAD,
    PULL,
    RUN,
    a_run,
)

PROCESSES = 6
COUNT = """
import json, sys
from bot.adapters.sql_ledger import open_ledger
from bot.domain.ledger import PullKey
sys.stdin.readline()
ledger = open_ledger(sys.argv[1])
print(json.dumps([ledger.pulls.next_sequence(PullKey(1, 2)) for _ in range(10)]))
"""
WRITE_STEPS = """
import sys
from bot.adapters.sql_ledger import open_ledger
from bot.domain.ledger import RunId, StepRecord
ledger = open_ledger(sys.argv[1])
for index in range(1, 100_000):
    ledger.runs.record_step(RunId("run-1"), StepRecord(index, "lint", "{}", "{}", 0.0))
    print(index, flush=True)
"""


@contextmanager
def held(url: str) -> Iterator[None]:
    """Let somebody else write, and not end."""
    if url.startswith("sqlite"):
        other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        yield
        other.close()
        return
    with psycopg.connect(url) as connection:
        connection.execute("LOCK TABLE ledger_pulls")
        yield


@contextmanager
def opened(url: str, *, wait_s: float = WAIT_S) -> Iterator[Database]:
    database = connect(url, wait_s=wait_s)
    yield database
    database.close()


def modes(folder: Path) -> dict[str, str]:
    files = [folder, *folder.iterdir()]
    return {file.name: oct(stat.S_IMODE(file.stat().st_mode)) for file in files}


@pytest.fixture
def no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def test_nobody_but_the_owner_reads_the_file_and_its_logs(no_umask: None, tmp_path: Path) -> None:
    ledger = open_ledger(f"sqlite:///{tmp_path}/state/new/pullwright.db")
    ledger.pulls.next_sequence(PULL)

    assert modes(tmp_path / "state" / "new") == {
        "new": "0o700",
        "pullwright.db": "0o600",
        "pullwright.db-wal": "0o600",
        "pullwright.db-shm": "0o600",
    }
    ledger.close()


def test_a_file_that_others_could_read_is_closed_to_them(no_umask: None, tmp_path: Path) -> None:
    path = tmp_path / "pullwright.db"
    writer = sqlite3.connect(path)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("CREATE TABLE other (x)")
    assert set(modes(tmp_path).values()) & {"0o644", "0o666"}

    open_ledger(f"sqlite:///{path}").close()

    writer.close()
    assert {mode for name, mode in modes(tmp_path).items() if "db" in name} == {"0o600"}


def test_sqlite_survives_a_power_cut_and_lets_others_read(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path}/a.db") as database, database.reading() as connection:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

    assert found == ["wal", 2, 1, 30_000]


def test_the_migrations_make_the_tables_that_the_code_uses(sql_url: str) -> None:
    open_ledger(sql_url).close()

    with opened(sql_url) as database, database.reading() as connection:
        there = sa.inspect(connection)
        made = {table.name: columns(there, table.name) for table in TABLES}

    wanted = {
        table.name: sorted((c.name, c.primary_key or not c.nullable) for c in table.columns)
        for table in TABLES
    }
    assert made == wanted


def columns(there: sa.Inspector, table: str) -> list[tuple[str, bool]]:
    # SQLite lets a text key be empty unless it is told otherwise, so a key counts as such.
    keys = there.get_pk_constraint(table)["constrained_columns"]
    return sorted(
        (c["name"], c["name"] in keys or not c["nullable"]) for c in there.get_columns(table)
    )


def test_processes_that_start_at_once_migrate_once_and_share_the_numbers(sql_url: str) -> None:
    with ExitStack() as stack:
        command = [sys.executable, "-c", COUNT, sql_url]
        children = [
            stack.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            )
            for _ in range(PROCESSES)
        ]
        for child in children:
            assert child.stdin is not None
            child.stdin.write(b"\n")
            child.stdin.flush()
        outputs = [child.communicate(timeout=60)[0] for child in children]

    numbers = [number for output in outputs for number in json.loads(output)]
    assert sorted(numbers) == list(range(1, 10 * PROCESSES + 1))


def test_a_killed_process_loses_no_step_that_it_was_told_of(sql_url: str) -> None:
    ledger = open_ledger(sql_url)
    ledger.runs.begin(a_run())
    with subprocess.Popen(
        [sys.executable, "-c", WRITE_STEPS, sql_url], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        first = [int(child.stdout.readline()) for _ in range(20)]
        child.send_signal(signal.SIGKILL)
        told = max(first + [int(line) for line in child.stdout])

    indexes = [step.index for step in ledger.runs.steps(RUN)]

    assert indexes == list(range(1, len(indexes) + 1))
    assert len(indexes) in (told, told + 1)
    ledger.close()


def test_a_failing_migration_leaves_nothing_behind(sql_url: str) -> None:
    broken = (*MIGRATIONS, "CREATE TABLE ledger_half (x INTEGER); CREATE NONSENSE")
    with opened(sql_url) as database:
        with pytest.raises(sa.exc.DBAPIError):
            migrate(database, known=broken)
        with database.reading() as connection:
            assert not sa.inspect(connection).has_table("ledger_half")
            assert connection.scalar(sa.select(sa.func.max(migrations.c.version))) == len(
                MIGRATIONS
            )


def test_a_later_migration_keeps_what_was_there(sql_url: str) -> None:
    ledger = open_ledger(sql_url)
    ledger.runs.begin(a_run())
    ledger.close()

    with opened(sql_url) as database:
        migrate(database, known=(*MIGRATIONS, "ALTER TABLE ledger_runs ADD COLUMN cost TEXT"))
        with database.reading() as connection:
            rows = connection.exec_driver_sql("SELECT run_id, cost FROM ledger_runs").all()

    assert [tuple(row) for row in rows] == [(RUN, None)]


def test_a_database_of_a_newer_version_is_left_alone(sql_url: str) -> None:
    with opened(sql_url) as database:
        migrate(database, known=(*MIGRATIONS, "ALTER TABLE ledger_runs ADD COLUMN cost TEXT"))

    known = len(MIGRATIONS)
    told = f"has version {known + 1} and this Pullwright knows {known}: upgrade"
    with pytest.raises(Refused, match=told):
        open_ledger(sql_url)


def test_a_locked_database_is_a_reason_to_wait(sql_url: str) -> None:
    ledger = open_ledger(sql_url, wait_s=0.1)

    with held(sql_url), pytest.raises(Retryable, match="does not answer"):
        ledger.pulls.next_sequence(PULL)

    assert ledger.pulls.next_sequence(PULL) == 1
    ledger.close()


def test_reading_does_not_wait_for_somebody_who_writes(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    ledger = open_ledger(url, wait_s=0.1)

    with held(url):
        assert ledger.pulls.load(PULL).sequence == 0
    ledger.close()


def test_a_file_that_another_program_has_for_itself_is_a_reason_to_wait(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")

        with pytest.raises(Retryable, match="does not answer: database is locked"):
            open_ledger(f"sqlite:///{path}", wait_s=0.1)


def test_more_work_than_connections_is_a_reason_to_wait(sql_url: str) -> None:
    with opened(sql_url, wait_s=0.1) as database, pytest.raises(Retryable, match="all connections"):
        read_inside_of_reading(database, depth=100)


def read_inside_of_reading(database: Database, *, depth: int) -> None:
    with database.reading():
        if depth:
            read_inside_of_reading(database, depth=depth - 1)


def test_a_database_that_is_down_is_a_reason_to_wait(tmp_path: Path) -> None:
    with pytest.raises(Retryable, match="does not answer") as caught:
        open_ledger(f"postgresql://me:s3cret@/ledger?host={tmp_path}")

    assert "s3cret" not in str(caught.value)


def test_a_server_that_was_restarted_is_found_again(postgres_url: str) -> None:
    ledger = open_ledger(postgres_url)
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    with psycopg.connect(postgres_url) as connection:
        connection.execute(f"{others} AND datname = current_database()".encode())

    assert ledger.pulls.next_sequence(PULL) == 1
    ledger.close()


def test_a_connection_that_breaks_in_the_middle_is_a_reason_to_wait(postgres_url: str) -> None:
    with opened(postgres_url) as database, pytest.raises(Retryable, match="does not answer"):
        break_in_the_middle(database, postgres_url)


def break_in_the_middle(database: Database, url: str) -> None:
    with database.writing() as connection, psycopg.connect(url) as other:
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        other.execute("SELECT pg_terminate_backend(%s)", [pid])
        connection.exec_driver_sql("SELECT 1")


def test_a_role_that_may_not_make_tables_is_told_so(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE ROLE guest LOGIN")
    try:
        with pytest.raises(Refused, match=r"permission denied.*let its role create"):
            open_ledger(postgres_url.replace("pullwright@", "guest@"))
    finally:
        with psycopg.connect(postgres_url) as connection:
            connection.execute("DROP ROLE guest")


def test_a_statement_that_no_database_takes_is_a_bug_and_stays_one(sql_url: str) -> None:
    nonsense = "SELECT nothing FROM nowhere"
    with opened(sql_url) as database, pytest.raises(sa.exc.DBAPIError, match="nowhere"):
        ask(database, nonsense)


def ask(database: Database, statement: str) -> None:
    with database.reading() as connection:
        connection.exec_driver_sql(statement)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mysql://me:s3cret@host/db", "begins with mysql: use sqlite or postgresql"),
        ("s3cret nonsense", "is not a database URL"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("postgresql+asyncpg://me:s3cret@host/db", "use sqlite or postgresql"),
        ("postgresql://me:s3cret@host:port/db", "is not a database URL"),
    ],
)
def test_a_url_that_we_cannot_use_is_refused_without_its_password(url: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason) as caught:
        open_ledger(url)

    assert "s3cret" not in str(caught.value)


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no database at all\n" * 100)
    path.chmod(0o644)

    with pytest.raises(Refused, match="cannot be used: file is not a database"):
        open_ledger(f"sqlite:///{path}")
    assert path.read_text() == "no database at all\n" * 100
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


@pytest.mark.parametrize("place", ["folder", "file/under.db"])
def test_a_place_that_holds_no_file_is_refused(place: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()

    with pytest.raises(Refused, match=str(tmp_path)):
        open_ledger(f"sqlite:///{tmp_path}/{place}")


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "pullwright.db"
    open_ledger(f"sqlite:///{path}").close()
    data = bytearray(path.read_bytes())
    data[4096 * 2 :] = b"\xff" * (len(data) - 4096 * 2)
    path.write_bytes(data)

    with pytest.raises(Refused, match=r"is damaged.*restore it from a backup"):
        open_ledger(f"sqlite:///{path}").reviewed.is_reviewed(PULL, HEAD, a_run().kind)
