"""How fast the policy decides, learns one reward, and folds a long log.

Goals: a decision under 200 microseconds and an update under 300 with d = 80 (64 shared features and
16 of the repository), one thread, the median of many; 10^6 events folded in under 60 CPU seconds,
and ten times the events in at most 12 times the time.

    OMP_NUM_THREADS=1 python benchmarks/policy_speed.py [events]
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import numpy as np

from bot.domain.outcomes import Outcome
from bot.policy.actor import Actor, ActorSettings
from bot.policy.critic import Critic, CriticSettings
from bot.policy.event_log import DecisionLogged, Event, How, OutcomeSeen
from bot.policy.learning import LearnSettings, learn
from bot.policy.rows import Rows
from bot.policy.serving import Sampled
from bot.policy.vectors import Layout
from bot.policy.weights import Weights

LAYOUT = Layout(tuple(f"f{index}" for index in range(64)), tuple(f"f{i}" for i in range(16)))
TOOLS = ("autofix", "none", "repair", "rewrite")
MANY_TOOLS = tuple(f"tool {index}" for index in range(10))
REPOS = 20
START = datetime(2026, 1, 5, tzinfo=UTC)
ROUNDS = 400
BATCH = LearnSettings().batch
GOAL_DECISION_US, GOAL_UPDATE_US, GOAL_FOLD_S, GOAL_GROWTH = 200, 300, 60, 12


def microseconds(work: Callable[[int], object]) -> float:
    """Return the median CPU time of one call."""
    taken = []
    for index in range(ROUNDS):
        before = time.process_time_ns()
        work(index)
        taken.append((time.process_time_ns() - before) / 1000)
    return statistics.median(taken)


def taught() -> Critic:
    """Return a critic that has heard of every repository."""
    rng = np.random.default_rng(0)
    critic = Critic(LAYOUT, np.zeros(64), CriticSettings())
    for index in range(40 * REPOS):
        critic.add(rng.uniform(-1, 1, 64), f"repo {index % REPOS}", reward=rng.uniform(-1, 1))
    return critic


def decision_us() -> float:
    """Return the time of one explained decision among ten tools with six features each."""
    rng = np.random.default_rng(1)
    weights = taught().weights()
    learned = Weights(LAYOUT, weights, np.zeros(64), np.zeros(64), 800, "speed", 0)
    policy = Sampled.learned(learned)
    eligible = {
        tool: {f"f{i}": float(rng.uniform(-1, 1)) for i in rng.choice(64, 6, replace=False)}
        for tool in MANY_TOOLS
    }
    return microseconds(lambda i: policy.pick(eligible, decision_id=f"d{i}", repo="repo 3"))


def update_us() -> float:
    """Return the time of one reward with forgetting, and of solving for the new weights."""
    rng = np.random.default_rng(2)
    critic, features = taught(), rng.uniform(-1, 1, (ROUNDS, 64))

    def update(index: int) -> None:
        critic.add(features[index], f"repo {index % REPOS}", reward=0.5)

    return microseconds(update)


def step_us(rewards: int) -> float:
    """Return the time of a step of the actor, for each of the rewards that it is made of."""
    rng = np.random.default_rng(4)
    settings, batches = ActorSettings(), [_batch(rng, rewards) for _ in range(20)]
    baseline = np.zeros(rewards)
    actor = Actor.at(np.zeros(64), LAYOUT)

    def step(index: int) -> None:
        nonlocal actor
        rows = batches[index % len(batches)]
        actor = actor.after(rows, actor.gradient(rows, baseline, settings), settings)

    return microseconds(step) / rewards


def _batch(rng: np.random.Generator, rewards: int) -> Rows:
    """Return decisions among as many tools as there are fixers, of all repositories in turn."""
    tools = len(TOOLS)
    return Rows(
        features=rng.uniform(-1, 1, (rewards, tools, 64)),
        mask=np.ones((rewards, tools), dtype=bool),
        chosen=rng.integers(tools, size=rewards),
        propensities=np.full(rewards, 1 / tools),
        rewards=rng.uniform(-1, 1, rewards),
        confidence=np.ones(rewards),
        unwanted=np.zeros(rewards, dtype=bool),
        pull_requests=np.full(rewards, "p"),
        repos=np.array([f"repo {index % REPOS}" for index in range(rewards)]),
        at=np.zeros(rewards),
        tools=np.tile(np.array(TOOLS), (rewards, 1)),
    )


def solve_us() -> float:
    """Return the time of solving for the weights of all repositories."""
    critic = taught()
    return microseconds(lambda _: critic.weights())


def events(count: int) -> Iterator[Event]:
    """Yield decisions and outcomes, half and half, over a pool of states."""
    rng = np.random.default_rng(3)
    pool = [
        tuple(tuple(row) for row in rng.uniform(-1, 1, (len(TOOLS), 64)).tolist())
        for _ in range(300)
    ]
    even = (1 / len(TOOLS),) * len(TOOLS)
    kinds = (Outcome.APPLIED, Outcome.REJECTED, Outcome.IGNORED, Outcome.ADDRESSED)
    version = LAYOUT.version
    for index in range(count // 2):
        at = START + timedelta(seconds=7 * index)
        yield DecisionLogged(
            f"decision:{index}",
            at,
            f"d{index}",
            f"repo {index % REPOS}",
            f"p{index // 3}",
            "v",
            version,
            How.SAMPLED,
            TOOLS,
            pool[index % len(pool)],
            even,
            index % len(TOOLS),
        )
        later, kind = at + timedelta(days=1), kinds[(index // 2) % len(kinds)]
        yield OutcomeSeen(f"close:{index}", later, f"d{index}", f"s{index}", kind)


def fold_s(count: int) -> float:
    """Return the CPU time of folding so many events."""
    log = list(events(count))
    before = time.process_time()
    found = learn(log, LearnSettings(layout=LAYOUT), 0)
    taken = time.process_time() - before
    assert found.weights.rewards == count // 2
    return taken


def main(most: int) -> int:
    """Print the figures and return 1 where a goal is missed."""
    decision, update, solve = decision_us(), update_us(), solve_us()
    step = step_us(BATCH)
    short, whole = fold_s(most // 10), fold_s(most)
    rows = (
        ("decision, explained, us", decision, GOAL_DECISION_US),
        ("update of the sums, us", update, GOAL_UPDATE_US),
        (f"solving for the weights of {REPOS} repositories, us", solve, GOAL_UPDATE_US),
        (f"step of the actor on {BATCH} rewards, us for each", step, GOAL_UPDATE_US),
        (f"fold of {most // 10:,} events, CPU s", short, None),
        (f"fold of {most:,} events, CPU s", whole, GOAL_FOLD_S * most / 1e6),
        ("tenfold events, times the time", whole / short, GOAL_GROWTH),
    )
    for name, value, goal in rows:
        told = "" if goal is None else f"   goal under {goal:g}"
        print(f"{name:50}{value:10.2f}{told}")
    return int(any(goal is not None and value > goal for _, value, goal in rows))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
