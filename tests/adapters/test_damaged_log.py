"""A row that cannot be read is named with its number, and costs nothing but itself."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.adapters.sql_ledger import open_ledger
from bot.adapters.sql_ledger_database import connect
from bot.adapters.sql_ledger_schema import events, migrations, policies
from bot.domain.event_log import PolicyUnreadable
from bot.domain.forgetting import Whom
from bot.errors import Refused
from tests.adapters.event_log_contract import a_version, an_event

MARK = an_event("mark")


def changed(**fields: object) -> Callable[[str], str]:
    return lambda record: json.dumps({**json.loads(record), **fields})


def without(field: str) -> Callable[[str], str]:
    return lambda record: json.dumps({k: v for k, v in json.loads(record).items() if k != field})


DAMAGES: list[tuple[Callable[[str], str], str]] = [
    (lambda record: record[:-7], "Unterminated string"),
    (lambda _: "[]", "list"),
    (lambda _: "[" * 100_000, "recursion"),
    (without("pull"), "LoggedEvent needs pull"),
    (changed(source="pigeon"), "'pigeon' is not a valid EventSource"),
    (changed(body='{"reward":NaN}'), "NaN is no number"),
    (changed(body="cut"), "its body is no JSON"),
    (changed(schema=2, novelty=1), "it has schema 2, and this Pullwright reads 1"),
]


def run(url: str, statement: sa.Executable) -> None:
    database = connect(url, wait_s=5)
    with database.writing() as connection:
        connection.execute(statement)
    database.close()


def damage(url: str, seq: int, how: Callable[[str], str]) -> None:
    database = connect(url, wait_s=5)
    with database.writing() as connection:
        is_it = events.c.seq == seq
        record = connection.scalar(sa.select(events.c.record).where(is_it))
        connection.execute(events.update().where(is_it).values(record=how(str(record))))
    database.close()


@pytest.mark.parametrize(("how", "why"), DAMAGES)
def test_a_damaged_row_keeps_its_place_and_is_named(
    sql_url: str, how: Callable[[str], str], why: str
) -> None:
    ledger = open_ledger(sql_url)
    ledger.events.append([an_event("e1"), an_event("e2"), an_event("e3")])
    damage(sql_url, 2, how)

    for found in (ledger.events.after(0), ledger.events.of_pull(MARK.pull)):
        first, damaged, last = found
        assert (first.event, last.event) == (an_event("e1"), an_event("e3"))
        assert damaged.seq == 2
        assert damaged.event.pull == MARK.pull
        assert str(damaged.trouble).startswith("2 (signal e2: ")
        assert why in str(damaged.trouble)
        assert damaged.trouble is not None
        assert damaged.trouble.is_newer == ("schema" in why)
    ledger.close()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("record", "CAST(x'7b22ff22' AS TEXT)"),
        ("kind", "CAST(x'ff' AS TEXT)"),
        ("decision", "CAST(x'ff' AS TEXT)"),
        ("decision", "x'ff00'"),
        ("event_id", "x'ff00'"),
        ("repo_id", "'abc'"),
        ("number", "-1"),
        ("occurred_at", "'0001-01-01T00:00:00+14:00'"),
    ],
)
def test_a_column_that_holds_anything_costs_nothing_but_its_row(
    tmp_path: Path, column: str, value: str
) -> None:
    url = f"sqlite:///{tmp_path}/pullwright.db"
    ledger = open_ledger(url)
    ledger.events.append([an_event("e1"), an_event("e2"), an_event("e3")])
    damage(url, 2, lambda _: "{")
    run(url, events.update().where(events.c.seq == 2).values({column: sa.text(value)}))

    first, damaged, last = ledger.events.after(0)

    assert (first.event, last.event) == (an_event("e1"), an_event("e3"))
    assert str(damaged.trouble).isprintable()
    assert damaged.trouble is not None
    assert str(damaged.event.decision).startswith(damaged.trouble.decision or "None")
    ledger.close()


def test_a_trigger_and_a_number_past_all_numbers_are_refused_in_words(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/pullwright.db"
    ledger = open_ledger(url)
    ledger.events.append([an_event("e1")])
    run(url, events.update().values(seq=(1 << 63) - 1))
    with pytest.raises(Refused, match="a number is too large"):
        ledger.events.append([an_event("e2")])
    when = "CREATE TRIGGER t BEFORE INSERT ON ledger_policies BEGIN"
    run(url, sa.text(f"{when} SELECT RAISE(ABORT, 'never'); END"))

    with pytest.raises(Refused, match=r"a trigger that is not ours refuses \(never\)"):
        ledger.policies.record(a_version("v1"))
    ledger.close()


def test_who_is_forgotten_is_gone_from_a_row_that_nobody_can_read(sql_url: str) -> None:
    ledger = open_ledger(sql_url)
    ledger.events.append([an_event("theirs"), an_event("anothers"), an_event("e3")])
    damage(sql_url, 1, lambda _: '{"by":{"id":4711,')
    damage(sql_url, 2, lambda _: '{"by":{"id":47112,')

    gone = ledger.forgetting.forget(Whom(person_id=4711), MARK)

    assert gone.events == {"signal, which could not be read": 1}
    assert [each.seq for each in ledger.events.after(0)] == [2, 3, 4]
    ledger.close()


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"status": "adored"}, "'adored' is not a valid PolicyStatus"),
        ({"record": "{"}, "Expecting property name"),
        ({"record": "{}"}, "PolicyVersion needs"),
    ],
)
def test_a_damaged_version_is_named(sql_url: str, row: dict[str, Any], why: str) -> None:
    ledger = open_ledger(sql_url)
    ledger.policies.record(a_version("v1"))
    run(sql_url, policies.update().values(row))

    for read in (ledger.policies.all, lambda: ledger.policies.find("v1")):
        with pytest.raises(PolicyUnreadable, match="policy v1 cannot be read") as told:
            read()
        assert why in str(told.value)
        assert "restore the database from a backup" in str(told.value)
    ledger.close()


def test_a_table_that_is_missing_is_no_bug_of_ours(sql_url: str) -> None:
    ledger = open_ledger(sql_url)
    run(sql_url, sa.text("DROP TABLE ledger_policies"))

    with pytest.raises(Refused, match=r"lacks what its version has .*ledger_policies.*backup"):
        ledger.policies.all()
    ledger.close()


def test_a_version_of_the_database_that_is_no_number_is_damage(tmp_path: object) -> None:
    url = f"sqlite:///{tmp_path}/pullwright.db"
    open_ledger(url).close()
    run(url, sa.text("DELETE FROM ledger_migrations"))
    run(url, sa.text("DROP TABLE ledger_migrations"))
    run(url, sa.text("CREATE TABLE ledger_migrations (version TEXT)"))
    run(url, sa.text("INSERT INTO ledger_migrations VALUES ('four')"))

    with pytest.raises(Refused, match="its version is no number; restore it from a backup"):
        open_ledger(url)


def test_a_database_of_a_newer_version_asks_for_an_upgrade(sql_url: str) -> None:
    open_ledger(sql_url).close()
    run(sql_url, migrations.insert().values(version=99))

    with pytest.raises(Refused, match=r"has version 99 .*: upgrade Pullwright"):
        open_ledger(sql_url)
