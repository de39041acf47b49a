"""`learn` and `policy` on a ledger with a damaged row: named, counted, and nothing else is lost."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from bot.adapters.sql_ledger import open_ledger
from bot.adapters.sql_ledger_database import connect
from bot.adapters.sql_ledger_schema import events, policies
from bot.cli import app
from bot.domain.event_log import PolicyStatus
from bot.errors import Refused
from bot.policy.choosing import HAND
from tests.policy.schools import Times, easily_pleased

OUTCOME = 2
"""The place in the log of an outcome of the first decision."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the database of an App that promoted what it learned."""
    file = tmp_path_factory.mktemp("state") / "pullwright.db"
    ledger = open_ledger(f"sqlite:///{file}")
    times = Times(ledger=ledger)
    times.live(600)
    times.school.train()
    easily_pleased(times.school).attempt()
    serving = times.school.versions().serving.version
    ledger.close()
    assert serving != HAND
    return file.read_bytes()


@pytest.fixture
def url(whole: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "pullwright.db").write_bytes(whole)
    monkeypatch.setenv("PULLWRIGHT_STATE_DIR", str(tmp_path))
    monkeypatch.delenv("PULLWRIGHT_DATABASE_URL", raising=False)
    return f"sqlite:///{tmp_path}/pullwright.db"


def typed(*words: str) -> str:
    told = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert told.exit_code == 0, told.output
    return told.stdout


def cut(record: str) -> str:
    return record[:-9]


def with_body(body: str) -> Callable[[str], str]:
    return lambda record: json.dumps({**json.loads(record), "body": body})


def damage(url: str, which: "sa.ColumnElement[bool]", how: Callable[[str], str] = cut) -> int:
    """Damage the first such event and return its number."""
    database = connect(url, wait_s=5)
    with database.writing() as connection:
        row = connection.execute(events.select().where(which).order_by(events.c.seq)).first()
        assert row is not None
        changed = events.update().where(events.c.seq == row.seq).values(record=how(row.record))
        connection.execute(changed)
    database.close()
    return int(row.seq)


@pytest.mark.parametrize(
    "how", [cut, with_body('{"verdict":{}}'), with_body("no JSON"), with_body('{"reward":NaN}')]
)
def test_learning_leaves_a_damaged_event_out_and_names_it(
    url: str, how: Callable[[str], str]
) -> None:
    before = typed("learn")
    damage(url, events.c.seq == OUTCOME, how)

    first, second = typed("learn"), typed("learn")

    assert "1 event of the log could not be read: 2 (outcome outcome 0: " in first
    assert "); left out\n" in first
    assert re.findall("policy [0-9a-f]{64}", first) == re.findall("policy [0-9a-f]{64}", second)
    assert re.findall("policy [0-9a-f]{64}", first) != re.findall("policy [0-9a-f]{64}", before)
    assert "the same bytes are stored since" in second


def test_show_and_explain_go_on_without_a_damaged_event(url: str, tmp_path: Path) -> None:
    damage(url, events.c.seq == OUTCOME)

    told = typed("policy", "show", "--html", str(tmp_path / "plots.html"))
    assert "trouble  1 event of the log could not be read: 2 (outcome outcome 0: " in told
    explained = typed("policy", "explain", "run0")
    assert "F2 chosen: " in explained
    assert "could not be read: 2 (outcome outcome 0" in explained
    assert "could not be read" not in typed("policy", "explain", "run1")


def test_what_a_newer_version_wrote_is_shown_and_not_learned_from(url: str) -> None:
    damage(url, events.c.seq == 1, with_body('{"v":2,"kind":"decision","body":{}}'))

    assert "it has schema 2, and this Pullwright reads 1); left out" in typed("policy", "show")
    with pytest.raises(Refused, match=r"1 event .* cannot be read: 1 \(decision .*: upgrade"):
        typed("learn")


def test_without_a_note_of_the_policy_nobody_decides_who_serves(url: str) -> None:
    seq = damage(url, events.c.kind == "policy tried")

    shown = typed("policy", "show")
    assert f"serves   {HAND}" in shown
    assert f"cannot be read: {seq} (policy tried policy:tried:" in shown
    assert "delete that row of ledger_events; the hand weights serve meanwhile" in shown
    gate = typed("policy", "gate")
    assert f"could not be read: {seq} (policy tried" in gate
    assert f"next attempt: 1 event of the log cannot be read: {seq} (policy tried" in gate
    name = stored(url)
    for words in (["learn"], ["policy", "rollback", name]):
        with pytest.raises(Refused, match=rf"cannot be read: {seq} \(policy tried .*backup"):
            typed(*words)


def stored(url: str) -> str:
    ledger = open_ledger(url)
    found = [v.version for v in ledger.policies.all() if v.status is PolicyStatus.PROMOTED]
    ledger.close()
    return found[0]


def test_a_version_with_a_status_that_nobody_knows_is_named(url: str) -> None:
    name = stored(url)
    database = connect(url, wait_s=5)
    with database.writing() as connection:
        connection.execute(policies.update().values(status="adored"))
    database.close()

    assert "'adored' is not a valid PolicyStatus" in typed("policy", "show")
    with pytest.raises(Refused, match=r"cannot be read .*restore the database from a backup"):
        typed("policy", "rollback", name)
