"""From how a pull request stands to what that says of our suggestions: the signals the log lacks.

Ids are made of what the forge shows and of what the log holds, never of who asked or when. A thread
has no time at which it was resolved: what is first seen together with the end came before it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from bot.domain.ledger import PullKey
from bot.domain.markers import MarkerKind, parse_marker
from bot.domain.pull_records import SuggestionId, SuggestionRecord
from bot.domain.pull_state import PullState, Speaker, ThreadState
from bot.domain.signals import Actor, Signal, SignalKind, event_id, sentiment

OPEN_FOR = timedelta(days=30)
"""A suggestion that is older on an open pull request tells nothing any more."""

WhoActs = Callable[[Speaker], Actor | None]
"""Returns who somebody is to the pull request, or None where that cannot be asked for now."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A suggestion, and the thread in which it stands."""

    suggestion: SuggestionId
    shown_at: datetime
    thread: ThreadState | None
    """None where our comment is not there any more."""


def placed(
    shown: Iterable[tuple[SuggestionRecord, str, datetime]], threads: Sequence[ThreadState]
) -> tuple[Placed, ...]:
    """Join suggestions, each with the fingerprint of its finding and its time, to their threads."""
    by_name: dict[tuple[str, str], ThreadState] = {}
    for thread in threads:
        marker = parse_marker(thread.body)
        if marker is not None and marker.kind is MarkerKind.FINDING:
            by_name.setdefault((marker.run, marker.suggestion), thread)
    return tuple(
        Placed(record.id, at, by_name.get((record.run_id, fingerprint)))
        for record, fingerprint, at in shown
    )


@dataclass(frozen=True)
class Hearing:
    """What is heard on one pull request at one moment."""

    pull: PullKey
    state: PullState
    known: Sequence[Signal]
    """All signals about the pull request that the log holds."""
    now: datetime
    who: WhoActs

    def signals(self, suggestions: Sequence[Placed]) -> tuple[Signal, ...]:
        """Return what the log lacks; asking again returns the same until it is appended."""
        found = list(self._end())
        for one in suggestions:
            found += self._expired(one)
            if one.thread is None:
                found += self._deleted(one)
            else:
                found += self._resolution(one.suggestion, one.thread)
                found += self._replies(one.suggestion, one.thread)
                found += self._dismissals(one.suggestion, one.thread)
        return tuple(signal for signal in found if signal.event_id not in self._logged)

    def _end(self) -> Iterable[Signal]:
        """Return how it ended, or that it was opened again since."""
        closed = self.state.closed_at
        if closed is not None:
            is_merged = self.state.merged is not None
            kind = SignalKind.MERGED if is_merged else SignalKind.CLOSED
            yield Signal(self._name("close", closed.isoformat()), kind, self.pull, closed)
            return
        ends = [s for s in self.known if s.kind is SignalKind.CLOSED and s.suggestion is None]
        if ends:
            last = max(ends, key=lambda signal: (signal.occurred_at, signal.event_id))
            # Right after the end that it takes back: our clock and the forge's may differ.
            at = last.occurred_at + timedelta(microseconds=1)
            yield Signal(self._name("reopen", last.event_id), SignalKind.REOPENED, self.pull, at)

    def _expired(self, one: Placed) -> Iterable[Signal]:
        at = one.shown_at + OPEN_FOR
        if self.state.closed_at is None and self.now >= at:
            yield self._about(one.suggestion, SignalKind.EXPIRED, at, None, "expired")

    def _deleted(self, one: Placed) -> Iterable[Signal]:
        if self.state.is_whole:
            kind = SignalKind.COMMENT_DELETED
            yield self._about(one.suggestion, kind, self._seen_at, None, "deleted")

    def _resolution(self, suggestion: SuggestionId, thread: ThreadState) -> Iterable[Signal]:
        """Return the change since the log heard of the thread last."""
        kinds = (SignalKind.RESOLVED, SignalKind.UNRESOLVED)
        changes = [s for s in self.known if s.suggestion == suggestion and s.kind in kinds]
        # They take turns, so their number tells which one was last, whatever the clocks said.
        if thread.is_resolved == (len(changes) % 2 == 1):
            return
        kind = SignalKind.RESOLVED if thread.is_resolved else SignalKind.UNRESOLVED
        by = self.who(thread.resolved_by) if thread.resolved_by is not None else None
        if thread.resolved_by is not None and by is None:
            return
        at = max([self._seen_at, *(s.occurred_at + timedelta(microseconds=1) for s in changes)])
        if kind is SignalKind.UNRESOLVED:
            # The forge does not say who; it takes back what the last one said, and that is theirs.
            by = changes[-1].by
        yield self._about(suggestion, kind, at, by, "thread", thread.id, len(changes))

    def _replies(self, suggestion: SuggestionId, thread: ThreadState) -> Iterable[Signal]:
        for reply in thread.replies:
            kind, name = sentiment(reply.body), ("reply", reply.id)
            if kind is None or reply.by is None or self._name(suggestion, *name) in self._logged:
                continue
            # Only now: to ask what somebody may do costs a request.
            by = self.who(reply.by)
            if by is not None:
                yield self._about(suggestion, kind, reply.at, by, *name)

    def _dismissals(self, suggestion: SuggestionId, thread: ThreadState) -> Iterable[Signal]:
        for each in self.state.dismissed:
            if each.review_id != thread.review_id or each.by is None:
                continue
            by = self.who(each.by)
            if by is not None:
                name = ("dismissed", each.review_id, each.at.isoformat())
                kind = SignalKind.REVIEW_DISMISSED
                yield self._about(suggestion, kind, each.at, by, *name)

    @property
    def _seen_at(self) -> datetime:
        """When what has no time of its own happened, as far as anybody can tell."""
        closed = self.state.closed_at
        if closed is None or self._name("close", closed.isoformat()) in self._logged:
            return self.now
        return min(self.now, closed)

    @cached_property
    def _logged(self) -> frozenset[str]:
        return frozenset(signal.event_id for signal in self.known)

    def _name(self, *key: object) -> str:
        return event_id(self.pull.repo_id, self.pull.number, *key)

    def _about(
        self,
        suggestion: SuggestionId,
        kind: SignalKind,
        at: datetime,
        by: Actor | None,
        *key: object,
    ) -> Signal:
        return Signal(self._name(suggestion, *key), kind, self.pull, at, suggestion, by)


def uninstalled(
    pull: PullKey, suggestions: Iterable[SuggestionId], *, delivery: str, at: datetime
) -> tuple[Signal, ...]:
    """Return that nothing more will be heard of suggestions: we were taken off the repository."""
    return tuple(
        Signal(event_id("uninstalled", one, delivery), SignalKind.UNINSTALLED, pull, at, one)
        for one in suggestions
    )
