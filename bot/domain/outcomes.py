"""From the signals about one suggestion to at most one outcome, and what that is worth.

A pure function of the set of signals: their order, repetition and late arrival change nothing. The
first row of the table that fits is the outcome. It is final when the pull request is closed; what
comes to light later takes its place by a correction, never by an edit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.pull_records import DecisionId, SuggestionId
from bot.domain.signals import (
    Match,
    OurCommit,
    Reading,
    Signal,
    SignalKind,
    canonical,
    counts,
    event_id,
)
from bot.errors import Refused

CORRECTED_WITHIN = timedelta(days=14)
"""After the merge; a revert later than that is about something else."""
SKEW = timedelta(minutes=5)
"""Clocks may differ by so much: a signal that seems to come after the close came with it."""
CONTRADICTED = 0.7
"""Times the confidence, where a weaker signal said the opposite."""


class BadWorth(Refused):
    """A reward or a confidence is out of its range, or is no number."""


class Outcome(StrEnum):
    """What became of a suggestion, strongest signal first."""

    REJECTED = "rejected_explicit"
    REVERTED = "reverted"
    APPLIED = "applied"
    APPLIED_MANUALLY = "applied_manual"
    ADAPTED = "adapted"
    DROPPED = "dropped"
    ADDRESSED = "addressed"
    WAVED_OFF = "waved_off"
    DISLIKED = "disliked"
    LIKED = "liked"
    REPLY_NEGATIVE = "reply_neg"
    REPLY_POSITIVE = "reply_pos"
    TOUCHED = "touched_only"
    IGNORED = "ignored"
    CENSORED = "censored"
    """We cannot know: it teaches nothing."""


@dataclass(frozen=True, slots=True)
class Worth:
    """What an outcome is worth, and how sure it is."""

    reward: float
    confidence: float

    def __post_init__(self) -> None:
        # A comparison with NaN is false, so NaN is refused as well.
        if not (-1.0 <= self.reward <= 1.0 and 0.0 <= self.confidence <= 1.0):
            raise BadWorth(f"reward {self.reward} with confidence {self.confidence}")


WORTH: Mapping[Outcome, Worth] = {
    Outcome.REJECTED: Worth(-1.0, 1.0),
    Outcome.REVERTED: Worth(-1.0, 1.0),
    Outcome.APPLIED: Worth(1.0, 1.0),
    Outcome.APPLIED_MANUALLY: Worth(1.0, 0.9),
    Outcome.ADAPTED: Worth(0.6, 0.8),
    Outcome.DROPPED: Worth(-0.7, 0.8),
    Outcome.ADDRESSED: Worth(0.5, 0.6),
    Outcome.WAVED_OFF: Worth(-0.5, 0.5),
    Outcome.DISLIKED: Worth(-0.6, 0.5),
    Outcome.LIKED: Worth(0.3, 0.5),
    Outcome.REPLY_NEGATIVE: Worth(-0.5, 0.4),
    Outcome.REPLY_POSITIVE: Worth(0.4, 0.4),
    Outcome.TOUCHED: Worth(0.1, 0.2),
    Outcome.IGNORED: Worth(-0.1, 0.3),
    Outcome.CENSORED: Worth(0.0, 0.0),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one suggestion, as far as its signals tell."""

    outcome: Outcome
    worth: Worth
    is_final: bool
    """The pull request is over; before that, nothing is learned."""
    is_contradicted: bool = False
    """A weaker signal said the opposite."""
    by: int | None = None
    """Who acted, where somebody did: one person's share is limited."""
    at: datetime | None = None
    """When the signal that decided came; None for no signal at all."""


@dataclass(frozen=True, slots=True)
class OutcomeRecord:
    """A final outcome as it is logged; the last one of a suggestion stands."""

    event_id: str
    occurred_at: datetime
    suggestion: SuggestionId
    decision: DecisionId
    verdict: Verdict
    is_correction: bool = False


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the table that fits."""

    outcome: Outcome
    signal: Signal | None = None


@dataclass(frozen=True, slots=True)
class _Facts:
    """All that counts about one suggestion, each question answered once."""

    rejection: Signal | None
    revert: Signal | None
    read: Signal | None
    resolution: Signal | None
    opinions: Sequence[Signal]
    """The last reaction of each person, where it was not taken back."""
    replies: Sequence[Signal]
    end: Signal | None
    """MERGED or CLOSED, or None while it is open."""
    lost: Signal | None
    """EXPIRED or UNINSTALLED: nothing more will be heard."""
    is_deleted: bool

    @property
    def reading(self) -> Reading | None:
        return self.read.reading if self.read is not None else None

    @property
    def is_unmerged(self) -> bool:
        return self.end is not None and self.end.kind is SignalKind.CLOSED


def judge(signals: Iterable[Signal], suggestion: SuggestionId) -> Verdict:
    """Return the outcome of a suggestion; provisional while the pull request is open."""
    facts = _facts([s for s in canonical(signals) if s.suggestion in (None, suggestion)])
    if facts.end is None and facts.lost is not None:
        return _verdict(_Row(Outcome.CENSORED, facts.lost), is_final=True)
    rows = _rows(facts)
    first = rows[0] if rows else _silence(facts)
    said = _verdict(first, is_final=facts.end is not None)
    if not any(_contradicts(first.outcome, row.outcome) for row in rows):
        return said
    worth = replace(said.worth, confidence=said.worth.confidence * CONTRADICTED)
    return replace(said, worth=worth, is_contradicted=True)


def to_log(
    verdict: Verdict,
    known: Sequence[OutcomeRecord],
    *,
    suggestion: SuggestionId,
    decision: DecisionId,
    closed_at: datetime,
) -> OutcomeRecord | None:
    """Return what to append to the log for a verdict, or None where the log says so already.

    `known` are the records of this suggestion, as the log orders them.
    """
    if not verdict.is_final or (known and known[-1].verdict == verdict):
        return None
    at = verdict.at or closed_at
    if known:
        # A correction has to be the last one in every order that the log is folded in.
        at = max(at, known[-1].occurred_at + timedelta(microseconds=1))
    name = event_id("outcome", suggestion, len(known))
    return OutcomeRecord(name, at, suggestion, decision, verdict, is_correction=bool(known))


def _verdict(row: _Row, *, is_final: bool) -> Verdict:
    signal = row.signal
    by = signal.by.id if signal is not None and signal.by is not None else None
    at = signal.occurred_at if signal is not None else None
    return Verdict(row.outcome, WORTH[row.outcome], is_final, by=by, at=at)


def _facts(ordered: Sequence[Signal]) -> _Facts:
    end = _end(ordered)
    counted = [signal for signal in ordered if counts(signal) and _is_in_time(signal, end)]
    thread = _last(counted, SignalKind.RESOLVED, SignalKind.UNRESOLVED)
    is_resolved = thread is not None and thread.kind is SignalKind.RESOLVED
    return _Facts(
        rejection=_first(counted, SignalKind.REJECTED, SignalKind.REVIEW_DISMISSED),
        revert=_first(counted, SignalKind.REVERTED),
        read=_last(counted, SignalKind.READ),
        resolution=thread if is_resolved else None,
        opinions=_opinions(counted),
        replies=_of(counted, SignalKind.REPLIED_WELL, SignalKind.REPLIED_BADLY),
        end=end,
        lost=_first(counted, SignalKind.UNINSTALLED, SignalKind.EXPIRED),
        is_deleted=_first(counted, SignalKind.COMMENT_DELETED) is not None,
    )


def _end(ordered: Sequence[Signal]) -> Signal | None:
    """Return how the pull request ended; what was merged stays merged."""
    merged = _first(ordered, SignalKind.MERGED)
    if merged is not None:
        return merged
    last = _last(ordered, SignalKind.CLOSED, SignalKind.REOPENED)
    return last if last is not None and last.kind is SignalKind.CLOSED else None


_CORRECTING = (SignalKind.REJECTED, SignalKind.REVERTED)


def _is_in_time(signal: Signal, end: Signal | None) -> bool:
    """Tell whether a signal came before the end, or corrects what was final soon after it."""
    if end is None:
        return True
    allowed = CORRECTED_WITHIN if signal.kind in _CORRECTING else SKEW
    return signal.occurred_at <= end.occurred_at + allowed


def _rows(facts: _Facts) -> list[_Row]:
    """Return the rows of the table that fit, first to last, but for those of silence."""
    rows = []
    if facts.rejection is not None:
        rows.append(_Row(Outcome.REJECTED, facts.rejection))
    if facts.revert is not None:
        rows.append(_Row(Outcome.REVERTED, facts.revert))
    if not facts.is_unmerged:
        rows.extend(_rows_of_text(facts))
    rows.extend(_rows_of_thread(facts))
    rows.extend(_rows_of_words(facts))
    return rows


def _rows_of_text(facts: _Facts) -> list[_Row]:
    reading = facts.reading
    match reading:
        case None:
            outcome = None
        case Reading(ours=OurCommit.KEPT):
            outcome = Outcome.APPLIED
        case Reading(match=Match.EXACT):
            outcome = Outcome.APPLIED if reading.has_trailer else Outcome.APPLIED_MANUALLY
        case Reading(ours=OurCommit.REMOVED):
            outcome = Outcome.REVERTED
        case Reading(match=Match.SIMILAR):
            outcome = Outcome.ADAPTED
        case Reading(ours=OurCommit.DROPPED):
            outcome = Outcome.DROPPED
        case _:
            outcome = None
    return [] if outcome is None else [_Row(outcome, facts.read)]


def _rows_of_thread(facts: _Facts) -> list[_Row]:
    # Without a reading nobody knows whether the lines were touched, so neither row fits.
    if facts.resolution is None or facts.reading is None:
        return []
    is_touched = facts.reading.match is not Match.UNTOUCHED
    return [_Row(Outcome.ADDRESSED if is_touched else Outcome.WAVED_OFF, facts.resolution)]


def _rows_of_words(facts: _Facts) -> list[_Row]:
    against = _of(facts.opinions, SignalKind.DISLIKED)
    liked = _of(facts.opinions, SignalKind.LIKED)
    opinions = [_Row(Outcome.DISLIKED, against[0])] if against else []
    opinions += [_Row(Outcome.LIKED, liked[0])] if liked else []
    if len(liked) > len(against):
        opinions.reverse()
    bad = _of(facts.replies, SignalKind.REPLIED_BADLY)
    well = _of(facts.replies, SignalKind.REPLIED_WELL)
    replies = [_Row(Outcome.REPLY_NEGATIVE, bad[0])] if bad else []
    replies += [_Row(Outcome.REPLY_POSITIVE, well[0])] if well else []
    return opinions + replies


def _silence(facts: _Facts) -> _Row:
    if facts.is_unmerged or facts.is_deleted or facts.reading is None:
        return _Row(Outcome.CENSORED)
    is_touched = facts.reading.match is not Match.UNTOUCHED
    return _Row(Outcome.TOUCHED if is_touched else Outcome.IGNORED)


_SAID = frozenset(
    {
        Outcome.REJECTED,
        Outcome.WAVED_OFF,
        Outcome.DISLIKED,
        Outcome.LIKED,
        Outcome.REPLY_NEGATIVE,
        Outcome.REPLY_POSITIVE,
    }
)
_DONE = frozenset({Outcome.APPLIED, Outcome.APPLIED_MANUALLY, Outcome.ADAPTED})


def _contradicts(winner: Outcome, other: Outcome) -> bool:
    """Tell whether somebody said the opposite of the winner, or did it.

    To revert needs something applied, so the one says nothing against the other.
    """
    is_opposite = WORTH[winner].reward * WORTH[other].reward < 0
    is_done_anyway = winner is Outcome.REJECTED and other in _DONE
    return is_opposite and (other in _SAID or is_done_anyway)


def _opinions(counted: Sequence[Signal]) -> list[Signal]:
    last: dict[int, Signal] = {}
    for signal in _of(counted, SignalKind.LIKED, SignalKind.DISLIKED, SignalKind.UNREACTED):
        if signal.by is not None:
            last[signal.by.id] = signal
    return [s for s in canonical(last.values()) if s.kind is not SignalKind.UNREACTED]


def _of(ordered: Iterable[Signal], *kinds: SignalKind) -> list[Signal]:
    return [signal for signal in ordered if signal.kind in kinds]


def _first(ordered: Sequence[Signal], *kinds: SignalKind) -> Signal | None:
    return next(iter(_of(ordered, *kinds)), None)


def _last(ordered: Sequence[Signal], *kinds: SignalKind) -> Signal | None:
    return next(reversed(_of(ordered, *kinds)), None)
