"""From a log of events to a promoted policy that serves, and what each half may see."""

from datetime import timedelta

import numpy as np
import pytest

from bot.domain.outcomes import Outcome
from bot.policy.event_log import DecisionLogged, Event, How, OutcomeSeen
from bot.policy.gate import GateSettings, Incumbent, attempt
from bot.policy.learning import Learned, LearnSettings, learn, rows_of
from bot.policy.promotion import PolicyVersion, Status, Versions
from bot.policy.returns import discounted, value_by_version
from bot.policy.rewards import RewardSettings, rewards
from bot.policy.serving import Sampled
from bot.policy.softmax import propensities, sampled
from bot.policy.training import of_pull_requests, trainer
from bot.policy.vectors import Layout
from bot.policy.weights import read_weights
from tests.policy.worlds import LOGGING, START, decision, outcome

LAYOUT = Layout(("fixable", "unread", "seconds"))
SETTINGS = LearnSettings(layout=LAYOUT, hand={})
TRUTH = np.array([0.2, 0.6, 0.0])


def lived(count: int, seed: int) -> list[Event]:
    """Return a log of even choices in a world where what is unread is liked."""
    rng, events = np.random.default_rng(seed), []
    for index in range(count):
        features = rng.uniform(-1, 1, (3, 3)).round(6)
        pi = propensities(np.zeros(3), LOGGING)
        chosen = sampled(pi, float(rng.random()))
        liked = rng.random() < (1 + float(features[chosen] @ TRUTH)) / 2
        changes = {"chosen": chosen, "propensities": tuple(pi.tolist())}
        rows = tuple(tuple(row) for row in features.tolist())
        events.append(decision(index, LAYOUT, rng, features=rows, **changes))
        kind = Outcome.APPLIED if liked else Outcome.REJECTED
        events.append(outcome(index, kind))
    return events


LOG = lived(1600, 4)
EVEN = Sampled(LAYOUT, learn([], SETTINGS, 0).weights.critic, "even", LOGGING, 0.0)


def test_a_log_becomes_a_policy_that_serves() -> None:
    kept: list[Learned] = []
    first = PolicyVersion("even", None, b"", START, Status.SERVING, None)
    rows = rows_of(rewards(LOG, RewardSettings()).rewarded, LAYOUT)

    record = attempt(
        rows,
        trainer(LOG, SETTINGS, 1, kept),
        Incumbent("even", EVEN.probabilities),
        at=START,
        settings=GateSettings(),
    )
    versions = Versions((first,)).promoted(kept[0].weights.blob(), record)

    serving = read_weights(versions.serving.blob, LAYOUT)
    choice = Sampled.learned(serving).pick(
        {"a": {"unread": 1.0}, "b": {"unread": -1.0}}, decision_id="d", repo="r"
    )
    assert versions.serving.version == serving.version
    assert choice.propensities["a"] > 0.9


def test_a_candidate_learns_nothing_from_the_half_it_is_judged_by() -> None:
    kept: list[Learned] = []
    rows = rows_of(rewards(LOG, RewardSettings()).rewarded, LAYOUT)
    newer = {event.decision_id for event in LOG[len(LOG) // 2 + 2 :]}
    spoiled = [
        outcome(int(event.decision_id[1:]), Outcome.REJECTED)
        if isinstance(event, OutcomeSeen) and event.decision_id in newer
        else event
        for event in LOG
    ]

    for log in (LOG, spoiled):
        attempt(
            rows,
            trainer(log, SETTINGS, 1, kept),
            Incumbent("even", EVEN.probabilities),
            at=START,
            settings=GateSettings(),
        )

    assert kept[0].weights.blob() == kept[1].weights.blob()


def test_events_of_other_pull_requests_are_left_out() -> None:
    found = of_pull_requests(LOG[:20], {"p1", "p3"})

    assert {e.pull_request for e in found if isinstance(e, DecisionLogged)} == {"p1", "p3"}
    assert len(found) == 8


def test_the_value_of_a_version_is_the_mean_of_its_own_rewards() -> None:
    rng = np.random.default_rng(0)
    log = [
        decision(index, LAYOUT, rng, policy_version="new" if index < 2 else "old", how=How.GREEDY)
        for index in range(4)
    ]
    kinds = (Outcome.APPLIED, Outcome.APPLIED, Outcome.REJECTED, Outcome.APPLIED)
    log += [outcome(index, kind) for index, kind in enumerate(kinds)]

    found = value_by_version(rewards(log, RewardSettings()).rewarded)

    assert {version: each.value for version, each in found.items()} == {"new": 1.0, "old": 0.0}
    assert found["old"].rows == 2


def test_the_return_of_an_episode_is_discounted_by_step() -> None:
    assert discounted([1.0, 2.0, 4.0], 0.5) == 3.0
    assert discounted([]) == 0.0


@pytest.mark.parametrize("late", [timedelta(0), timedelta(days=40)])
def test_a_clock_that_is_wrong_moves_no_decision_to_another_pull_request(late: timedelta) -> None:
    rng = np.random.default_rng(0)
    log = [decision(0, LAYOUT, rng, occurred_at=START + late), outcome(0, Outcome.APPLIED)]

    assert len(rewards(log, RewardSettings()).rewarded) == 1
