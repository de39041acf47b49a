"""How much of a suggestion stands where its lines have moved to, by the diff since it was shown.

White space, blank lines and line ends say nothing. A suggestion that stands somewhere else in the
file is another change: only its own place, and for something like it the lines around, are looked
at.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.diff import Diff, FileDiff, FileStatus, LineKind
from bot.domain.edits import Edit, Patch, trimmed
from bot.domain.signals import Match

AROUND_LINES = 10
"""So far from its place may something like the suggestion stand."""
SIMILAR = 0.8
"""Of the tokens."""
MOST_COMPARED_LINES = 200
"""A longer suggestion is found exactly or not at all: comparing is quadratic."""

_TOKEN = re.compile(r"\w+|[^\w\s]")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True, slots=True)
class _Run:
    """Lines that a diff replaces; ranges are half open."""

    old_start: int
    old_stop: int
    new_start: int
    new_stop: int

    @property
    def growth(self) -> int:
        return (self.new_stop - self.new_start) - (self.old_stop - self.old_start)

    def meets(self, start: int, stop: int) -> bool:
        """Tell whether the run overlaps these old lines, or has no line between them and itself."""
        return self.old_start <= stop and start <= self.old_stop

    def changes(self, start: int, stop: int) -> bool:
        """Tell whether the run replaces one of these old lines, or inserts between them."""
        if start == stop:
            return self.meets(start, stop)
        return self.old_start < stop and start < self.old_stop


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an edit's lines are now."""

    start: int
    stop: int
    is_touched: bool
    is_wider: bool
    """A change that goes on past the edit's own lines is in it."""
    added: frozenset[int]
    """Numbers of the new lines that the diff added to the file."""


def match(patch: Patch, diff: Diff, files: Mapping[str, bytes]) -> Match:
    """Return how much of a patch stands at the end of a diff that begins where it was made for.

    `files` holds the new contents of the patch's files, by their new path.
    """
    by_old_path = {f.old_path: f for f in diff.files if f.status is not FileStatus.COPIED}
    found = [_match(edit, by_old_path.get(edit.path), files) for edit in patch.edits]
    if all(each is Match.EXACT for each in found):
        return Match.EXACT
    if all(each in (Match.EXACT, Match.SIMILAR) for each in found):
        return Match.SIMILAR
    return Match.UNTOUCHED if all(each is Match.UNTOUCHED for each in found) else Match.TOUCHED


def paths_at_end(patch: Patch, diff: Diff) -> tuple[str, ...]:
    """Return where the patch's files are at the end of the diff; deleted ones are left out."""
    moved = {f.old_path: f for f in diff.files if f.status is not FileStatus.COPIED}
    kept = (
        moved[path].path if path in moved else path
        for path in patch.paths
        if path not in moved or moved[path].status is not FileStatus.DELETED
    )
    return tuple(kept)


def rewritten(
    patch: Patch, diff: Diff, before: Mapping[str, bytes], after: Mapping[str, bytes]
) -> tuple[Edit, ...]:
    """Return what people wrote where a patch was to change something, as edits of the same lines.

    `before` and `after` hold the patch's files by their old and new path. Empty where nobody
    touched the lines, took them out for nothing, or changed far more than them: that is no other
    answer to the same question.
    """
    moved = {f.old_path: f for f in diff.files if f.status is not FileStatus.COPIED}
    found: list[Edit] = []
    for path in patch.paths:
        own, file = [edit for edit in patch.edits if edit.path == path], moved.get(path)
        if file is None or path not in before or file.path not in after:
            continue
        edits = _rewritten(own, file, _lines(before[path]), _lines(after[file.path]))
        if edits is None:
            return ()
        found += edits
    return tuple(found) if any(edit.new_text.strip() for edit in found) else ()


def _rewritten(
    own: Sequence[Edit], file: FileDiff, old: Sequence[str], new: Sequence[str]
) -> list[Edit] | None:
    """Return the edits of one file, or None where they go far beyond those of the patch."""
    runs = list(_runs(file))
    touched = [edit for edit in own if _place(edit, file).is_touched]
    allowed = 2 * AROUND_LINES + sum(_height(edit) for edit in own)
    made: list[Edit] = []
    for first, last in _joined([_hull(edit, file, runs, new) for edit in touched]):
        before = sum(run.growth for run in runs if run.old_start < first)
        within = sum(r.growth for r in runs if first <= r.old_start and r.old_stop <= last)
        pair = old[first - 1 : last - 1], new[first - 1 + before : last - 1 + before + within]
        if max(map(len, pair)) > allowed:
            return None
        made += [trimmed(file.old_path, first, *pair)] if pair[0] != pair[1] else []
    return made


def _hull(edit: Edit, file: FileDiff, runs: Sequence[_Run], new: Sequence[str]) -> tuple[int, int]:
    """Return the old lines of an edit and of what people changed with them, half open."""
    place = _place(edit, file)
    at = _nearly_at(edit, place, [line.removesuffix("\n") for line in new])
    start, stop = edit.start_line, edit.end_line + 1
    met = [run for run in runs if run.meets(start, stop)]
    if at is not None:
        met += [run for run in runs if run.new_start < at[1] and at[0] < run.new_stop]
    return min([start, *(r.old_start for r in met)]), max([stop, *(r.old_stop for r in met)])


def _joined(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Make one of those that overlap or touch."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def _height(edit: Edit) -> int:
    return max(edit.end_line + 1 - edit.start_line, len(edit.new_text.split("\n")))


def _lines(data: bytes) -> list[str]:
    return _LINE.findall(data.decode("utf-8", "surrogateescape"))


def _match(edit: Edit, file: FileDiff | None, files: Mapping[str, bytes]) -> Match:
    if file is None:
        return Match.UNTOUCHED
    if file.status is FileStatus.DELETED or file.is_binary or file.path not in files:
        return Match.TOUCHED
    place = _place(edit, file)
    lines = files[file.path].decode("utf-8", "surrogateescape").split("\n")
    if _stands(edit, place, lines):
        return Match.EXACT
    if not place.is_touched:
        return Match.UNTOUCHED
    return Match.SIMILAR if _stands_nearly(edit, place, lines) else Match.TOUCHED


def _place(edit: Edit, file: FileDiff) -> _Place:
    start, stop = edit.start_line, edit.end_line + 1
    runs = list(_runs(file))
    met = [run for run in runs if run.meets(start, stop)]
    first = min([start, *(run.old_start for run in met)])
    last = max([stop, *(run.old_stop for run in met)])
    before = sum(run.growth for run in runs if run.old_stop <= first and run not in met)
    return _Place(
        start=first + before,
        stop=last + before + sum(run.growth for run in met),
        is_touched=any(run.changes(start, stop) for run in met),
        is_wider=any(not start <= run.old_start <= run.old_stop <= stop for run in met)
        or any(run.old_start == run.old_stop and run.old_start in (start, stop) for run in met),
        added=file.added_lines,
    )


def _runs(file: FileDiff) -> Iterable[_Run]:
    for hunk in file.hunks:
        # Git gives an empty range the line before it.
        old = hunk.old_start + (hunk.old_count == 0)
        new = hunk.new_start + (hunk.new_count == 0)
        begin = (old, new)
        for line in hunk.lines:
            if line.kind is LineKind.CONTEXT:
                if begin != (old, new):
                    yield _Run(begin[0], old, begin[1], new)
                old, new = old + 1, new + 1
                begin = (old, new)
            else:
                old += line.kind is LineKind.REMOVED
                new += line.kind is LineKind.ADDED
        if begin != (old, new):
            yield _Run(begin[0], old, begin[1], new)


def _stands(edit: Edit, place: _Place, lines: Sequence[str]) -> bool:
    wanted, old = _normal(edit.new_text.split("\n")), _normal(edit.old_text.split("\n"))
    here = _normal(lines[place.start - 1 : place.stop - 1])
    if wanted == old:
        return False
    if here == wanted:
        return place.is_touched
    gone = set(old) - set(wanted)
    if not place.is_wider or not place.is_touched or not wanted or gone & set(here):
        return False
    ends = range(len(here) - len(wanted) + 1)
    return any(here[at : at + len(wanted)] == wanted for at in ends)


def _stands_nearly(edit: Edit, place: _Place, lines: Sequence[str]) -> bool:
    return _nearly_at(edit, place, lines) is not None


def _nearly_at(edit: Edit, place: _Place, lines: Sequence[str]) -> tuple[int, int] | None:
    """Return the new lines, half open, where something like the edit stands."""
    wanted, old = _tokens([edit.new_text]), _tokens([edit.old_text])
    count = len(_normal(edit.new_text.split("\n")))
    if not wanted or count > MOST_COMPARED_LINES:
        return None
    first = max(1, place.start - AROUND_LINES)
    last = min(len(lines), place.stop - 1 + AROUND_LINES)
    for size in (count, count - 1, count + 1):
        for start in range(first, last - size + 2) if size > 0 else ():
            if place.added.isdisjoint(range(start, start + size)):
                continue
            here = _tokens(lines[start - 1 : start - 1 + size])
            likeness = _likeness(wanted, here)
            if likeness >= SIMILAR and likeness > _likeness(old, here):
                return start, start + size
    return None


def _normal(lines: Iterable[str]) -> list[str]:
    rows = (" ".join(line.split()) for line in lines)
    return [row for row in rows if row]


def _tokens(texts: Iterable[str]) -> list[str]:
    return [token for text in texts for token in _TOKEN.findall(text)]


def _likeness(first: Sequence[str], second: Sequence[str]) -> float:
    matcher = difflib.SequenceMatcher(None, first, second, autojunk=False)
    # The bound is cheap, and most windows fall below it.
    return matcher.ratio() if matcher.quick_ratio() >= SIMILAR else 0.0
