"""What a repository no longer wants to hear: by rule and tool, from what became of suggestions.

Quiet comes by one step at a time: from next to the code into the summary, from there to nothing.
Each step is told with its figures, and better figures or a person's word take it back. Findings
about security are never muted.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.findings import Category
from bot.domain.outcomes import Outcome, Verdict

LEAST_OUTCOMES = 20
"""Fewer say nothing of a rule."""
MOST_UNWANTED = 0.10
"""Analyzers that people keep stay under this share of unwanted findings (CACM 61(4), 2018)."""
Z = 1.96
"""Of a two-sided interval of 95 %."""

UNWANTED = frozenset(
    {
        Outcome.REJECTED,
        Outcome.REVERTED,
        Outcome.DROPPED,
        Outcome.WAVED_OFF,
        Outcome.DISLIKED,
        Outcome.REPLY_NEGATIVE,
    }
)


class Loudness(StrEnum):
    """Where findings of a rule are shown."""

    INLINE = "inline"
    SUMMARY = "summary"
    MUTED = "muted"


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """What makes findings, in one repository."""

    repo_id: int
    tool: str
    rule: str = ""
    """Empty for all rules of the tool together."""

    @property
    def of_tool(self) -> "Source":
        """The tool as a whole."""
        return Source(self.repo_id, self.tool)


@dataclass(frozen=True, slots=True)
class Interval:
    """Between what bounds a share is."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the suggestions of one source, as far as anybody can know."""

    unwanted: int = 0
    known: int = 0
    """Final outcomes that are not censored."""

    def with_one(self, outcome: Outcome) -> "Tally":
        """Return it with one more outcome; a censored one tells nothing."""
        if outcome is Outcome.CENSORED:
            return self
        return Tally(self.unwanted + (outcome in UNWANTED), self.known + 1)

    def without_one(self, outcome: Outcome) -> "Tally":
        """Return it without an outcome that was corrected."""
        if outcome is Outcome.CENSORED:
            return self
        return Tally(max(0, self.unwanted - (outcome in UNWANTED)), max(0, self.known - 1))

    def since(self, before: "Tally") -> "Tally":
        """Return what came after another one; corrections of what was before take nothing away."""
        known = max(0, self.known - before.known)
        return Tally(min(known, max(0, self.unwanted - before.unwanted)), known)

    @property
    def unwanted_share(self) -> Interval:
        """By Wilson's score interval, which is honest for few outcomes and for shares near 0."""
        return wilson(self.unwanted, self.known)

    @property
    def precision(self) -> Interval:
        """The share of findings that nobody turned down."""
        unwanted = self.unwanted_share
        return Interval(1.0 - unwanted.high, 1.0 - unwanted.low)


def wilson(hits: int, count: int, *, z: float = Z) -> Interval:
    """Return the interval of a share; of nothing at all it is everything."""
    if count == 0:
        return Interval(0.0, 1.0)
    share, spread = hits / count, z * z / count
    middle = (share + spread / 2) / (1 + spread)
    half = z * math.sqrt(share * (1 - share) / count + spread / (4 * count)) / (1 + spread)
    # At the ends the exact bound is 0 or 1, and rounding must not step over it.
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    return Interval(low, 1.0 if hits == count else min(1.0, middle + half))


def tallies(verdicts: Iterable[tuple[Source, Verdict]]) -> dict[Source, Tally]:
    """Return what became of the suggestions of each rule, and of each tool as a whole."""
    found: dict[Source, Tally] = {}
    for source, verdict in verdicts:
        if verdict.is_final:
            for each in {source, source.of_tool}:
                found[each] = found.get(each, Tally()).with_one(verdict.outcome)
    return found


@dataclass(frozen=True, slots=True)
class Quieting:
    """How loud one source is, and why."""

    loudness: Loudness = Loudness.INLINE
    since: Tally = Tally()
    """When it came to this: the next step needs as many outcomes again."""
    is_pinned: bool = False
    """A person said how loud it is to be, and no figure changes that."""


@dataclass(frozen=True, slots=True)
class Step:
    """A change of loudness that people are told of."""

    source: Source
    before: Loudness
    after: Loudness
    tally: Tally
    """Since the last step."""


_QUIETER = {Loudness.INLINE: Loudness.SUMMARY, Loudness.SUMMARY: Loudness.MUTED}
_LOUDER = {Loudness.MUTED: Loudness.SUMMARY, Loudness.SUMMARY: Loudness.INLINE}


def step(source: Source, now: Quieting, tally: Tally) -> Step | None:
    """Return the next step of a source with these figures of all time, or None for no change.

    It is quieter where more is unwanted than may be, surely; louder where surely less is. Each step
    is judged by outcomes since the last one alone, so that a bad past is not counted twice.
    """
    fresh = tally.since(now.since)
    if now.is_pinned or fresh.known < LEAST_OUTCOMES:
        return None
    share = fresh.unwanted_share
    if share.low > MOST_UNWANTED:
        after = _QUIETER.get(now.loudness)
    elif share.high < MOST_UNWANTED:
        after = _LOUDER.get(now.loudness)
    else:
        after = None
    return None if after is None else Step(source, now.loudness, after, fresh)


def loudness(source: Source, category: Category, known: Mapping[Source, Quieting]) -> Loudness:
    """Return where a finding of a source is shown: as its rule or its tool, the quieter one.

    What a person said of the rule goes before what the figures say of its tool.
    """
    rule, tool = known.get(source, Quieting()), known.get(source.of_tool, Quieting())
    order = list(Loudness)
    found = max(rule.loudness, tool.loudness, key=order.index)
    if rule.is_pinned:
        found = rule.loudness
    return Loudness.INLINE if category is Category.SECURITY else found


def said_of(made: Step) -> str:
    """Return what the summary tells of a step, with the figures that led to it."""
    source, tally = made.source, made.tally
    name = f"`{source.tool}` `{source.rule}`" if source.rule else f"`{source.tool}`"
    where = {
        Loudness.INLINE: "next to the code again",
        Loudness.SUMMARY: "in the summary only",
        Loudness.MUTED: "no longer",
    }[made.after]
    low, high = round(tally.unwanted_share.low * 100), round(tally.unwanted_share.high * 100)
    return (
        f"Findings of {name} are shown {where}: {tally.unwanted} of the last {tally.known} were "
        f"turned down ({low} to {high} %)."
    )
