"""What people and git say about one suggestion, as events that fold into its outcome.

An event's id is made of what it means, not of how we learned of it: a webhook, a poll and the
reconciler give the same one. Words of a person count only by what the forge says of that person.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.events import Person
from bot.domain.forge import Permission
from bot.domain.ledger import PullKey
from bot.domain.pull_records import SuggestionId
from bot.errors import Refused

_ID_LENGTH = 32


class BadSignal(Refused):
    """A signal is not one: its parts do not fit together."""


class SignalKind(StrEnum):
    """What happened."""

    REJECTED = "rejected"
    """By `reject` or `dismiss`."""
    REVIEW_DISMISSED = "review dismissed"
    RESOLVED = "resolved"
    UNRESOLVED = "unresolved"
    LIKED = "liked"
    DISLIKED = "disliked"
    UNREACTED = "unreacted"
    """A person took back what they liked or disliked."""
    REPLIED_WELL = "replied well"
    REPLIED_BADLY = "replied badly"
    READ = "read"
    """Git was read at a commit; see Reading."""
    REVERTED = "reverted"
    MERGED = "merged"
    CLOSED = "closed"
    """Without a merge."""
    REOPENED = "reopened"
    COMMENT_DELETED = "comment deleted"
    EXPIRED = "expired"
    """The pull request was open for too long to tell."""
    UNINSTALLED = "uninstalled"


class Standing(StrEnum):
    """What a person is to the pull request, by the forge's own answer."""

    WRITER = "writer"
    """May write to the base repository."""
    AUTHOR = "author"
    """Of the pull request, without the right to write."""
    STRANGER = "stranger"
    BOT = "bot"
    """Another program, or ourselves."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acted."""

    id: int
    standing: Standing


class Match(StrEnum):
    """How much of a suggestion stands where its lines have moved to."""

    EXACT = "exact"
    """All of it, white space aside."""
    SIMILAR = "similar"
    """Something like it, nearby."""
    TOUCHED = "touched"
    """The lines that it is about are others now."""
    UNTOUCHED = "untouched"


class OurCommit(StrEnum):
    """What became of a commit of ours that held the suggestion."""

    NONE = "none"
    """There was none."""
    KEPT = "kept"
    """It, or the same patch, is in the history."""
    REMOVED = "removed"
    """It is in the history, and its lines are gone or it was taken back."""
    DROPPED = "dropped"
    """It is no longer in the history, and neither are its lines."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What git says of a suggestion at one commit."""

    match: Match
    ours: OurCommit = OurCommit.NONE
    has_trailer: bool = False
    """A commit that changed the file names us as its co-author, or the suggestion."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One event about one suggestion, or about the whole pull request."""

    event_id: str
    kind: SignalKind
    pull: PullKey
    occurred_at: datetime
    suggestion: SuggestionId | None = None
    """None where it is about the whole pull request."""
    by: Actor | None = None
    reading: Reading | None = None

    def __post_init__(self) -> None:
        if self.occurred_at.tzinfo is None:
            raise BadSignal(f"{self.kind}: its time has no zone")
        if (self.kind is SignalKind.READ) != (self.reading is not None):
            raise BadSignal(f"{self.kind}: only a reading says what was read")


def event_id(*key: object) -> str:
    """Return the id of an event from its semantic key, such as `reaction` and the reaction's id."""
    text = "\0".join(str(part) for part in key)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_ID_LENGTH]


def standing(
    person: Person, permission: Permission, *, author_id: int, is_program: bool
) -> Standing:
    """Return what a person is; a name or an `author_association` gives nothing (rule R5)."""
    if is_program:
        return Standing.BOT
    if permission.may_write:
        return Standing.WRITER
    return Standing.AUTHOR if person.id == author_id else Standing.STRANGER


_OF_PEOPLE = (
    SignalKind.REJECTED,
    SignalKind.REVIEW_DISMISSED,
    SignalKind.RESOLVED,
    SignalKind.UNRESOLVED,
    SignalKind.LIKED,
    SignalKind.DISLIKED,
    SignalKind.UNREACTED,
    SignalKind.REPLIED_WELL,
    SignalKind.REPLIED_BADLY,
)
_ACTS = (SignalKind.REJECTED, SignalKind.RESOLVED, SignalKind.UNRESOLVED)
"""What counts of an author who may not write: acts on the pull request, not opinions (rule R28)."""


def counts(signal: Signal) -> bool:
    """Tell whether a signal teaches anything: a stranger could teach us what they like."""
    if signal.kind not in _OF_PEOPLE:
        return True
    who = signal.by.standing if signal.by is not None else Standing.STRANGER
    return who is Standing.WRITER or (who is Standing.AUTHOR and signal.kind in _ACTS)


def canonical(signals: Iterable[Signal]) -> list[Signal]:
    """Return each event once, in one order, whatever order and number they came in."""
    ordered = sorted(
        signals, key=lambda signal: (signal.occurred_at, signal.event_id, repr(signal))
    )
    once: dict[str, Signal] = {}
    for signal in ordered:
        once.setdefault(signal.event_id, signal)
    return list(once.values())


_BAD = (
    "not applicable", "false positive", "won't fix", "wont fix", "will not fix", "not a bug",
    "not an issue", "by design", "works as intended", "intentional", "this is wrong",
    "this is incorrect", "not useful", "not helpful", "disagree",
)  # fmt: skip
_GOOD = (
    "good catch", "great catch", "nice catch", "good find", "nice find", "well spotted",
    "good point", "thanks, fixed", "fixed, thanks", "you are right", "you're right",
)  # fmt: skip
_NEGATION = re.compile(r"(?:\b(?:not|no|never|hardly)|n't)\b[^.!?,;]{0,12}$")
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_MOST_READ = 2_000


def sentiment(body: str) -> SignalKind | None:
    """Return what a reply says of our comment by a closed list of phrases, or None.

    Quotes and code are others' words. Both kinds of phrases in one reply say nothing.
    """
    own = "\n".join(
        line for line in _CODE.sub(" ", body[:_MOST_READ]).split("\n")
        if not line.lstrip().startswith(">")
    )  # fmt: skip
    text = " ".join(own.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())
    is_bad, is_good = _says(text, _BAD), _says(text, _GOOD)
    if is_bad == is_good:
        return None
    return SignalKind.REPLIED_BADLY if is_bad else SignalKind.REPLIED_WELL


def _says(text: str, phrases: tuple[str, ...]) -> bool:
    for phrase in phrases:
        for found in re.finditer(rf"(?<!\w){re.escape(phrase)}(?!\w)", text):
            if not _NEGATION.search(text[: found.start()]):
                return True
    return False
