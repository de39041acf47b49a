"""The hidden line by which we find our own comments again.

It counts only as the last line of a comment that the forge says is ours: what others wrote stands
above it, and they could write one too (rule R2).
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.pull_request import Sha

_NONE = "-"
_WORD = r"[A-Za-z0-9._:/-]{1,100}"
_MARKER = re.compile(
    rf"<!-- pullwright:v1 kind=(summary|finding|reply) head=({_WORD}) run=({_WORD})"
    rf" s=({_WORD}) d=({_WORD}) -->"
)


class MarkerKind(StrEnum):
    """What a comment of ours is."""

    SUMMARY = "summary"
    FINDING = "finding"
    REPLY = "reply"


@dataclass(frozen=True, slots=True)
class Marker:
    """Which comment this is; raises ValueError for a word that would break the line."""

    kind: MarkerKind
    head: Sha
    run: str
    suggestion: str = _NONE
    """The fingerprint of the finding: a suggestion's own id is another one on every head, and the
    thread has to be found again on all of them, also where there is no ledger."""
    decision: str = _NONE
    """The decision that led to it, as the ledger knows it."""

    def __post_init__(self) -> None:
        if not _MARKER.fullmatch(str(self)):
            raise ValueError(f"not fit for a marker: {self!r}")

    def __str__(self) -> str:
        return (
            f"<!-- pullwright:v1 kind={self.kind} head={self.head} run={self.run}"
            f" s={self.suggestion} d={self.decision} -->"
        )

    def names_same(self, other: "Marker | None") -> bool:
        """Tell whether both name one comment: a pull request has one summary, a run one reply."""
        if other is None or self.kind is not other.kind:
            return False
        if self.kind is MarkerKind.SUMMARY:
            return True
        same = (self.run, self.suggestion) == (other.run, other.suggestion)
        return same and self.decision == other.decision

    def under(self, body: str) -> str:
        """Return the body with the marker as its last line."""
        return f"{body.rstrip()}\n\n{self}"


def without_marker(body: str) -> str:
    """Return a comment of ours as people read it."""
    return body if parse_marker(body) is None else body.rstrip().rpartition("\n")[0].rstrip()


def parse_marker(body: str) -> Marker | None:
    """Return the marker in the last line of a comment, or None."""
    found = _MARKER.fullmatch(body.rstrip().rpartition("\n")[2].strip())
    if found is None:
        return None
    kind, head, run, suggestion, decision = found.groups()
    return Marker(MarkerKind(kind), Sha(head), run, suggestion, decision)
