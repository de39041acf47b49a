"""Thumbs on our comments, polled: the forge sends no delivery for a reaction.

Counts come with every listing of comments, so who reacted is asked only where they are others than
the log knows.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.events import Person
from bot.domain.ledger import PullKey
from bot.domain.pull_records import SuggestionId
from bot.domain.signals import Actor, Signal, SignalKind, canonical, event_id

_KINDS = (SignalKind.LIKED, SignalKind.DISLIKED, SignalKind.UNREACTED)


@dataclass(frozen=True, slots=True)
class Count:
    """How many thumbs one comment has."""

    likes: int = 0
    dislikes: int = 0


@dataclass(frozen=True, slots=True)
class Thumb:
    """One thumb of one person."""

    id: int
    person: Person
    is_program: bool
    is_liking: bool
    at: datetime

    @property
    def kind(self) -> SignalKind:
        """What it says."""
        return SignalKind.LIKED if self.is_liking else SignalKind.DISLIKED

    @property
    def event_id(self) -> str:
        """The id of its event."""
        return event_id("reaction", self.id)


class Opinions(Protocol):
    """Reads thumbs on review comments of one repository."""

    def counts(self, number: int) -> Mapping[int, Count]:
        """Return the counts of all review comments of a pull request, by comment."""
        ...

    def thumbs(self, comment_id: int) -> Sequence[Thumb]:
        """Return the thumbs of one comment."""
        ...


def is_news(count: Count, known: Iterable[Signal], suggestion: SuggestionId) -> bool:
    """Tell whether a comment has other thumbs than the log knows."""
    kinds = [signal.kind for signal in _standing(known, suggestion).values()]
    return count != Count(kinds.count(SignalKind.LIKED), kinds.count(SignalKind.DISLIKED))


def opinions(
    thumbs: Sequence[Thumb],
    known: Sequence[Signal],
    *,
    of: tuple[PullKey, SuggestionId],
    actor: Callable[[Thumb], Actor],
    now: datetime,
) -> list[Signal]:
    """Return the signals that the log lacks: new thumbs, and those that were taken back.

    Who had two and took one back says nothing that is sure enough, until there is a new one.
    """
    pull, suggestion = of
    logged = {signal.event_id for signal in known}
    found = [
        Signal(thumb.event_id, thumb.kind, pull, thumb.at, suggestion, actor(thumb))
        for thumb in thumbs
        if thumb.event_id not in logged
    ]
    there = {thumb.event_id for thumb in thumbs}
    for name, gone in _standing(known, suggestion).items():
        if name not in there:
            taken = event_id("taken back", name)
            # The forge's times are whole seconds, and nothing is taken back before it is given.
            at = max(now, gone.occurred_at + timedelta(microseconds=1))
            found.append(Signal(taken, SignalKind.UNREACTED, pull, at, suggestion, gone.by))
    return found


def _standing(known: Iterable[Signal], suggestion: SuggestionId) -> dict[str, Signal]:
    """Return the thumbs that the log knows and nobody took back, by the id of their event."""
    ordered = [s for s in canonical(known) if s.suggestion == suggestion and s.kind in _KINDS]
    logged = {signal.event_id for signal in ordered}
    return {
        signal.event_id: signal
        for signal in ordered
        if signal.kind is not SignalKind.UNREACTED
        and event_id("taken back", signal.event_id) not in logged
    }
