"""A row of the ledger that cannot be read costs its own record, and is named to the operator."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.adapters.run_files import RunFiles
from bot.adapters.sql_ledger import open_ledger
from bot.adapters.sql_ledger_database import connect
from bot.adapters.sql_ledger_schema import events, suggestions
from bot.agent.export.anonymous import Anonymiser
from bot.agent.export.gathering import Gathering, Wishes
from bot.domain.anonymity import Namer
from bot.domain.export import Exported, Format, LeftOut, exported
from bot.domain.export_card import unreadable
from bot.domain.outcomes import Outcome
from bot.domain.secret_scan import SecretScan
from tests.agent.export.runs import NOW, World, a_finding
from tests.agent.export.test_gathering import of


class Strict(World):
    """A world whose ids of runs are checked as those of files are."""

    def has(self, run_id: str) -> bool:
        RunFiles(Path("/nowhere")).has(run_id)
        return super().has(run_id)


def cut(record: str) -> str:
    return record[:-9]


def of_no_run(record: str) -> str:
    return json.dumps({**json.loads(record), "run_id": "../../etc"})


def an_export(tmp_path: Path, table: sa.Table, how: Callable[[str], str]) -> tuple[Exported, str]:
    """Export two decided patches of a pull request, a row of the first one damaged."""
    url = f"sqlite:///{tmp_path}/l.db"
    world = Strict(ledger=open_ledger(url))
    for new in ("    return total\n", "    return bill\n"):
        world.became(world.keep(a_finding(of(new))), Outcome.APPLIED)
    database = connect(url, wait_s=5)
    with database.writing() as connection:
        row = connection.execute(table.select()).first()
        assert row is not None
        is_it = table.c.record == row.record
        connection.execute(table.update().where(is_it).values(record=how(row.record)))
    database.close()
    wishes = Wishes(NOW.replace(year=2000), NOW, 0.8, agreed=world.agreed)
    gathering = Gathering(world.ledger, world, Anonymiser(Namer(bytes(32)), SecretScan(())), wishes)
    found = exported(Format.KTO, gathering.samples(), gathering.left_out, least=0.8)
    world.ledger.close()
    [line] = unreadable(replace(found, unreadable=tuple(gathering.unreadable)))
    return found, line


@pytest.mark.parametrize(
    ("table", "how", "why", "name"),
    [
        (suggestions, cut, LeftOut.BAD_RECORD, "cannot be read: suggestion "),
        (suggestions, of_no_run, LeftOut.BAD_RECORD, "etc is not the id of a run"),
        (events, cut, LeftOut.BAD_EVENT, "cannot be read: event 1 (outcome "),
    ],
)
def test_one_bad_row_is_left_out_counted_and_named(
    tmp_path: Path, table: sa.Table, how: Callable[[str], str], why: LeftOut, name: str
) -> None:
    found, line = an_export(tmp_path, table, how)

    assert len(found.files["kto.jsonl"]) == 1
    assert found.left_out == {why: 1}
    assert name in line
    assert line.endswith("; restore it from a backup")


def test_of_many_rows_five_are_named_and_the_rest_is_counted() -> None:
    nothing = exported(Format.DPO, [], Counter(), least=0.8)
    found = replace(nothing, unreadable=tuple(f"event {n}" for n in range(9)))

    told = unreadable(found)

    assert [line[:24] for line in told[:5]] == [f"cannot be read: event {n};" for n in range(5)]
    assert told[5:] == ["4 more rows cannot be read; mend these first"]
