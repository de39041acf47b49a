from dataclasses import replace

import pytest

from bot.adapters.sql_ledger import open_ledger
from tests.adapters.ledger_contract import CONTRACT, NOW, PULL, RUN, Clause, a_run, an_ending


@pytest.mark.parametrize("clause", CONTRACT, ids=lambda clause: clause.__name__)
def test_the_database_keeps_the_contract(clause: Clause, sql_url: str) -> None:
    ledger = open_ledger(sql_url)

    clause(ledger)

    ledger.close()


def test_what_was_written_is_there_after_a_restart(sql_url: str) -> None:
    ledger = open_ledger(sql_url)
    ledger.runs.begin(a_run())
    ledger.runs.finish(RUN, an_ending())
    ledger.close()

    again = open_ledger(sql_url)

    assert again.reviewed.last(PULL) is not None
    again.close()


def test_a_time_without_a_zone_is_never_stored(sql_url: str) -> None:
    ledger = open_ledger(sql_url)
    with pytest.raises(ValueError, match="has no time zone"):
        ledger.runs.begin(replace(a_run(), started_at=NOW.replace(tzinfo=None)))
    ledger.close()
