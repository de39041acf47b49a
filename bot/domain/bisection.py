"""Which hunks of a pull request broke a test: delta debugging over what the change did.

The pull request is cut into units that can be taken back one by one. A set of units is a culprit
set when taking it back makes the red tests pass; `ddmin` finds one that is 1-minimal: no unit of it
can be spared (Zeller and Hildebrandt, Simplifying and isolating failure-inducing input, 2002).
"""

from collections.abc import Callable, Mapping, Sequence
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
    """Cut the diff into units, in its order; a pure change of mode is none."""
    return tuple(unit for file in diff.files for unit in _units_of(file))


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


def ddmin(
    items: Sequence[Unit], is_culprit: Callable[[Sequence[Unit]], bool | None]
) -> tuple[Unit, ...]:
    """Return a 1-minimal subset for which `is_culprit` is true.

    `items` as a whole must be a culprit set. An answer of None (could not tell) counts as no. Each
    subset is asked at most once.
    """
    asked: dict[frozenset[int], bool] = {}

    def holds(subset: Sequence[int]) -> bool:
        key = frozenset(subset)
        if key not in asked:
            asked[key] = is_culprit([items[i] for i in subset]) is True
        return asked[key]

    kept = list(range(len(items)))
    parts = 2
    while len(kept) > 1:
        chunks = _split(kept, parts)
        smaller = next((c for c in chunks if holds(c)), None)
        if smaller is not None:
            kept, parts = smaller, 2
            continue
        complements = ([i for i in kept if i not in chunk] for chunk in chunks)
        smaller = next((c for c in complements if parts > 2 and holds(c)), None)
        if smaller is not None:
            kept, parts = smaller, max(parts - 1, 2)
        elif parts >= len(kept):
            break
        else:
            parts = min(len(kept), parts * 2)
    return tuple(items[i] for i in kept)


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


def _split(items: Sequence[int], parts: int) -> list[list[int]]:
    """Cut into `parts` runs of nearly the same length, none of them empty."""
    size, extra = divmod(len(items), parts)
    chunks: list[list[int]] = []
    start = 0
    for index in range(parts):
        end = start + size + (index < extra)
        chunks.append(list(items[start:end]))
        start = end
    return [chunk for chunk in chunks if chunk]
