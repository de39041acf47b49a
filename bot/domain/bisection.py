"""Which hunks of a pull request broke a test: delta debugging over what the change did.

The pull request is cut into units that can be taken back one by one. A set of units is a culprit
set when taking it back makes the red tests pass; the one we look for is 1-minimal, no unit of it
can be spared (Zeller and Hildebrandt, Simplifying and isolating failure-inducing input, 2002),
searched for by halves (Junker, QuickXplain, 2004).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.diff import Diff, FileDiff, FileStatus, Hunk
from bot.domain.edits import Edit, Patch
from bot.domain.reversal import revert_edits

Overlay = Mapping[str, bytes | None]
"""New contents by path on top of a tree; None removes the file."""


@dataclass(frozen=True)
class Unit:
    """One hunk, or a whole file where hunks cannot be taken back (new, gone, binary, moved)."""

    file: FileDiff
    hunk: Hunk | None

    @property
    def line(self) -> int:
        """The first RIGHT line that the unit is about; 1 for a whole file."""
        return max(1, self.hunk.new_start) if self.hunk is not None else 1


def units(diff: Diff) -> tuple[Unit, ...]:
    """Cut the diff into units, in its order; a change of a mode or of a submodule is none."""
    files = (file for file in diff.files if not file.is_submodule)
    return tuple(unit for file in files for unit in _units_of(file))


def taken_back(
    chosen: Sequence[Unit], *, base: Mapping[str, bytes], head: Mapping[str, bytes]
) -> dict[str, bytes | None]:
    """Return the overlay on the head's tree that takes the chosen units back.

    `base` holds the old contents of all files of the diff, `head` the new ones.
    """
    overlay: dict[str, bytes | None] = {}
    for file in dict.fromkeys(unit.file.path for unit in chosen):
        parts = [unit for unit in chosen if unit.file.path == file]
        overlay |= _taken_back_in_file(parts, base=base, head=head)
    return overlay


def reverting_patch(chosen: Sequence[Unit]) -> Patch | None:
    """Return the chosen units' reversal as edits, or None where one of them is a whole file."""
    edits: list[Edit] = []
    for unit in chosen:
        if unit.hunk is None:
            return None
        edits.extend(revert_edits(unit.file, unit.hunk))
    return Patch(tuple(edits))


def minimal_culprits(
    items: Sequence[Unit], is_culprit: Callable[[Sequence[Unit]], bool | None]
) -> tuple[Unit, ...]:
    """Return a 1-minimal subset for which `is_culprit` is true, in the order of `items`.

    `items` as a whole must be a culprit set. An answer of None (could not tell) counts as no.
    k culprits among n items take about k log2(n) + 2k questions: each is the end of the shortest
    prefix that, with those already found, is a culprit set.
    """
    asked: dict[frozenset[int], bool] = {frozenset(): False, frozenset(range(len(items))): True}

    def holds(subset: Iterable[int]) -> bool:
        key = frozenset(subset)
        if key not in asked:
            asked[key] = is_culprit([items[i] for i in sorted(key)]) is True
        return asked[key]

    found: list[int] = []
    end = len(items)
    while not holds(found):
        low, high = 0, end  # found + the first `low` is no culprit set, with `high` it is one
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if holds([*found, *range(middle)]) else (middle, high)
        found.append(high - 1)
        end = high - 1
    return tuple(items[i] for i in sorted(_without_needless(found, holds)))


def _without_needless(found: list[int], holds: Callable[[Iterable[int]], bool]) -> list[int]:
    """Drop what can be spared; only where the culprits do not simply add up is there any."""
    for item in found:
        rest = [other for other in found if other != item]
        if holds(rest):
            return _without_needless(rest, holds)
    return found


def _units_of(file: FileDiff) -> list[Unit]:
    is_moved = file.status in (FileStatus.RENAMED, FileStatus.COPIED)
    if file.status is FileStatus.MODIFIED and not file.is_binary:
        return [Unit(file, hunk) for hunk in file.hunks]
    if is_moved and not file.is_binary:
        return [*(Unit(file, hunk) for hunk in file.hunks), Unit(file, None)]
    return [Unit(file, None)]


def _taken_back_in_file(
    parts: Sequence[Unit], *, base: Mapping[str, bytes], head: Mapping[str, bytes]
) -> dict[str, bytes | None]:
    file = parts[0].file
    if file.status is FileStatus.ADDED:
        return {file.path: None}
    is_whole = any(unit.hunk is None for unit in parts)
    if is_whole and file.status not in (FileStatus.RENAMED, FileStatus.COPIED):
        return {file.path: base[file.old_path]}
    edits = [e for u in parts if u.hunk is not None for e in revert_edits(file, u.hunk)]
    content = Patch(tuple(edits)).apply(head)[file.path] if edits else head[file.path]
    match (is_whole, file.status):
        case (True, FileStatus.RENAMED):
            return {file.path: None, file.old_path: content}
        case (True, FileStatus.COPIED):
            return {file.path: None}
        case _:
            return {file.path: content}
