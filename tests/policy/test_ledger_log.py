"""The ledger's log and learning speak of the same things, on every database, in every order."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.sql_ledger import open_ledger
from bot.domain.event_forms import Observed, outcome_event, signal_event
from bot.domain.event_log import EventSource, LoggedEvent, Numbered
from bot.domain.ledger import PullKey
from bot.domain.outcomes import (
    CONTRADICTED,
    WORTH,
    Outcome,
    OutcomeRecord,
    Verdict,
    judge,
    to_log,
)
from bot.domain.pull_records import DecisionId, SuggestionId
from bot.domain.record_json import RecordUnreadable
from bot.domain.signals import Match, SignalKind
from bot.policy.choosing import PLACES
from bot.policy.event_log import BadEvent, DecisionLogged, OutcomeSeen, read_log, written
from bot.policy.learning import LearnSettings, learn
from bot.policy.ledger_log import decision_event, measured_event, policy_events, replayed
from bot.policy.rewards import RewardSettings, rewards
from bot.policy.vectors import Layout
from tests.domain.signal_values import MERGED, PULL, SUGGESTION, read, said
from tests.fakes.ledger import fake_ledger
from tests.policy.worlds import START, decision, outcome

LAYOUT = Layout(("unseen", "fixable"), core=("fixable",))
SETTINGS = LearnSettings(layout=LAYOUT, batch=10)
OBSERVED = Observed(START + timedelta(days=3), EventSource.POLL)


def decided(index: int, **changes: object) -> DecisionLogged:
    made = decision(index, LAYOUT, np.random.default_rng(index), **changes)
    assert isinstance(made, DecisionLogged)
    return made


def stored(count: int) -> list[LoggedEvent]:
    """Return decisions about places of repository 1, each with what became of it."""
    return [
        event
        for index in range(count)
        for event in (
            decision_event(
                decided(index, layout_version=PLACES.version, features=FITTING),
                PullKey(1, index // 2),
                OBSERVED,
            ),
            became(index, Outcome.APPLIED),
        )
    ]


FITTING = ((0.5,) * PLACES.size,) * 3


def became(
    index: int, kind: Outcome, *, days: float = 2, is_correction: bool = False
) -> LoggedEvent:
    verdict = Verdict(kind, WORTH[kind], is_final=True, by=index % 3 or None)
    record = OutcomeRecord(
        f"outcome {index} {kind}",
        START + timedelta(days=days, minutes=index),
        SuggestionId(f"s{index}"),
        DecisionId(f"d{index}"),
        verdict,
        is_correction,
    )
    return outcome_event(record, PullKey(1, index // 2), OBSERVED)


def a_log(count: int = 40) -> list[LoggedEvent]:
    """Return decisions of many pull requests with what became of them, and some corrections."""
    kinds = list(Outcome)
    log = [decision_event(decided(n), PullKey(1, n // 2), OBSERVED) for n in range(count)]
    log += [became(n, kinds[n % len(kinds)]) for n in range(count)]
    log += [became(n, Outcome.REVERTED, days=9, is_correction=True) for n in range(0, count, 7)]
    log += [signal_event(replace(MERGED, event_id=f"m{n}"), OBSERVED) for n in range(3)]
    seen = outcome(2, None, reward=0.5, event_id="tests", suggestion_id="tests of d2")
    assert isinstance(seen, OutcomeSeen)
    return [*log, measured_event(seen, PullKey(1, 1), OBSERVED)]


LOG = a_log()


def version_of(log: list[LoggedEvent]) -> str:
    ledger = fake_ledger()
    for event in log:
        ledger.events.append([event])
    return learn(replayed(ledger.events).events, SETTINGS, 7).weights.version


VERSION = version_of(LOG)


@settings(max_examples=10, deadline=None)
@given(st.permutations(LOG), st.integers(0, len(LOG)))
def test_a_log_that_came_in_another_order_or_was_sent_again_gives_the_same_weights(
    log: list[LoggedEvent], again: int
) -> None:
    redelivered = [replace(event, source=EventSource.WEBHOOK, delivery="2") for event in log]

    assert version_of([*log, *redelivered[:again]]) == VERSION


def test_the_log_of_every_database_gives_the_same_weights_from_its_beginning(sql_url: str) -> None:
    ledger = open_ledger(sql_url)
    assert ledger.events.append(LOG[::-1]) == len(LOG)
    assert ledger.events.append(LOG) == 0

    found = replayed(ledger.events)
    assert found.seq == len(LOG)
    assert learn(found.events, SETTINGS, 7).weights.version == VERSION
    ledger.close()


def test_weights_come_out_again_whatever_was_logged_after_them() -> None:
    ledger = fake_ledger()
    ledger.events.append(LOG)
    then = replayed(ledger.events)
    ledger.events.append([became(5, Outcome.REJECTED, days=20, is_correction=True)])

    assert replayed(ledger.events, upto=then.seq) == then
    assert replayed(ledger.events).events != then.events


def test_a_log_of_more_events_than_are_read_at_once_is_read_whole() -> None:
    ledger = fake_ledger()
    many = [replace(event, event_id=f"m{n}") for n, event in enumerate([LOG[-2]] * 2_345)]
    ledger.events.append([LOG[0], *many, LOG[1]])

    found = replayed(ledger.events)
    assert (len(found.events), found.seq) == (2, 2_347)


def test_an_event_whose_line_is_cut_off_waits_for_the_rest_of_it() -> None:
    lines = [written(event) for event in policy_events(numbered(LOG))]
    text = "\n".join(lines) + "\n"
    last = len(lines[-1])

    for cut in (1, 2, last // 2, last, last + 1):
        assert list(read_log(text[:-cut])) == list(policy_events(numbered(LOG)))[:-1]
    assert learn(read_log(text), SETTINGS, 7).weights.version == VERSION


def test_a_contradiction_costs_confidence_once() -> None:
    against = judge([read(Match.EXACT), said(SignalKind.DISLIKED), MERGED], SUGGESTION)
    assert against.worth.confidence == pytest.approx(0.9 * CONTRADICTED)
    record = to_log(
        against, [], suggestion=SUGGESTION, decision=DecisionId("d0"), closed_at=MERGED.occurred_at
    )
    assert record is not None

    log = [decision_event(decided(0), PULL, OBSERVED), outcome_event(record, PULL, OBSERVED)]
    (found,) = rewards(policy_events(numbered(log)), RewardSettings()).rewarded

    assert found.confidence == pytest.approx(0.9 * CONTRADICTED)


def test_an_outcome_of_a_person_is_not_stored_as_a_measured_one() -> None:
    seen = outcome(0, Outcome.APPLIED)
    assert isinstance(seen, OutcomeSeen)

    with pytest.raises(BadEvent, match="was not measured"):
        measured_event(seen, PULL, OBSERVED)


@pytest.mark.parametrize(
    "changes",
    [{"event_id": "other"}, {"kind": "measured"}, {"body": '{"v":1}'}, {"body": '{"v":2}'}],
)
def test_a_decision_that_does_not_fit_its_event_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(RecordUnreadable):
        list(policy_events(numbered([replace(LOG[0], **changes)])))


def numbered(log: list[LoggedEvent]) -> list[Numbered]:
    return [Numbered(seq, event) for seq, event in enumerate(log, 1)]


def test_what_a_repository_says_of_anothers_decision_teaches_nothing_and_is_named() -> None:
    log, own = fake_ledger().events, stored(2)
    stray = replace(became(0, Outcome.REJECTED, days=9, is_correction=True), pull=PullKey(2, 1))
    log.append([*own, stray])

    found = replayed(log)

    assert [event.event_id for event in found.events] == [each.event_id for each in own]
    [told] = found.left_out
    assert (told.seq, told.why) == (5, "d0 is a decision of another repository")


@pytest.mark.parametrize(
    "changes",
    [{"decision": "d1"}, {"event_id": "another", "decision": "d0"}],
)
def test_an_outcome_in_the_envelope_of_another_one_is_left_out(changes: dict[str, Any]) -> None:
    log = fake_ledger().events
    log.append([*stored(1), replace(became(0, Outcome.REJECTED, days=9), **changes)])

    assert [each.seq for each in replayed(log).left_out] == [3]


def test_a_decision_with_other_features_than_its_layout_costs_only_itself() -> None:
    log, own = fake_ledger().events, stored(2)
    odd = decided(0, layout_version=PLACES.version, features=((0.5,),) * 3)
    log.append([decision_event(odd, PullKey(1, 0), OBSERVED), *own[1:]])

    found = replayed(log)

    assert [event.event_id for event in found.events] == [each.event_id for each in own[2:]]
    assert [told.why for told in found.left_out] == [f"1 features, its layout has {PLACES.size}"]
