"""What the Action knows of a pull request from one run to the next: one hidden line of its summary.

A run of the Action has no database of its own. What the App keeps in its ledger stands above the
marker of our own summary comment instead. The forge says that the comment is ours, and every field
is checked when it is read.
"""

import base64
import binascii
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.domain.findings import FindingState
from bot.domain.ledger import Head, KnownFinding, RunId
from bot.domain.markdown import LIMIT_BYTES, cut, size_bytes
from bot.domain.markers import parse_marker
from bot.domain.pull_records import PullMode, Silence, SuggestionRecord
from bot.domain.pull_request import Sha
from bot.domain.reading import Reading
from bot.domain.record_json import dump, load
from bot.domain.verdict import Conclusion
from bot.errors import Refused

LIMIT_STATE_BYTES = 24_000
"""Of the 60,000 that a comment may have; people need the rest."""
SILENCES_REMEMBERED = 5

_MOST_BYTES = 8 << 20
"""Unpacked: what was packed to explode is not ours."""
_LINE = re.compile(r"^<!-- pullwright:state:v1 ([A-Za-z0-9+/=]{4,60000}) -->$", re.MULTILINE)
_ENDED = (FindingState.FIXED, FindingState.STALE)
_BODY_CHARACTERS = 400


class StateUnreadable(Refused):
    """The line is there, and it is none that this version or an earlier one wrote."""


@dataclass(frozen=True, slots=True)
class LastReview:
    """The review that ended last and saw something."""

    run_id: RunId
    head: Head
    conclusion: Conclusion
    is_failure: bool = False
    reading: Reading | None = None


@dataclass(frozen=True, slots=True)
class RecordedCommit:
    """A commit of ours, by the key under which the ledger has it."""

    key: str
    sha: Sha
    url: str


@dataclass(frozen=True, slots=True)
class ActionState:
    """Where we stand with one pull request."""

    mode: PullMode = PullMode.AUTO
    findings: tuple[KnownFinding, ...] = ()
    last: LastReview | None = None
    suggestions: tuple[SuggestionRecord, ...] = ()
    """Without their proofs."""
    commits: tuple[RecordedCommit, ...] = ()
    silences: tuple[Silence, ...] = ()
    """The newest first."""

    @property
    def needs_a_comment(self) -> bool:
        """Something would be lost if nothing of ours were posted."""
        return self.mode is not PullMode.AUTO or bool(self.findings or self.commits)


NOTHING = ActionState()


def state_line(state: ActionState, *, limit_bytes: int = LIMIT_STATE_BYTES) -> str:
    """Return the hidden line; where not all of it fits, what can be found out again goes first."""
    for smaller in _smaller(state):
        packed = base64.b64encode(zlib.compress(dump(smaller).encode("ascii"), 9)).decode("ascii")
        line = f"<!-- pullwright:state:v1 {packed} -->"
        if len(line) <= limit_bytes:
            return line
    return ""


def state_in(body: str) -> ActionState | None:
    """Return what a comment of ours remembers, or None for one that remembers nothing.

    Raises StateUnreadable.
    """
    found = _LINE.search(body)
    if found is None:
        return None
    try:
        unpacking = zlib.decompressobj()
        data = unpacking.decompress(base64.b64decode(found[1], validate=True), _MOST_BYTES)
        if not unpacking.eof:
            raise StateUnreadable("what our summary comment remembers is cut or too large")
        return load(ActionState, data.decode("ascii"))
    except (binascii.Error, zlib.error, UnicodeDecodeError, Refused) as error:
        raise StateUnreadable(f"what our summary comment remembers is damaged: {error}") from error


def with_state(body: str, line: str) -> str:
    """Return a comment with this line above its marker, in place of the one that was there.

    The words are cut to what room is left, and neither of the two lines ever is.
    """
    plain = _LINE.sub("", body).rstrip()
    if not line or parse_marker(plain) is None:
        return body
    words, _, marker = plain.rpartition("\n")
    room = LIMIT_BYTES - size_bytes(line) - size_bytes(marker) - 4
    return f"{cut(words.rstrip(), limit_bytes=room)}\n\n{line}\n{marker}"


def without_state(body: str) -> str:
    """Return a comment as people read it."""
    return _LINE.sub("", body).rstrip()


def merged(before: ActionState, ours: ActionState, theirs: ActionState) -> ActionState:
    """Return what two runs know that both began with `before`: no word of a person is lost."""
    mode = theirs.mode if ours.mode is before.mode else ours.mode
    by_id = {known.id: known for known in ours.findings}
    for other in theirs.findings:
        own = by_id.get(other.id)
        is_news = own is None or (own.dismissal is None and other.dismissal is not None)
        if is_news:
            by_id[other.id] = other
    return replace(
        ours,
        mode=mode,
        findings=tuple(by_id.values()),
        last=ours.last if ours.last != before.last else theirs.last,
        suggestions=tuple(dict.fromkeys((*theirs.suggestions, *ours.suggestions))),
        commits=tuple(dict.fromkeys((*theirs.commits, *ours.commits))),
    )


def _smaller(state: ActionState) -> Iterator[ActionState]:
    """Yield the state, and then less and less of it."""
    trimmed = replace(state, findings=tuple(map(_trimmed, state.findings)))
    yield trimmed
    if trimmed.last is not None:
        # Without what was read the next review is a whole one.
        trimmed = replace(trimmed, last=replace(trimmed.last, reading=None))
        yield trimmed
    trimmed = replace(trimmed, suggestions=(), silences=())
    yield trimmed
    standing = tuple(known for known in trimmed.findings if known.state not in _ENDED)
    yield replace(trimmed, findings=standing)
    said = tuple(known for known in standing if known.dismissal is not None)
    yield replace(trimmed, findings=said[-50:])


def _trimmed(known: KnownFinding) -> KnownFinding:
    finding = known.finding
    short = replace(finding, body=finding.body[:_BODY_CHARACTERS], evidence=finding.evidence[:3])
    return replace(known, finding=replace(short, fix=None, suggestion=None, reproduction=None))
