"""From outcomes to rewards: what counts once, what counts not, and who counts how much."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.outcomes import WORTH, Outcome
from bot.domain.quiet import UNWANTED
from bot.policy.event_log import Event
from bot.policy.rewards import Rewards, RewardSettings, rewards
from bot.policy.vectors import Layout
from tests.policy.worlds import START, decision, history, outcome

LAYOUT = Layout(("a", "b"))
SETTINGS = RewardSettings()
LATER = START + timedelta(days=9)


def folded(*outcomes: Event, decisions: int = 1, **changes: object) -> Rewards:
    rng = np.random.default_rng(0)
    made = [decision(index, LAYOUT, rng, **changes) for index in range(decisions)]
    return rewards([*made, *outcomes], SETTINGS)


@pytest.mark.parametrize("kind", [kind for kind in Outcome if kind is not Outcome.CENSORED])
def test_an_outcome_is_worth_what_the_table_of_the_ledger_says(kind: Outcome) -> None:
    (found,) = folded(outcome(0, kind)).rewarded

    assert found.reward == pytest.approx(WORTH[kind].reward)
    assert found.confidence == pytest.approx(WORTH[kind].confidence)
    assert found.is_unwanted == (kind in UNWANTED)


@pytest.mark.parametrize("reward", [-0.3, 0.3])
def test_a_measured_outcome_is_worth_what_was_measured(reward: float) -> None:
    (found,) = folded(outcome(0, None, reward=reward)).rewarded

    assert (found.reward, found.confidence, found.is_unwanted) == (reward, 1.0, reward < 0)


def test_a_censored_outcome_is_no_reward() -> None:
    found = folded(outcome(0, Outcome.CENSORED))

    assert found.rewarded == ()
    assert found.censored == 1


def test_nothing_is_learned_before_the_pull_request_is_closed() -> None:
    assert folded(outcome(0, Outcome.APPLIED, is_final=False)).rewarded == ()


@given(st.permutations(range(3)), st.integers(-5, 5))
def test_a_correction_takes_the_place_of_the_final_outcome_whatever_the_clocks_say(
    order: list[int], skew: int
) -> None:
    seen = [
        outcome(0, Outcome.APPLIED),
        outcome(0, Outcome.IGNORED, event_id="again", occurred_at=LATER),
        outcome(
            0,
            Outcome.REVERTED,
            event_id="revert",
            is_correction=True,
            occurred_at=LATER + timedelta(days=skew),
        ),
    ]

    (found,) = folded(*(seen[index] for index in order)).rewarded

    assert found.reward == -1.0


def test_a_delivery_that_came_twice_counts_once() -> None:
    once = folded(outcome(0, Outcome.APPLIED))

    assert folded(outcome(0, Outcome.APPLIED), outcome(0, Outcome.APPLIED)) == once


def test_many_suggestions_earn_their_mean_and_more_than_three_cost() -> None:
    good = [outcome(0, Outcome.APPLIED, event_id=f"e{i}", suggestion_id=f"s{i}") for i in range(5)]

    assert folded(*good[:3]).rewarded[0].reward == 1.0
    assert folded(*good).rewarded[0].reward == pytest.approx(0.9)


def test_a_reward_stays_in_the_unit_interval_when_volume_costs() -> None:
    bad = [outcome(0, Outcome.REJECTED, event_id=f"e{i}", suggestion_id=f"s{i}") for i in range(9)]

    assert folded(*bad).rewarded[0].reward == -1.0


def test_an_outcome_of_an_unknown_decision_is_counted_and_not_learned() -> None:
    found = folded(outcome(7, Outcome.APPLIED))

    assert (found.rewarded, found.orphans) == ((), 1)


def test_a_contradicted_outcome_is_less_sure() -> None:
    (found,) = folded(outcome(0, Outcome.APPLIED, is_contradicted=True)).rewarded

    assert found.reward == 1.0
    assert found.confidence == pytest.approx(0.7)


def test_one_person_teaches_at_most_twenty_outcomes_a_day() -> None:
    flood = [
        outcome(i, Outcome.REJECTED, by="mallory", occurred_at=LATER + timedelta(seconds=i))
        for i in range(30)
    ]

    found = folded(*flood, decisions=30)

    assert (len(found.rewarded), found.over_the_limit) == (20, 10)


def test_one_person_has_at_most_thirty_percent_of_a_repository_that_many_teach() -> None:
    seen = [outcome(i, Outcome.APPLIED, by="loud") for i in range(20)]
    seen += [outcome(20 + i, Outcome.APPLIED, by=f"person {i}") for i in range(7)]

    found = folded(*seen, decisions=27, repo="r").rewarded

    weight = sum(each.confidence for each in found if int(each.decision.decision_id[1:]) < 20)
    assert weight / sum(each.confidence for each in found) == pytest.approx(0.3)


def test_the_only_maintainer_of_a_repository_may_teach_it() -> None:
    seen = [outcome(i, Outcome.APPLIED, by="ada") for i in range(10)]

    assert {each.confidence for each in folded(*seen, decisions=10).rewarded} == {1.0}


@given(st.lists(st.floats(0.1, 50), min_size=4, max_size=12))
def test_no_share_is_over_the_limit_whoever_teaches(weights: list[float]) -> None:
    from bot.policy.rewards import _limit  # noqa: PLC0415 - the rule itself, without its events

    limit = _limit({f"p{i}": weight for i, weight in enumerate(weights)}, 0.3)

    cut = [min(weight, limit) for weight in weights]
    assert max(cut) <= 0.3 * sum(cut) * (1 + 1e-9)


@given(st.permutations(history(12, LAYOUT)), st.integers(0, 24))
def test_order_and_repetition_change_no_reward(events: list[Event], again: int) -> None:
    assert rewards([*events, *events[:again]], SETTINGS) == rewards(history(12, LAYOUT), SETTINGS)
