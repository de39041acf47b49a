"""Picking by learned weights: propensities that can be recomputed, parts that sum to U."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.policy import features
from bot.policy.learning import LearnSettings, learn
from bot.policy.rows import Rows
from bot.policy.selection import HAND_WEIGHTS, Greedy
from bot.policy.serving import UNCERTAINTY, Sampled
from bot.policy.vectors import BIAS, BadFeatures, Layout
from bot.policy.weights import read_weights
from tests.policy.worlds import history

LAYOUT = Layout((*features.NAMES, f"{BIAS}lint"), core=("fixable", "seconds"))
WEIGHTS = learn(history(120, LAYOUT), LearnSettings(layout=LAYOUT), 3).weights
LEARNED = Sampled.learned(WEIGHTS)
VALUES = st.dictionaries(st.sampled_from(features.NAMES), st.floats(-1, 1), max_size=8)
ELIGIBLE = st.dictionaries(st.sampled_from(["lint", "test", "verify", "fix"]), VALUES, min_size=1)


@given(ELIGIBLE, st.text(max_size=8), st.sampled_from(["r0", "r1", "unknown"]))
def test_contributions_sum_to_the_utility_that_was_sampled(
    eligible: dict[str, dict[str, float]], decision_id: str, repo: str
) -> None:
    choice = LEARNED.pick(eligible, decision_id=decision_id, repo=repo)

    assert choice.tool in eligible
    assert abs(sum(choice.propensities.values()) - 1) <= 1e-12
    for tool, parts in choice.contributions.items():
        assert abs(sum(parts.values()) - choice.utilities[tool]) <= 1e-9


@given(ELIGIBLE, st.text(max_size=8))
def test_stored_weights_give_the_logged_propensities_again(
    eligible: dict[str, dict[str, float]], decision_id: str
) -> None:
    logged = LEARNED.pick(eligible, decision_id=decision_id, repo="r1")
    stored = Sampled.learned(read_weights(WEIGHTS.blob(), LAYOUT))

    again = stored.pick(eligible, decision_id=decision_id, repo="r1")

    assert again.tool == logged.tool
    assert again.policy_version == logged.policy_version
    for tool, propensity in logged.propensities.items():
        assert abs(again.propensities[tool] - propensity) <= 1e-9


def test_the_gate_sees_the_propensities_that_were_served() -> None:
    eligible = {"lint": {"unseen": 0.5}, "test": {"red_tests": 1.0}, "verify": {}}
    choice = LEARNED.pick(eligible, decision_id="d", repo="r1")
    tools, matrix = LAYOUT.rows(eligible)

    rows = Rows(
        features=matrix[np.newaxis],
        mask=np.ones((1, 3), dtype=bool),
        chosen=np.zeros(1, dtype=np.intp),
        propensities=np.ones(1),
        rewards=np.zeros(1),
        confidence=np.ones(1),
        unwanted=np.zeros(1, dtype=bool),
        pull_requests=np.array(["p"]),
        repos=np.array(["r1"]),
        at=np.zeros(1),
        tools=np.array([tools]),
    )

    served = [choice.propensities[tool] for tool in tools]
    assert LEARNED.probabilities(rows)[0] == pytest.approx(served, abs=1e-9)


def test_a_new_repository_is_served_by_the_shared_weights() -> None:
    eligible = {"fix": {"fixable": 1.0}, "finish": {}}

    known, new = (
        LEARNED.pick(eligible, decision_id="d", repo=repo).utilities["fix"] for repo in ("r0", "?")
    )

    assert known != new


def test_finish_is_the_reference_at_zero() -> None:
    choice = LEARNED.pick({"lint": {"unseen": 1.0}, "finish": {}}, decision_id="d", repo="r0")

    assert choice.utilities["finish"] == 0.0
    assert UNCERTAINTY in choice.contributions["lint"]


@given(ELIGIBLE)
def test_the_shadow_prefers_what_the_hand_weights_prefer(
    eligible: dict[str, dict[str, float]],
) -> None:
    shadow = Sampled.by_hand(Layout()).pick(eligible, decision_id="d", repo="r")
    greedy = Greedy(HAND_WEIGHTS).pick(eligible)

    most = max(shadow.propensities.values())
    assert shadow.propensities[greedy.tool] == pytest.approx(most, abs=1e-9)
    assert min(shadow.propensities.values()) >= 0.01 / len(eligible) * (1 - 1e-12)


@pytest.mark.parametrize("repo", ["r0", "r1", "unknown"])
def test_the_actor_serves_its_own_weights_in_each_repository(repo: str) -> None:
    features = {"fixable": 0.5, "unseen": 0.25}
    acting = Sampled.acting(WEIGHTS).pick({"fix": features}, decision_id="d", repo=repo)

    theta, places = WEIGHTS.theta, LAYOUT.places
    own = float(WEIGHTS.own[repo][0]) if repo in WEIGHTS.own else 0.0
    fixable = 0.5 * (theta[places["fixable"]] + own)
    assert (own != 0.0) is (repo != "unknown")
    assert acting.contributions["fix"] == pytest.approx(
        {"fixable": fixable, "unseen": 0.25 * theta[places["unseen"]]}
    )
    assert acting.utilities["fix"] == pytest.approx(sum(acting.contributions["fix"].values()))


def test_a_feature_without_a_place_is_refused() -> None:
    with pytest.raises(BadFeatures, match="mood"):
        LEARNED.pick({"lint": {"mood": 1.0}}, decision_id="d", repo="r")


@pytest.mark.parametrize("layout", [("a", "a"), ("a", "b")])
def test_a_layout_that_contradicts_itself_is_refused(layout: tuple[str, ...]) -> None:
    with pytest.raises(BadFeatures):
        Layout(layout, core=("c",))
