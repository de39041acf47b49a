"""A patch in the form in which a model proposes one: whole lines to search, and what replaces them.

Every tool's patch has one such form, so that two patches differ in what they do and in nothing
else.
"""

from collections.abc import Mapping, Sequence

from bot.domain.edits import Edit, EditRefused, Patch
from bot.domain.model_edits import ProposedEdit, patch_of

_Range = tuple[int, int]
"""Lines of a file, from 0, the end not included."""


def proposed_edits(patch: Patch, files: Mapping[str, bytes]) -> tuple[ProposedEdit, ...]:
    """Return the edits that `patch_of` reads as this patch, with as few lines around as will do.

    Raises EditRefused where there are none, such as for a file without a line.
    """
    after = patch.apply(files)
    for is_one in (False, True):
        # Where one edit writes what another one searches, all of a file become one.
        edits = tuple(
            edit
            for path in patch.paths
            for edit in _of_file(path, patch, files[path], is_one=is_one)
        )
        if _reads_as(edits, files, after):
            return edits
    raise EditRefused("the patch has no form in which lines are searched")


def _reads_as(
    edits: Sequence[ProposedEdit], files: Mapping[str, bytes], after: Mapping[str, bytes]
) -> bool:
    try:
        return patch_of(edits, files).apply(files) == after
    except EditRefused:
        return False


def _of_file(path: str, patch: Patch, data: bytes, *, is_one: bool) -> list[ProposedEdit]:
    text = data.decode("utf-8", "surrogateescape")
    lines = text.removesuffix("\n").split("\n")
    own = [edit for edit in patch.edits if edit.path == path]
    ranges = [(edit.start_line - 1, edit.end_line) for edit in own]
    if is_one:
        ranges = [(ranges[0][0], ranges[-1][1])]
    joined = _joined([_widened(lines, found, own) for found in ranges])
    return [
        ProposedEdit(
            path=path,
            search=_text(lines[start:end]),
            replace=_text(_replaced(lines, (start, end), own)),
        )
        for start, end in joined
    ]


def _widened(lines: Sequence[str], found: _Range, edits: Sequence[Edit]) -> _Range:
    """Widen a range until its lines stand once in the file, with blank ones at neither end."""
    start, end = found
    while start > 0 or end < len(lines):
        old, new = lines[start:end], _replaced(lines, (start, end), edits)
        if old and _is_framed(old) and (not new or _is_framed(new)) and _is_once(lines, old):
            break
        start, end = max(0, start - 1), min(len(lines), end + 1)
    return start, end


def _is_framed(lines: Sequence[str]) -> bool:
    return bool(lines[0].strip() and lines[-1].strip())


def _is_once(lines: Sequence[str], wanted: Sequence[str]) -> bool:
    size = len(wanted)
    places = range(len(lines) - size + 1)
    return sum(list(lines[at : at + size]) == list(wanted) for at in places) == 1


def _joined(ranges: Sequence[_Range]) -> list[_Range]:
    """Make one of those that overlap or touch."""
    joined: list[_Range] = []
    for start, end in sorted(ranges):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _replaced(lines: Sequence[str], found: _Range, edits: Sequence[Edit]) -> list[str]:
    """Return what stands in the place of a range after the edits that are in it."""
    start, end = found
    pieces: list[str] = []
    position = start
    for edit in edits:
        if start <= edit.start_line - 1 and edit.end_line <= end:
            pieces += lines[position : edit.start_line - 1]
            pieces += edit.new_text.removesuffix("\n").split("\n") if edit.new_text else []
            position = edit.end_line
    return [*pieces, *lines[position:end]]


def _text(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
