"""Signals for tests: one suggestion of one pull request, minutes after it was posted."""

from datetime import UTC, datetime, timedelta

from bot.domain.ledger import PullKey
from bot.domain.pull_records import SuggestionId
from bot.domain.signals import (
    Actor,
    Match,
    OurCommit,
    Reading,
    Signal,
    SignalKind,
    Standing,
    event_id,
)

POSTED = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
PULL = PullKey(5, 7)
SUGGESTION = SuggestionId("5" * 16)
MAINTAINER = Actor(1, Standing.WRITER)
OTHER_MAINTAINER = Actor(2, Standing.WRITER)
THIRD_MAINTAINER = Actor(3, Standing.WRITER)
AUTHOR = Actor(4, Standing.AUTHOR)
STRANGER = Actor(5, Standing.STRANGER)
BOT = Actor(6, Standing.BOT)

_OF_THE_PULL = (
    SignalKind.MERGED,
    SignalKind.CLOSED,
    SignalKind.REOPENED,
    SignalKind.EXPIRED,
    SignalKind.UNINSTALLED,
)


def a_signal(
    kind: SignalKind,
    minute: float = 10,
    *,
    by: Actor | None = None,
    reading: Reading | None = None,
    days: float = 0,
) -> Signal:
    at = POSTED + timedelta(days=days, minutes=minute)
    name = event_id(kind, at, by, reading)
    about = None if kind in _OF_THE_PULL else SUGGESTION
    return Signal(name, kind, PULL, at, about, by, reading)


def said(kind: SignalKind, by: Actor = MAINTAINER, minute: float = 10) -> Signal:
    return a_signal(kind, minute, by=by)


def read(
    match: Match = Match.UNTOUCHED,
    ours: OurCommit = OurCommit.NONE,
    *,
    has_trailer: bool = False,
    minute: float = 60,
) -> Signal:
    return a_signal(SignalKind.READ, minute, reading=Reading(match, ours, has_trailer))


MERGED = a_signal(SignalKind.MERGED, 60)
CLOSED = a_signal(SignalKind.CLOSED, 60)
