"""A log in a file that a workflow caches: what comes back, and what is made of a bad one."""

import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.adapters import cached_ledger
from bot.adapters.cached_ledger import CachedLedger, append, everything
from bot.adapters.sql_ledger import open_ledger
from bot.domain.event_log import EventSource, LoggedEvent
from bot.domain.ledger import PullKey
from bot.domain.record_json import dump
from bot.errors import Refused

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def _event(name: str, repo: int = 1) -> LoggedEvent:
    return LoggedEvent(
        name, "unmuted", PullKey(repo, 7), NOW, NOW, source=EventSource.COMMAND, body="{}"
    )


def _write(path: Path, events: Sequence[LoggedEvent], repo: int = 1) -> None:
    folder = path.parent / f"run-{len(list(path.parent.iterdir()))}"
    with closing(open_ledger(f"sqlite:///{folder / 'own.db'}")) as ledger:
        append(ledger.events, events)
        CachedLedger(path, repo).write(ledger.events)


def _ids(path: Path, repo: int = 1) -> list[str]:
    return [one.event_id for one in CachedLedger(path, repo).read()]


def test_what_one_run_learned_the_next_one_knows(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    _write(path, [_event("a"), _event("b")])

    assert _ids(path) == ["a", "b"]
    assert path.stat().st_mode & 0o077 == 0
    assert not Path(f"{path}-wal").exists()
    with closing(open_ledger(f"sqlite:///{path}")) as ledger:
        assert [one.event_id for one in everything(ledger.events)] == ["a", "b"]


def test_two_runs_at_once_lose_nothing_of_each_other(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    _write(path, [_event("a"), _event("b")])

    _write(path, [_event("a"), _event("c")])

    assert _ids(path) == ["b", "a", "c"]


def test_no_file_is_a_beginning_and_no_fault(tmp_path: Path) -> None:
    assert CachedLedger(tmp_path / "none.db", 1).read() == ()


def test_what_another_repository_learned_counts_nothing_here(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    _write(path, [_event("a", repo=2)], repo=2)

    assert _ids(path) == []


def test_only_the_newest_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cached_ledger, "MOST_EVENTS", 3)
    path = tmp_path / "ledger.db"

    _write(path, [_event(str(n)) for n in range(9)])

    assert _ids(path) == ["6", "7", "8"]


def _sql(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


ENDLESS = (
    "DROP TABLE ledger_events",
    """CREATE VIEW ledger_events AS
    WITH RECURSIVE n(seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM n)
    SELECT seq, 1 AS repo_id, '{}' AS record FROM n""",
)


HUGE = (
    "DROP TABLE ledger_events",
    """CREATE VIEW ledger_events AS
    WITH RECURSIVE n(seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM n WHERE seq < 900)
    SELECT seq, 1 AS repo_id, printf('%.*c', 10000000, 'x') AS record FROM n""",
)


COMPUTED = (
    "DROP TABLE ledger_events",
    """CREATE TABLE ledger_events (
    seq INTEGER, repo_id INTEGER, record TEXT AS (printf('%.*c', 10000000, 'x')))""",
    "INSERT INTO ledger_events (seq, repo_id) VALUES (1, 1)",
)


def _changed(**fields: object) -> Callable[[Path], None]:
    """Return what changes one record of a file."""
    record = json.dumps({**json.loads(dump(_event("1"))), **fields})

    def change(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            update = "UPDATE ledger_events SET record = ? WHERE event_id = '1'"
            connection.execute(update, (record,))

    return change


@pytest.mark.parametrize(
    "spoil",
    [
        _cut,
        lambda path: path.write_bytes(b"# Shop\n"),
        lambda path: path.write_bytes(b"x" * 200),
        lambda path: _sql(path, "DROP TABLE ledger_events"),
        lambda path: _sql(path, *ENDLESS),
        lambda path: _sql(path, *HUGE),
        lambda path: _sql(path, *COMPUTED),
        _changed(occurred_at="0001-01-01T00:00:00+14:00"),
        _changed(pull={"repo_id": 1, "number": 10**30}),
        _changed(event_id="\ud800"),
        _changed(kind="\0"),
        lambda path: _sql(path, "UPDATE ledger_events SET record = '{'"),
        lambda path: _sql(path, "UPDATE ledger_events SET record = x'00ff'"),
    ],
)
def test_a_file_that_is_none_of_ours_is_refused_and_set_aside(
    tmp_path: Path, spoil: object
) -> None:
    path = tmp_path / "ledger.db"
    _write(path, [_event(str(n)) for n in range(50)])
    assert callable(spoil)
    spoil(path)
    spoiled = path.read_bytes()

    with pytest.raises(Refused):
        _ids(path)
    _write(path, [_event("new")])

    assert _ids(path) == ["new"]
    assert (tmp_path / "ledger.db.unusable").read_bytes() == spoiled


def test_a_file_that_is_too_large_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger.db"
    _write(path, [_event("a")])
    monkeypatch.setattr(cached_ledger, "MOST_BYTES", 1000)

    with pytest.raises(Refused, match="has more than 1,000 bytes"):
        _ids(path)


def test_a_link_is_neither_read_nor_replaced(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    path = tmp_path / "ledger.db"
    path.symlink_to(tmp_path / "secret")

    with pytest.raises(Refused, match="cannot read"):
        _ids(path)
    with pytest.raises(Refused, match="is no file"):
        _write(path, [_event("a")])

    assert (tmp_path / "secret").read_text() == "secret"
