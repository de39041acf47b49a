"""What makes the tables, version by version; a released migration never changes.

The statements are those that SQLite and PostgreSQL share. `sql_ledger_schema` says what the newest
database looks like, and a test compares the two.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.adapters.sql_ledger_database import Database
from bot.adapters.sql_ledger_schema import migrations
from bot.errors import Refused

_LOCK = 7_855_101
"""In a PostgreSQL database that other programs share, only our migrations take this lock."""

_RUNS_FINDINGS_AND_PULLS = """
CREATE TABLE ledger_runs (
    run_id TEXT PRIMARY KEY,
    repo_id BIGINT NOT NULL,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    head_sha TEXT NOT NULL,
    merge_base_sha TEXT NOT NULL,
    started_at TEXT NOT NULL,
    ended_at TEXT,
    conclusion TEXT,
    record TEXT NOT NULL,
    ending TEXT
);
CREATE INDEX ledger_runs_of_pull ON ledger_runs (repo_id, number, ended_at);
CREATE TABLE ledger_steps (
    run_id TEXT NOT NULL REFERENCES ledger_runs (run_id),
    step_index INTEGER NOT NULL,
    tool TEXT NOT NULL,
    seconds DOUBLE PRECISION NOT NULL,
    observation TEXT NOT NULL,
    decision TEXT NOT NULL,
    PRIMARY KEY (run_id, step_index)
);
CREATE TABLE ledger_pulls (
    repo_id BIGINT NOT NULL,
    number INTEGER NOT NULL,
    mode TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    head_sequence BIGINT NOT NULL,
    head_sha TEXT,
    PRIMARY KEY (repo_id, number)
);
CREATE TABLE ledger_findings (
    repo_id BIGINT NOT NULL,
    number INTEGER NOT NULL,
    finding_id TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    state TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (repo_id, number, finding_id)
);
CREATE TABLE ledger_publications (
    key TEXT PRIMARY KEY,
    repo_id BIGINT NOT NULL,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    record TEXT NOT NULL
);
CREATE INDEX ledger_publications_of_pull ON ledger_publications (repo_id, number);
CREATE TABLE ledger_silences (
    repo_id BIGINT NOT NULL,
    number INTEGER NOT NULL,
    ordinal BIGINT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (repo_id, number, ordinal)
);
CREATE TABLE ledger_suggestions (
    suggestion_id TEXT PRIMARY KEY,
    repo_id BIGINT NOT NULL,
    number INTEGER NOT NULL,
    ordinal BIGINT NOT NULL,
    record TEXT NOT NULL
);
CREATE INDEX ledger_suggestions_of_pull ON ledger_suggestions (repo_id, number, ordinal);
CREATE TABLE ledger_deliveries (
    guid TEXT PRIMARY KEY,
    received_at TEXT NOT NULL,
    record TEXT NOT NULL
)
"""
_NOTES = """
CREATE TABLE ledger_notes (
    name TEXT PRIMARY KEY,
    record TEXT NOT NULL
);
CREATE INDEX ledger_runs_unfinished ON ledger_runs (repo_id, started_at) WHERE ended_at IS NULL
"""
_EVENTS = """
CREATE TABLE ledger_events (
    seq BIGINT PRIMARY KEY,
    event_id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    repo_id BIGINT NOT NULL,
    number INTEGER NOT NULL,
    suggestion TEXT,
    decision TEXT,
    occurred_at TEXT NOT NULL,
    record TEXT NOT NULL
);
CREATE INDEX ledger_events_of_pull ON ledger_events (repo_id, number, seq);
CREATE TABLE ledger_policies (
    version TEXT PRIMARY KEY,
    ordinal BIGINT NOT NULL,
    status TEXT NOT NULL,
    log_seq BIGINT NOT NULL,
    record TEXT NOT NULL
)
"""
# What the dashboard and the metrics count; the indexes hold all that they read, so that they never
# read the records. What was written before has no figures there, and both say so.
_BOARD = """
ALTER TABLE ledger_runs ADD COLUMN seconds DOUBLE PRECISION;
ALTER TABLE ledger_runs ADD COLUMN prompt_tokens BIGINT;
ALTER TABLE ledger_runs ADD COLUMN completion_tokens BIGINT;
ALTER TABLE ledger_runs ADD COLUMN usd DOUBLE PRECISION;
CREATE INDEX ledger_runs_by_time ON ledger_runs (
    started_at, run_id, repo_id, kind, conclusion, seconds, prompt_tokens, completion_tokens, usd
);
CREATE INDEX ledger_runs_of_repo ON ledger_runs (
    repo_id, started_at, run_id, conclusion, seconds, prompt_tokens, completion_tokens, usd
);
CREATE INDEX ledger_steps_by_tool ON ledger_steps (tool, seconds);
ALTER TABLE ledger_findings ADD COLUMN rule TEXT;
CREATE INDEX ledger_findings_by_state ON ledger_findings (state, repo_id, number, finding_id);
ALTER TABLE ledger_suggestions ADD COLUMN finding_id TEXT;
ALTER TABLE ledger_suggestions ADD COLUMN source TEXT;
ALTER TABLE ledger_events ADD COLUMN outcome TEXT;
ALTER TABLE ledger_events ADD COLUMN rule TEXT;
ALTER TABLE ledger_events ADD COLUMN tool TEXT;
CREATE INDEX ledger_events_of_outcome ON ledger_events (
    suggestion, seq, outcome, occurred_at, repo_id, rule, tool
) WHERE outcome IS NOT NULL
"""
MIGRATIONS: tuple[str, ...] = (_RUNS_FINDINGS_AND_PULLS, _NOTES, _EVENTS, _BOARD)
"""Statements by version, from 1; no statement holds a semicolon inside."""


def migrate(database: Database, *, known: Sequence[str] = MIGRATIONS) -> None:
    """Bring the database to the newest version, one transaction for each.

    Any number of processes may do this at once. Raises Refused for a database of a newer version.
    """
    with database.reading() as connection:
        version = _version(connection)
    if not isinstance(version, int):
        # SQLite keeps whatever is written into a column of numbers.
        raise Refused(
            f"{database.name} is damaged: its version is no number; restore it from a backup"
        )
    while version < len(known):
        version = _next(database, known)
    if version > len(known):
        raise Refused(
            f"{database.name} has version {version} and this Pullwright knows {len(known)}: "
            "upgrade Pullwright"
        )


def versions(database: Database) -> tuple[int, int]:
    """Return the version that a database has, 0 for an empty one, and the one that we make."""
    with database.reading() as connection:
        return _version(connection), len(MIGRATIONS)


def _next(database: Database, known: Sequence[str]) -> int:
    """Apply one migration, unless others have applied them all meanwhile."""
    with database.writing() as connection:
        _wait_for_others(connection)
        version = _version(connection)
        if version >= len(known):
            return version
        if version == 0:
            migrations.create(connection)
        for statement in known[version].split(";"):
            connection.exec_driver_sql(statement)
        connection.execute(migrations.insert().values(version=version + 1))
        return version + 1


def _wait_for_others(connection: Connection) -> None:
    """Take the lock of migrations; in SQLite, every writing transaction is alone already."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


def _version(connection: Connection) -> int:
    if not sa.inspect(connection).has_table(migrations.name):
        return 0
    return connection.scalar(sa.select(sa.func.max(migrations.c.version))) or 0
