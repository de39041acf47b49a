"""What the history says of a commit or a suggestion of ours, once people have worked on.

Anybody can write our trailers into a commit, so a trailer alone says nothing: it only tells who
brought in a text that stands there exactly.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.diff import Diff
from bot.domain.edits import Patch
from bot.domain.pull_records import SuggestionId
from bot.domain.pull_request import Sha
from bot.domain.signals import Match, OurCommit

MOST_COMMITS = 250
"""Of one pull request, and after its merge, that are looked at; the newest ones."""

_REVERTS = re.compile(r"^This reverts commit ([0-9a-f]{40,64})\b", re.MULTILINE)
_UNDONE = re.compile(r"^Pullwright-Undo: ([0-9a-f]{40,64})$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Shown:
    """A suggestion as people saw it."""

    suggestion: SuggestionId
    fingerprint: str
    """Of its finding; trailers carry it."""
    head_sha: Sha
    """The commit whose lines it replaces."""
    patch: Patch
    fix: Sha | None = None
    """Our own commit that holds it."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The commits that `tips` have and `base` has not."""

    base: Sha
    tips: tuple[Sha, ...]


@dataclass(frozen=True, slots=True)
class HistoryCommit:
    """One commit of a history."""

    sha: Sha
    message: str
    at: datetime
    """When it was committed."""
    patch_id: str = ""
    """The same for the same patch wherever it is applied; empty for merges and empty commits."""


@dataclass(frozen=True, slots=True)
class FixPatch:
    """Our commit by what it changes."""

    sha: Sha
    patch_id: str
    inverse_id: str
    """Of the patch that takes it back."""


class CodeHistory(Protocol):
    """Reads a repository's past; raises Refused where a commit is not there."""

    def diff(self, old: Sha, new: Sha) -> Diff:
        """Return what changed between two commits."""
        ...

    def file(self, sha: Sha, path: str) -> bytes | None:
        """Return a file of a commit, or None where it has none."""
        ...

    def commits(self, stretch: Stretch, paths: Sequence[str] = ()) -> Sequence[HistoryCommit]:
        """Return commits, the oldest first; with `paths` those alone that change one of them."""
        ...

    def fix_patch(self, sha: Sha) -> FixPatch | None:
        """Return what a commit changes, or None where it was pushed away and is not there."""
        ...


def fate(
    fix: Sha | None, patch: FixPatch | None, commits: Sequence[HistoryCommit], found: Match
) -> OurCommit:
    """Return what became of our commit; `found` is how its text stands at the end of `commits`."""
    if fix is None:
        return OurCommit.NONE
    if revert_of(fix, patch, commits) is not None:
        return OurCommit.REMOVED
    if not any(_is_same(fix, patch, commit) for commit in commits):
        return OurCommit.DROPPED
    stands = found in (Match.EXACT, Match.SIMILAR)
    return OurCommit.KEPT if stands else OurCommit.REMOVED


def revert_of(
    fix: Sha, patch: FixPatch | None, commits: Iterable[HistoryCommit]
) -> HistoryCommit | None:
    """Return the commit that took ours back, unless it was brought in again after that.

    By git's own words in its message, by our undo, or by the inverse of our patch.
    """
    revert: HistoryCommit | None = None
    names = {fix}
    for commit in commits:
        undone = {*_REVERTS.findall(commit.message), *_UNDONE.findall(commit.message)}
        is_inverse = patch is not None and commit.patch_id == patch.inverse_id != ""
        if undone & names or is_inverse:
            revert = commit
        elif revert is not None and (revert.sha in undone or _is_same(fix, patch, commit)):
            revert = None
        elif _is_same(fix, patch, commit):
            # A rebase or a cherry-pick gave it another name, which a revert will use.
            names.add(commit.sha)
    return revert


def names_us(commits: Iterable[HistoryCommit], *, login: str, fingerprint: str) -> bool:
    """Tell whether a commit has us as its co-author, as GitHub's own button writes, or our trailer.

    `login` is ours without `[bot]`.
    """
    address = rf"(?:[0-9]+\+)?{re.escape(login)}\[bot\]@users\.noreply\.github\.com"
    co_author = re.compile(
        rf"^co-authored-by: [^<>\n]*<{address}>\s*$", re.IGNORECASE | re.MULTILINE
    )
    trailer = f"Pullwright-Suggestion: {fingerprint}"
    return any(
        co_author.search(commit.message) or trailer in commit.message.splitlines()
        for commit in commits
    )


def _is_same(fix: Sha, patch: FixPatch | None, commit: HistoryCommit) -> bool:
    return commit.sha == fix or (patch is not None and commit.patch_id == patch.patch_id != "")
