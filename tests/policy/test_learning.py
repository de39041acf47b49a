"""learn: the same log gives the same bytes, and what must not teach does not."""

import hashlib
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.outcomes import Outcome
from bot.policy.convergence import Phase
from bot.policy.event_log import DecisionLogged, Event, How
from bot.policy.learning import LearnSettings, learn, rows_of
from bot.policy.rewards import RewardSettings, rewards
from bot.policy.vectors import Layout, hand_weights
from bot.policy.weights import WeightsUnreadable, read_weights
from tests.policy.worlds import START, decision, history, outcome

LAYOUT = Layout(("unseen", "fixable", "seconds", "repeat"), core=("fixable",))
SETTINGS = LearnSettings(layout=LAYOUT, batch=10)
LOG = history(80, LAYOUT)


def test_replaying_the_log_gives_the_same_bytes() -> None:
    first, second = learn(LOG, SETTINGS, 7), learn(history(80, LAYOUT), SETTINGS, 7)

    assert first.weights.blob() == second.weights.blob()
    assert first.weights.version == second.weights.version


@given(st.permutations(LOG), st.integers(0, 160))
@settings(max_examples=15, deadline=None)
def test_a_log_that_arrived_in_another_order_or_twice_gives_the_same_bytes(
    events: list[Event], again: int
) -> None:
    found = learn([*events, *events[:again]], SETTINGS, 7)

    assert found.weights.blob() == learn(LOG, SETTINGS, 7).weights.blob()


@pytest.mark.parametrize(
    "other", [(SETTINGS, 8), (replace(SETTINGS, batch=11), 7), (replace(SETTINGS, hand={}), 7)]
)
def test_another_seed_or_setting_is_another_version(other: tuple[LearnSettings, int]) -> None:
    assert learn(LOG, *other).weights.version != learn(LOG, SETTINGS, 7).weights.version


def test_an_empty_log_gives_the_hand_weights() -> None:
    found = learn([], SETTINGS, 0)

    assert found.weights.theta.tolist() == hand_weights(LAYOUT).tolist()
    assert found.weights.critic.mean == pytest.approx(hand_weights(LAYOUT), abs=1e-15)
    assert found.phase is Phase.WARMING


def test_censored_outcomes_teach_nothing() -> None:
    rng = np.random.default_rng(1)
    more = [decision(900, LAYOUT, rng), outcome(900, Outcome.CENSORED)]

    assert (
        learn([*LOG, *more], SETTINGS, 7).weights.blob() == learn(LOG, SETTINGS, 7).weights.blob()
    )


def test_greedy_decisions_teach_the_critic_and_never_the_actor() -> None:
    greedy = history(80, LAYOUT, how=How.GREEDY)
    found = learn(greedy, SETTINGS, 7)

    assert len(rows_of(rewards(greedy, RewardSettings()).rewarded, LAYOUT)) == 0
    assert found.weights.theta.tolist() == hand_weights(LAYOUT).tolist()
    assert np.abs(found.weights.critic.mean - hand_weights(LAYOUT)).max() > 0.01
    assert found.greedy == len(found.rewards.rewarded) > 0


def test_sampled_decisions_teach_both() -> None:
    found = learn(LOG, SETTINGS, 7).weights

    assert np.abs(found.theta - hand_weights(LAYOUT)).max() > 0.01


def test_decisions_under_other_features_are_counted_and_not_mixed_in() -> None:
    other = history(30, Layout(("x", "y")), seed=3)
    found = learn(other, SETTINGS, 7)

    assert found.other_layouts == len(found.rewards.rewarded) > 0
    assert found.weights.rewards == 0


def test_a_correction_is_learned_by_folding_again() -> None:
    revert = outcome(3, Outcome.REVERTED, event_id="revert:3", is_correction=True)
    without = [event for event in LOG if event.event_id != "close:3"]

    found = learn([*LOG, revert], SETTINGS, 7)

    assert found.weights.blob() == learn([*without, revert], SETTINGS, 7).weights.blob()


def test_stored_weights_are_read_back_byte_for_byte() -> None:
    found = learn(LOG, SETTINGS, 7).weights

    again = read_weights(found.blob(), LAYOUT)

    assert set(found.critic.offsets) == set(found.own) == {"r0", "r1"}
    assert {repo: own.tolist() for repo, own in again.own.items()} == {
        repo: own.tolist() for repo, own in found.own.items()
    }
    assert again.blob() == found.blob()


def test_weights_that_were_stored_before_the_actor_had_offsets_keep_their_name() -> None:
    # What was written then: a header without "acting", and numbers that end with the critic's.
    header, _, rest = learn(LOG, SETTINGS, 7).weights.blob().partition(b"\n")
    header = header.replace(b'"acting":["r0","r1"],', b"").replace(b'"format":2', b'"format":1')
    before = header + b"\n" + rest[: -2 * 8]

    found = read_weights(before, LAYOUT)

    assert found.own == {}
    assert found.blob() == before
    assert found.version == hashlib.sha256(before).hexdigest()


def damaged(blob: bytes) -> dict[str, bytes]:
    header, _, rest = blob.partition(b"\n")
    return {
        "cut": blob[:-1],
        "longer": blob + b"\0" * 8,
        "no header": rest,
        "empty": b"",
        "other format": header.replace(b'"format":2', b'"format":3') + b"\n" + rest,
        "told to be older": header.replace(b'"format":2', b'"format":1') + b"\n" + rest,
        "of one repository less": header.replace(b'"acting":["r0",', b'"acting":[') + b"\n" + rest,
        "without repositories": header.replace(b'"acting"', b'"other"') + b"\n" + rest,
        "format of no kind": header.replace(b'"format":2', b'"format":[2]') + b"\n" + rest,
        "not finite": blob[:-8] + np.array([np.nan]).tobytes(),
        "not json": b"{" + blob,
    }


@pytest.mark.parametrize("kind", sorted(damaged(b"\n")))
def test_damaged_weights_are_refused(kind: str) -> None:
    blob = damaged(learn(LOG, SETTINGS, 7).weights.blob())[kind]

    with pytest.raises(WeightsUnreadable):
        read_weights(blob, LAYOUT)


def test_weights_for_other_features_are_refused() -> None:
    with pytest.raises(WeightsUnreadable, match="learn anew"):
        read_weights(learn(LOG, SETTINGS, 7).weights.blob(), Layout(("a",)))


def measured(count: int, *, turn: int) -> list[Event]:
    """Return a log in which what earned a reward costs one from the turn on."""
    rng, events = np.random.default_rng(5), []
    for index in range(count):
        features = ((0.0, 1.0, 0.0, 0.0), (0.0,) * 4, (0.0,) * 4)
        made = decision(index, LAYOUT, rng, features=features, chosen=0)
        assert isinstance(made, DecisionLogged)
        reward = 0.8 if index < turn else -0.8
        at = START + timedelta(days=2, minutes=index)
        events += [made, outcome(index, None, reward=reward, occurred_at=at)]
    return events


def test_drift_raises_an_alarm_and_is_reported() -> None:
    found = learn(measured(1200, turn=1100), SETTINGS, 0)

    assert found.drift.alarms >= 1
    assert found.phase is Phase.DRIFTING


def test_without_drift_there_is_no_alarm() -> None:
    found = learn(measured(700, turn=700), SETTINGS, 0)

    assert found.drift.alarms == 0
    assert found.phase in {Phase.CONVERGING, Phase.CONVERGED}
