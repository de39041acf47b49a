"""What became of our suggestions in the code: reads git, and says it as signals."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.aftermath import CodeHistory, Shown, Stretch, fate, names_us, revert_of
from bot.domain.edits import Edit
from bot.domain.ledger import PullKey
from bot.domain.pull_records import SuggestionId
from bot.domain.pull_request import Sha
from bot.domain.rewriting import Rewritten
from bot.domain.signals import Match, Reading, Signal, SignalKind, event_id
from bot.domain.whereabouts import match, paths_at_end, rewritten


def read_id(suggestion: SuggestionId, end: Sha) -> str:
    """Return the id of what a suggestion is read to be at a commit."""
    return event_id("read", suggestion, end)


class Rereading:
    """Reads one repository's history."""

    def __init__(self, history: CodeHistory, *, login: str) -> None:
        self._history = history
        self._login = login
        """Ours, without `[bot]`."""

    def read(
        self, pull: PullKey, shown: Sequence[Shown], stretch: Stretch, *, at: datetime
    ) -> tuple[Signal, ...]:
        """Return what the end of a stretch says of each suggestion.

        The last tip is the end: the head of the branch, or after a merge what it left on the base;
        the branch's own head stays among the tips then, because a squash forgets its commits.
        """
        end = stretch.tips[-1]
        return tuple(self._signal(pull, one, stretch, end=end, at=at) for one in shown)

    def rewrites(self, shown: Sequence[Shown], end: Sha) -> tuple[Rewritten, ...]:
        """Return what people wrote in the place of each suggestion that does not stand there."""
        found = (Rewritten(one.suggestion, one.head_sha, self._written(one, end)) for one in shown)
        return tuple(what for what in found if what.is_small)

    def reverts(
        self, pull: PullKey, shown: Sequence[Shown], stretch: Stretch
    ) -> tuple[Signal, ...]:
        """Return which of our commits were taken back, and stayed so.

        The stretch begins where the branch did, so that what a rebase called our commit is known.
        """
        commits = self._history.commits(stretch)
        found = []
        for one in shown:
            if one.fix is None:
                continue
            patch = self._history.fix_patch(one.fix)
            revert = revert_of(one.fix, patch, commits)
            if revert is not None:
                name = event_id("revert", one.suggestion, revert.sha)
                kind = SignalKind.REVERTED
                found.append(Signal(name, kind, pull, revert.at, one.suggestion))
        return tuple(found)

    def _written(self, one: Shown, end: Sha) -> tuple[Edit, ...]:
        if all(edit.old_text == edit.new_text for edit in one.patch.edits):
            return ()  # a finding without a patch proposes nothing that could be compared
        diff = self._history.diff(one.head_sha, end)
        before = self._files(one.head_sha, one.patch.paths)
        after = self._files(end, paths_at_end(one.patch, diff))
        if match(one.patch, diff, after) in (Match.EXACT, Match.UNTOUCHED):
            return ()
        return rewritten(one.patch, diff, before, after)

    def _files(self, sha: Sha, paths: Sequence[str]) -> dict[str, bytes]:
        contents = {path: self._history.file(sha, path) for path in paths}
        return {path: data for path, data in contents.items() if data is not None}

    def _signal(
        self, pull: PullKey, one: Shown, stretch: Stretch, *, end: Sha, at: datetime
    ) -> Signal:
        reading = self._reading(one, stretch, end)
        name = read_id(one.suggestion, end)
        return Signal(name, SignalKind.READ, pull, at, one.suggestion, reading=reading)

    def _reading(self, one: Shown, stretch: Stretch, end: Sha) -> Reading:
        diff = self._history.diff(one.head_sha, end)
        paths = paths_at_end(one.patch, diff)
        found = match(one.patch, diff, self._files(end, paths))
        patch = self._history.fix_patch(one.fix) if one.fix is not None else None
        commits = self._history.commits(stretch) if one.fix is not None else ()
        on_paths = self._history.commits(stretch, (*one.patch.paths, *paths))
        has_trailer = names_us(on_paths, login=self._login, fingerprint=one.fingerprint)
        return Reading(found, fate(one.fix, patch, commits, found), has_trailer)
