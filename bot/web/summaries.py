"""From tallies to what the pages show: totals, days without a gap, shares with their intervals."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.domain.board import OutcomeTally, RepoShown, RunTally, total_cost
from bot.domain.outcomes import Outcome
from bot.domain.shares import Share, shares, week_of
from bot.domain.verdict import Conclusion, Cost

DAYS = 30
WEEKS = 13

_WELL = (Conclusion.SUCCESS, Conclusion.FINDINGS)


@dataclass(frozen=True, slots=True)
class DayRow:
    """The runs of one day."""

    day: date
    runs: int
    findings: int
    """Runs that found something."""
    short: int
    """Runs that looked at less than everything, or broke."""
    cost: Cost


def by_day(tallies: Iterable[RunTally], *, until: date, days: int = DAYS) -> Sequence[DayRow]:
    """Return a row for each day, the oldest first, those without a run too."""
    found: dict[str, list[RunTally]] = {}
    for tally in tallies:
        found.setdefault(tally.name, []).append(tally)
    first = until - timedelta(days=days - 1)
    return [
        _day(day, found.get(day.isoformat(), []))
        for day in (first + timedelta(n) for n in range(days))
    ]


def _day(day: date, tallies: Sequence[RunTally]) -> DayRow:
    return DayRow(
        day,
        sum(tally.runs for tally in tallies),
        sum(tally.runs for tally in tallies if tally.conclusion is Conclusion.FINDINGS),
        sum(tally.runs for tally in tallies if tally.conclusion not in (*_WELL, None)),
        total_cost(tally.cost for tally in tallies),
    )


@dataclass(frozen=True, slots=True)
class CostRow:
    """What one thing cost."""

    name: str
    runs: int
    cost: Cost


def cost_by(tallies: Iterable[RunTally], name: Callable[[str], str] = str) -> Sequence[CostRow]:
    """Return what each name cost, the dearest first."""
    found: dict[str, list[RunTally]] = {}
    for tally in tallies:
        found.setdefault(name(tally.name), []).append(tally)
    rows = [
        CostRow(key, sum(t.runs for t in alike), total_cost(t.cost for t in alike))
        for key, alike in found.items()
    ]
    return sorted(rows, key=lambda row: (-row.cost.usd, -row.cost.seconds, row.name))


def repo_names(repos: Iterable[RepoShown]) -> Callable[[str], str]:
    """Return what names a repository by its number."""
    known = {str(repo.repo_id): repo.name for repo in repos}
    return lambda number: known.get(number, f"repository {number}")


@dataclass(frozen=True, slots=True)
class ShareRow:
    """How often one source's suggestions were taken over."""

    name: str
    share: Share


def share_by(
    tallies: Iterable[OutcomeTally], name: Callable[[str], str] = str
) -> Sequence[ShareRow]:
    """Return the share of each name, the one with most outcomes first."""
    found = shares(tallies, name)
    rows = [ShareRow(key or "unknown", share) for key, share in found.items()]
    return sorted(rows, key=lambda row: (-row.share.judged, row.name))


@dataclass(frozen=True, slots=True)
class WeekRow:
    """How often suggestions were taken over in one week."""

    day: date
    """Its Monday."""
    share: Share


def by_week(
    tallies: Sequence[OutcomeTally], *, until: date, weeks: int = WEEKS
) -> Sequence[WeekRow]:
    """Return a row for each week, the oldest first; one without an outcome has an empty share."""
    found = shares(tallies, lambda day: week_of(date.fromisoformat(day)).isoformat())
    last = week_of(until)
    days = [last - timedelta(weeks=n) for n in reversed(range(weeks))]
    return [WeekRow(day, found.get(day.isoformat(), Share(0, 0, 0))) for day in days]


def by_outcome(tallies: Iterable[OutcomeTally]) -> Sequence[tuple[Outcome, int]]:
    """Return how often each outcome was, in the order of their strength."""
    counts = dict.fromkeys(Outcome, 0)
    for tally in tallies:
        counts[tally.outcome] += tally.count
    return list(counts.items())
