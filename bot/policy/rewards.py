"""From events to rewards: at most one final outcome for each suggestion, one reward per decision.

A pure function of the set of events: order, repetition and late arrival change nothing. Censored
outcomes are no rewards. What one person can teach is limited by day and by share.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.outcomes import CONTRADICTED, WORTH, Outcome, Worth
from bot.domain.quiet import UNWANTED
from bot.policy.event_log import DecisionLogged, Event, OutcomeSeen, canonical


@dataclass(frozen=True, slots=True)
class RewardSettings:
    """What outcomes are worth, and how much one person can teach."""

    worths: Mapping[Outcome, Worth] = field(default_factory=lambda: WORTH)
    """An outcome that is not here, or censored, teaches nothing."""
    contradicted: float = CONTRADICTED
    """Times the confidence, where a weaker signal said the opposite."""
    free_suggestions: int = 3
    volume_cost: float = 0.05
    """For each suggestion of one decision past the free ones."""
    most_per_day: int = 20
    """Outcomes of one person."""
    most_share: float = 0.3
    """Of a repository's weight from one person, where four or more teach it."""


@dataclass(frozen=True, slots=True)
class Rewarded:
    """A decision with its reward."""

    decision: DecisionLogged
    reward: float
    confidence: float
    is_unwanted: bool
    known_at: datetime
    """When the last of its outcomes was."""


@dataclass(frozen=True, slots=True)
class Rewards:
    """All rewards, in the order in which they became known, and what was left out."""

    rewarded: tuple[Rewarded, ...]
    censored: int
    orphans: int
    """Outcomes of decisions that the log does not hold."""
    over_the_limit: int
    """Outcomes of people who had taught enough that day."""


@dataclass(frozen=True, slots=True)
class _Told:
    seen: OutcomeSeen
    reward: float
    confidence: float
    is_unwanted: bool


def rewards(events: Iterable[Event], settings: RewardSettings) -> Rewards:
    """Fold the events into rewards."""
    ordered = canonical(events)
    decisions: dict[str, DecisionLogged] = {}
    for event in ordered:
        if isinstance(event, DecisionLogged):
            decisions.setdefault(event.decision_id, event)
    final = _final([event for event in ordered if isinstance(event, OutcomeSeen)])
    known = [seen for seen in final if seen.decision_id in decisions]
    told = _told(known, settings)
    within = _within_the_day(told, settings.most_per_day)
    shares = _shares(within, decisions, settings.most_share)
    groups: defaultdict[str, list[_Told]] = defaultdict(list)
    for each in within:
        groups[each.seen.decision_id].append(each)
    found = [_reward(decisions[name], group, shares, settings) for name, group in groups.items()]
    found.sort(key=lambda each: (each.known_at, each.decision.decision_id))
    return Rewards(
        tuple(each for each in found if each.confidence > 0),
        censored=len(known) - len(told),
        orphans=len(final) - len(known),
        over_the_limit=len(told) - len(within),
    )


def _final(seen: Sequence[OutcomeSeen]) -> list[OutcomeSeen]:
    """Return the outcome that counts of each suggestion: the last correction, else the last."""
    best: dict[str, OutcomeSeen] = {}
    for each in seen:
        if not each.is_final:
            continue
        known = best.get(each.suggestion_id)
        if known is None or each.is_correction >= known.is_correction:
            best[each.suggestion_id] = each
    return sorted(best.values(), key=lambda each: (each.occurred_at, each.event_id))


def _told(final: Sequence[OutcomeSeen], settings: RewardSettings) -> list[_Told]:
    told = []
    for seen in final:
        worth = _worth(seen, settings.worths)
        if worth is None:
            continue
        doubt = settings.contradicted if seen.is_contradicted else 1.0
        is_unwanted = worth.reward < 0 if seen.outcome is None else seen.outcome in UNWANTED
        told.append(_Told(seen, worth.reward, worth.confidence * doubt, is_unwanted))
    return told


def _worth(seen: OutcomeSeen, worths: Mapping[Outcome, Worth]) -> Worth | None:
    if seen.reward is not None:
        return Worth(seen.reward, 1.0)
    if seen.outcome is None or seen.outcome is Outcome.CENSORED:
        return None
    return worths.get(seen.outcome)


def _within_the_day(told: Sequence[_Told], most: int) -> list[_Told]:
    taught: Counter[tuple[str, int]] = Counter()
    kept = []
    for each in told:
        if each.seen.by:
            day = (each.seen.by, int(each.seen.occurred_at.timestamp() // 86_400))
            taught[day] += 1
            if taught[day] > most:
                continue
        kept.append(each)
    return kept


def _shares(
    told: Sequence[_Told], decisions: Mapping[str, DecisionLogged], most: float
) -> dict[tuple[str, str], float]:
    """Return by repository and person what is left of the weight of each of their outcomes."""
    totals: defaultdict[str, defaultdict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for each in told:
        totals[decisions[each.seen.decision_id].repo][each.seen.by].append(each.confidence)
    shares: dict[tuple[str, str], float] = {}
    for repo, people in totals.items():
        sums = {by: math.fsum(weights) for by, weights in people.items()}
        limit = _limit(sums, most)
        for by, weight in sums.items():
            if by and weight > limit:
                shares[repo, by] = limit / weight
    return shares


def _limit(sums: Mapping[str, float], most: float) -> float:
    """Return the weight at which each person is cut, so that nobody has more than the share."""
    people = sorted((weight for by, weight in sums.items() if by), reverse=True)
    if len(people) * most <= 1:
        return math.inf  # one or two maintainers may teach their own repository
    rest = math.fsum(sums.values())
    for cut, weight in enumerate(people):
        limit = most * rest / (1 - cut * most)
        if weight <= limit:
            return limit
        rest -= weight
        if (cut + 1) * most >= 1:
            return weight
    return math.inf


def _reward(
    decision: DecisionLogged,
    group: Sequence[_Told],
    shares: Mapping[tuple[str, str], float],
    settings: RewardSettings,
) -> Rewarded:
    """Return the mean, not the sum: volume earns nothing, and costs past the free suggestions."""
    total = math.fsum(each.confidence for each in group)
    mean = math.fsum(each.confidence * each.reward for each in group) / total if total else 0.0
    cost = settings.volume_cost * max(0, len(group) - settings.free_suggestions)
    left = math.fsum(
        each.confidence * shares.get((decision.repo, each.seen.by), 1.0) for each in group
    )
    return Rewarded(
        decision,
        max(-1.0, min(1.0, mean - cost)),
        left / len(group),
        any(each.is_unwanted for each in group),
        max(each.seen.occurred_at for each in group),
    )
