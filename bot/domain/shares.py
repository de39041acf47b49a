"""How often suggestions are taken over, and how sure we may be of that share.

What nobody can know (`censored`) is in no share. Few suggestions make a wide interval: a share
without one would praise a rule for its first lucky fix.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from bot.domain.board import OutcomeTally
from bot.domain.outcomes import Outcome
from bot.domain.quiet import UNWANTED, Interval, wilson

ACCEPTED = frozenset({Outcome.APPLIED, Outcome.APPLIED_MANUALLY, Outcome.ADAPTED})
"""The code was taken over, by us or by hand; the rest is opinion."""


@dataclass(frozen=True, slots=True)
class Share:
    """Accepted suggestions among those with an outcome."""

    accepted: int
    unwanted: int
    """Turned down by somebody."""
    judged: int

    @property
    def value(self) -> float:
        """The share itself; 0 of nothing."""
        return self.accepted / self.judged if self.judged else 0.0

    @property
    def interval(self) -> Interval:
        """Wilson's, at 95 %."""
        return wilson(self.accepted, self.judged)


def shares(tallies: Iterable[OutcomeTally], name: Callable[[str], str] = str) -> dict[str, Share]:
    """Return the share of each name, which is what `name` makes of those of the tallies."""
    counted: dict[str, list[int]] = {}
    for tally in tallies:
        if tally.outcome is Outcome.CENSORED:
            continue
        accepted, unwanted, judged = counted.setdefault(name(tally.name), [0, 0, 0])
        counted[name(tally.name)] = [
            accepted + tally.count * (tally.outcome in ACCEPTED),
            unwanted + tally.count * (tally.outcome in UNWANTED),
            judged + tally.count,
        ]
    return {found: Share(*counts) for found, counts in counted.items()}


def share_of_all(tallies: Iterable[OutcomeTally]) -> Share | None:
    """Return the one share of everything, or None where nothing is known."""
    return shares(tallies, lambda _: "").get("")


def week_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())
