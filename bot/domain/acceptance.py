"""How often people took what we suggested, over time, by tool and by rule."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bot.domain.outcomes import Outcome
from bot.domain.quiet import wilson
from bot.domain.shares import ACCEPTED, week_of

BY_RULE = 6
"""Rules that are shown, those that most is known of."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one suggestion in the end."""

    on: date
    tool: str
    rule: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Week:
    """The share until the end of one week, with its interval of 95 %."""

    monday: date
    accepted: int
    known: int

    @property
    def share(self) -> float:
        """Of what is known."""
        return self.accepted / self.known

    @property
    def bounds(self) -> tuple[float, float]:
        """By Wilson's score interval."""
        found = wilson(self.accepted, self.known)
        return found.low, found.high


def by_tool(told: Iterable[Taken]) -> Mapping[str, Sequence[Week]]:
    """Return the share of each tool, week by week, over all that is known until then."""
    return _over_time((taken.tool, taken) for taken in told)


def by_rule(told: Iterable[Taken]) -> Mapping[str, Sequence[Week]]:
    """Return the same of the rules that most is known of."""
    found = _over_time((taken.rule, taken) for taken in told)
    most = sorted(found, key=lambda rule: (-found[rule][-1].known, rule))[:BY_RULE]
    return {rule: found[rule] for rule in most}


def _over_time(named: Iterable[tuple[str, Taken]]) -> dict[str, list[Week]]:
    groups: defaultdict[str, list[Taken]] = defaultdict(list)
    for name, taken in named:
        if taken.outcome is not Outcome.CENSORED:
            groups[name].append(taken)
    return {name: _weeks(groups[name]) for name in sorted(groups)}


def _weeks(told: Sequence[Taken]) -> list[Week]:
    weeks: list[Week] = []
    accepted = 0
    for count, taken in enumerate(sorted(told, key=lambda taken: taken.on), 1):
        accepted += taken.outcome in ACCEPTED
        monday = week_of(taken.on)
        if weeks and weeks[-1].monday == monday:
            weeks.pop()
        weeks.append(Week(monday, accepted, count))
    return weeks
