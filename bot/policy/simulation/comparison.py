"""The learners side by side: regret over seeds, ratios, and the goals that they have to meet."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bot.policy.simulation.stream import Stream, StreamSettings, stream
from bot.policy.simulation.trial import CONTESTANTS, RESERVE, Makes, regrets
from bot.policy.vectors import Vector

OPENING = 300
"""Episodes at the start in which ours must not be worse than the hand weights."""
POINTS = 100
"""Of a curve."""
UNIFORM, HAND, LINUCB, GRADIENT, GRADIENT_BY_REPO, OURS = (
    "uniform",
    "hand weights",
    "LinUCB alpha .15",
    "softmax PG, AMSGrad",
    "softmax PG by repository",
    "softmax-UCB (serves)",
)
BY_REPO, FORGETTING = tuple(RESERVE)


@dataclass(frozen=True, slots=True)
class Setting:
    """A kind of stream, and who is compared on it."""

    name: str
    stream: StreamSettings
    contestants: Mapping[str, Makes]


@dataclass(frozen=True, slots=True)
class Regret:
    """What one learner lost on one stream."""

    setting: str
    learner: str
    seed: int
    total: float
    opening: float
    """In the first episodes."""
    first: float
    """In the first fifth."""
    last: float
    """In the last fifth."""
    curve: Vector
    """Cumulative, at evenly spaced episodes."""


@dataclass(frozen=True, slots=True)
class Goal:
    """One figure against its limit."""

    name: str
    value: float
    limit: float

    @property
    def is_met(self) -> bool:
        """At most the limit."""
        return self.value <= self.limit


def settings(episodes: int, *, is_whole: bool) -> tuple[Setting, ...]:
    """Return the streams: the main one, and those on which offsets and forgetting are measured."""
    main = StreamSettings(episodes=episodes)
    own = {OURS: CONTESTANTS[OURS]}
    gradients = {name: CONTESTANTS[name] for name in (GRADIENT, GRADIENT_BY_REPO)}
    by_repo = own | {BY_REPO: RESERVE[BY_REPO]} | gradients
    found = [Setting("main", main, CONTESTANTS)]
    if is_whole:
        found += [
            Setting("repositories differ", replace(main, repo_spread=1.0), by_repo),
            Setting("repositories alike", replace(main, repo_spread=0.0), by_repo),
            Setting(
                "drift", replace(main, is_drifting=True), own | {FORGETTING: RESERVE[FORGETTING]}
            ),
        ]
    return tuple(found)


def runs(kinds: Sequence[Setting], seeds: Sequence[int]) -> Iterator[Regret]:
    """Yield the regret of each learner on each stream, seed by seed."""
    for seed in seeds:
        for kind in kinds:
            drawn = stream(kind.stream, seed)
            for name, make in kind.contestants.items():
                yield _run(kind.name, name, make, drawn, seed)


def _run(setting: str, name: str, make: Makes, drawn: Stream, seed: int) -> Regret:
    found = regrets(drawn, make(drawn.hand, seed), seed)
    fifth = len(found) // 5
    places = np.linspace(0, len(found) - 1, POINTS).astype(int)
    return Regret(
        setting,
        name,
        seed,
        total=float(found.sum()),
        opening=float(found[:OPENING].sum()),
        first=float(found[:fifth].sum()),
        last=float(found[-fifth:].sum()),
        curve=found.cumsum()[places],
    )


def count(kinds: Sequence[Setting], seeds: Sequence[int]) -> int:
    """Return how many regrets there will be."""
    return len(seeds) * sum(len(kind.contestants) for kind in kinds)


def table(found: Sequence[Regret]) -> list[tuple[str, ...]]:
    """Return the rows of the main stream, with a head."""
    rows: list[tuple[str, ...]] = [
        ("policy", "regret", "s.e.", "x LinUCB", "paired p90", "x uniform", "x hand", "last fifth")
    ]
    base = _column(found, "main", LINUCB)
    for name in CONTESTANTS:
        own = _column(found, "main", name)
        error = own.std(ddof=1) / len(own) ** 0.5 if len(own) > 1 else float("nan")
        rows.append(
            (
                name,
                f"{own.mean():.1f}",
                f"{error:.1f}",
                f"{own.mean() / base.mean():.2f}",
                f"{np.quantile(own / base, 0.9):.2f}",
                f"{own.mean() / _column(found, 'main', UNIFORM).mean():.2f}",
                f"{own.mean() / _column(found, 'main', HAND).mean():.2f}",
                f"{_column(found, 'main', name, 'last').mean():.1f}",
            )
        )
    return rows


def goals(found: Sequence[Regret], *, margin: float = 1.0) -> list[Goal]:
    """Return the goals; a margin over 1 is for runs that are small."""
    told = [*_serving(found), *_gradient(found)]
    if any(regret.setting == "drift" for regret in found):
        told += _others(found)
    return [replace(goal, limit=goal.limit * margin) for goal in told]


def _serving(found: Sequence[Regret]) -> list[Goal]:
    own, base = _column(found, "main", OURS), _column(found, "main", LINUCB)
    hand = _column(found, "main", HAND)
    return [
        Goal("serving: mean x LinUCB", _ratio(found, OURS, LINUCB), 1.20),
        Goal("serving: paired p90 x LinUCB", float(np.quantile(own / base, 0.9)), 1.35),
        Goal("serving: mean x hand weights", float(own.mean() / hand.mean()), 0.70),
        Goal("serving: mean x uniform", _ratio(found, OURS, UNIFORM), 0.27),
        Goal("serving: last fifth x LinUCB", _ratio(found, OURS, LINUCB, part="last"), 1.25),
        Goal("serving: opening x hand weights", _ratio(found, OURS, HAND, part="opening"), 1.05),
    ]


def _gradient(found: Sequence[Regret]) -> list[Goal]:
    last, first = (_column(found, "main", GRADIENT, part).mean() for part in ("last", "first"))
    return [
        Goal("gradient: mean x LinUCB", _ratio(found, GRADIENT, LINUCB), 1.50),
        Goal("gradient: mean x hand weights", _ratio(found, GRADIENT, HAND), 0.85),
        Goal("gradient: mean x uniform", _ratio(found, GRADIENT, UNIFORM), 0.32),
        Goal("gradient: last fifth x first fifth", float(last / first), 1.0),
        Goal("gradient: offsets x pooled", _ratio(found, GRADIENT_BY_REPO, GRADIENT), 1.0),
    ]


def _others(found: Sequence[Regret]) -> list[Goal]:
    told = []
    for name, limits in (("differ", (0.75, 1.0)), ("alike", (1.15, 1.15))):
        setting = f"repositories {name}"
        pairs = (("serving", BY_REPO, OURS), ("gradient", GRADIENT_BY_REPO, GRADIENT))
        for (who, own, pooled), limit in zip(pairs, limits, strict=True):
            ratio = _ratio(found, own, pooled, setting=setting)
            told.append(Goal(f"{who}: offsets x pooled, {setting}", ratio, limit))
    forgetting = _ratio(found, FORGETTING, OURS, setting="drift", part="last")
    return [*told, Goal("serving: rho .999 x 1, last fifth of drift", forgetting, 0.92)]


def _ratio(
    found: Sequence[Regret], one: str, other: str, *, setting: str = "main", part: str = "total"
) -> float:
    """Return the ratio of mean regrets."""
    mine, theirs = (_column(found, setting, name, part).mean() for name in (one, other))
    return float(mine / theirs)


def _column(found: Sequence[Regret], setting: str, learner: str, part: str = "total") -> Vector:
    return np.array(
        [
            float(getattr(regret, part))
            for regret in found
            if (regret.setting, regret.learner) == (setting, learner)
        ]
    )


def curves(found: Sequence[Regret]) -> dict[str, list[float]]:
    """Return by learner of the main stream the mean cumulative regret."""
    told: dict[str, list[Vector]] = {}
    for regret in found:
        if regret.setting == "main":
            told.setdefault(regret.learner, []).append(regret.curve)
    return {name: np.mean(each, axis=0).tolist() for name, each in told.items()}
