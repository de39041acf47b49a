"""The paper's utility and its greedy choice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.policy import features
from bot.policy.selection import HAND_WEIGHTS, VERSION, Greedy, is_drawn, utility

VALUES = st.dictionaries(st.sampled_from(features.NAMES), st.floats(-1, 1), max_size=8)


def test_utility_is_the_weighted_sum_of_the_features() -> None:
    assert utility({"a": 2.0, "b": -1.0}, {"a": 0.5, "b": 0.25}) == pytest.approx(0.75)


def test_a_feature_without_a_weight_moves_nothing() -> None:
    assert utility({"a": 2.0}, {"a": 0.5, "unknown": 1.0}) == pytest.approx(1.0)


def test_the_tool_of_greatest_utility_is_picked() -> None:
    choice = Greedy({"a": 1.0}).pick({"low": {"a": 0.1}, "high": {"a": 0.9}})

    assert choice.tool == "high"
    assert choice.propensities == {"low": 0.0, "high": 1.0}


def test_a_tie_goes_to_the_first_name_so_that_a_run_repeats() -> None:
    assert Greedy({"a": 1.0}).pick({"b": {"a": 1.0}, "a": {"a": 1.0}}).tool == "a"


@given(st.dictionaries(st.text("abcdef", min_size=1), VALUES, min_size=1, max_size=5))
def test_contributions_sum_to_the_utility_of_every_tool(
    eligible: dict[str, dict[str, float]],
) -> None:
    choice = Greedy(HAND_WEIGHTS).pick(eligible)

    for tool, parts in choice.contributions.items():
        assert sum(parts.values()) == pytest.approx(choice.utilities[tool])
    assert choice.utilities[choice.tool] == max(choice.utilities.values())


def test_every_hand_weight_names_a_feature() -> None:
    assert set(HAND_WEIGHTS) == set(features.NAMES)


@given(st.floats(0, 1e9))
def test_features_of_cost_stay_in_the_unit_interval(seconds: float) -> None:
    assert 0 <= features.cost(seconds) <= 1
    assert 0 <= features.saturating(seconds, half=2) < 1 + 1e-12


@pytest.mark.parametrize(
    ("version", "expected"), [(VERSION, False), (f"{VERSION}-sampled", True), ("0a" * 32, True)]
)
def test_what_was_drawn_is_told_from_what_had_to_be(version: str, expected: bool) -> None:
    assert is_drawn(version) is expected
