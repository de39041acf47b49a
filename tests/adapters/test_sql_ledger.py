from dataclasses import replace
from itertools import count

import pytest

from bot.adapters.sql_ledger import open_ledger
from bot.domain.findings import FindingId
from bot.domain.identity import reconcile
from bot.domain.ledger import KnownFinding, Reconciled, Thread
from bot.errors import Retryable
from tests.adapters.ledger_contract import CONTRACT
from tests.adapters.ledger_values import (
    NOW,
    PULL,
    RUN,
    Clause,
    a_finding,
    a_look,
    a_run,
    an_ending,
    seen,
)


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


def test_findings_that_others_write_all_the_time_are_a_reason_to_wait(sql_url: str) -> None:
    ledger = open_ledger(sql_url)
    seen(ledger, a_finding())
    numbers = count()

    def disturbed(known: tuple[KnownFinding, ...]) -> Reconciled:
        ledger.findings.attach_thread(PULL, FindingId("F1"), Thread("node", next(numbers)))
        return reconcile(known, a_look(a_finding()))

    with pytest.raises(Retryable, match="pull request 7 are being written by others"):
        ledger.findings.revise(PULL, disturbed)
    ledger.close()
