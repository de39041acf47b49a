"""A signal and an outcome come back from the log as they went in."""

from dataclasses import replace

from hypothesis import given, settings

from bot.domain.event_forms import (
    Observed,
    outcome_event,
    outcome_in,
    outcomes_of,
    signal_event,
    signals_of,
)
from bot.domain.event_log import EventSource, Numbered
from bot.domain.outcomes import judge, to_log
from bot.domain.pull_records import DecisionId
from bot.domain.signals import Match, Signal
from tests.domain.signal_values import MERGED, POSTED, PULL, SUGGESTION, read
from tests.domain.test_outcome_properties import SETS

OBSERVED = Observed(POSTED, EventSource.POLL, "guid")


@settings(max_examples=100, deadline=None)
@given(SETS)
def test_the_log_gives_back_the_signals_and_so_the_outcome(signals: list[Signal]) -> None:
    log = [Numbered(n, signal_event(s, OBSERVED)) for n, s in enumerate(signals, 1)]

    assert signals_of(log) == signals
    assert judge(signals_of(log), SUGGESTION) == judge(signals, SUGGESTION)


def test_an_outcome_comes_back_with_its_decision() -> None:
    verdict = judge([read(Match.EXACT), MERGED], SUGGESTION)
    record = to_log(
        verdict, [], suggestion=SUGGESTION, decision=DecisionId("r.1"), closed_at=POSTED
    )
    assert record is not None
    event = outcome_event(record, PULL, OBSERVED)

    assert outcomes_of([Numbered(1, event)]) == [record]
    assert (event.decision, event.suggestion) == ("r.1", SUGGESTION)


def test_only_an_outcome_has_an_outcome() -> None:
    verdict = judge([read(Match.EXACT), MERGED], SUGGESTION)
    record = to_log(
        verdict, [], suggestion=SUGGESTION, decision=DecisionId("r.1"), closed_at=POSTED
    )
    assert record is not None
    event = outcome_event(record, PULL, OBSERVED)

    assert outcome_in(event) is verdict.outcome
    assert outcome_in(signal_event(MERGED, OBSERVED)) is None
    assert outcome_in(replace(event, body='{"verdict":{"outcome":"painted"}}')) is None
