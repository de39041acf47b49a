"""The gate: what it lets through, what not, and what it writes down."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from bot.policy.gate import Candidate, GateRecord, GateSettings, Incumbent, attempt, too_soon
from bot.policy.holdout import Training
from bot.policy.rows import Rows
from bot.policy.vectors import Matrix
from tests.policy.gating import Softmaxed, fixed_at, gate_runs, learned, promoted
from tests.policy.worlds import START, World

WORLD = World.drawn(11)
NULL = World(np.zeros(8), World.drawn(3).logging)


def failed(record: GateRecord) -> set[str]:
    return {check.name for check in record.checks if not check.is_met}


def test_where_no_tool_matters_a_trained_candidate_is_rarely_promoted() -> None:
    assert promoted(gate_runs(NULL, 30)) <= 0.1


def test_a_policy_that_is_better_by_a_tenth_is_promoted() -> None:
    assert promoted(gate_runs(WORLD, 25, candidate=fixed_at(11, 0.11)[1])) >= 0.8


def test_a_policy_that_is_worse_by_a_fiftieth_is_not() -> None:
    assert promoted(gate_runs(WORLD, 40, candidate=fixed_at(11, -0.02)[1])) <= 0.02


def test_a_policy_that_is_the_same_is_not_promoted_however_long_the_log() -> None:
    records = gate_runs(WORLD, 5, count=4000, candidate=WORLD.logging + 1e-6)

    assert promoted(records) == 0.0


def test_what_is_judged_was_not_seen_in_training() -> None:
    seen: list[set[str]] = []
    judged: list[set[str]] = []

    def train(training: Training) -> Candidate:
        seen.append(set(training.rows.pull_requests))
        target = Softmaxed(learned(training, WORLD.logging, passes=2))

        def watched(rows: Rows) -> Matrix:
            judged.append(set(rows.pull_requests))
            return target(rows)

        return Candidate("watched", watched, target.theta)

    rows = WORLD.log(np.random.default_rng(0), 700)
    attempt(
        rows,
        train,
        Incumbent("logging", Softmaxed(WORLD.logging)),
        at=START,
        settings=GateSettings(),
    )

    assert len(seen) == 1
    assert judged
    assert not any(seen[0] & each for each in judged)


def tried(count: int = 1000, **changes: object) -> GateRecord:
    better = fixed_at(11, 0.11)[1]
    parts: dict[str, object] = {"version": "c", "target": Softmaxed(better), "theta": better}
    candidate = Candidate(**(parts | changes))  # type: ignore[arg-type]
    return attempt(
        WORLD.log(np.random.default_rng(1), count),
        lambda _: candidate,
        Incumbent("logging", Softmaxed(WORLD.logging)),
        at=START,
        settings=GateSettings(),
    )


def test_a_promotion_says_what_it_gains() -> None:
    record = tried()

    assert record.is_promoted
    assert record.why[0].startswith("gains 0.1")


def test_a_short_log_promotes_nothing_and_says_why() -> None:
    record = tried(500)

    assert failed(record) == {"rewards"}
    assert record.why == ("rewards: 500, limit 600",)


def test_an_empty_log_promotes_nothing() -> None:
    assert failed(tried(0)) == {"rewards"}


@pytest.mark.parametrize("bad", [np.nan, np.inf, 11.0])
def test_weights_that_are_not_finite_or_too_large_are_not_promoted(bad: float) -> None:
    assert failed(tried(theta=np.full(1, bad))) == {"size of the weights"}


def test_a_cost_that_became_a_benefit_is_not_promoted() -> None:
    theta = np.array([0.5, -0.5])

    assert failed(tried(theta=theta, pinned={0: -1, 1: -1})) == {"flipped signs"}
    assert tried(theta=theta, pinned={1: -1}).is_promoted


def test_a_policy_that_always_takes_one_tool_is_not_promoted() -> None:
    def single(rows: Rows) -> Matrix:
        only = np.zeros(rows.mask.shape)
        only[:, 0] = 1.0
        return only

    assert "shift of a tool" in failed(tried(target=single))


def test_where_little_of_the_log_speaks_nothing_is_promoted() -> None:
    world = replace(WORLD, logging=-3 * WORLD.truth)
    records = gate_runs(world, 3, candidate=8 * WORLD.truth, count=600)

    assert all("effective rows" in failed(record) for record in records)


@pytest.mark.parametrize(
    ("days", "more", "is_refused"), [(6, 500, True), (8, 99, True), (8, 100, False)]
)
def test_attempts_are_at_least_a_week_and_a_hundred_rewards_apart(
    days: int, more: int, *, is_refused: bool
) -> None:
    last = tried()
    why = too_soon(
        [last],
        at=START + timedelta(days=days),
        rewards=last.rewards + more,
        settings=GateSettings(),
    )

    assert (why is not None) == is_refused


def test_the_first_attempt_is_never_too_soon() -> None:
    assert too_soon([], at=START, rewards=0, settings=GateSettings()) is None


def test_a_gain_in_reward_that_is_not_useful_to_more_people_is_not_promoted() -> None:
    better = fixed_at(11, 0.11)[1]
    rows = WORLD.log(np.random.default_rng(1), 1000)
    parts = {name: getattr(rows, name) for name in Rows.__dataclass_fields__}

    record = attempt(
        Rows(**{**parts, "unwanted": rows.rewards > 0}),
        lambda _: Candidate("c", Softmaxed(better), better),
        Incumbent("logging", Softmaxed(WORLD.logging)),
        at=START,
        settings=GateSettings(),
    )

    assert failed(record) == {"rise of the not-useful rate"}
