"""Takes hunks of a pull request back: the head's lines become the merge base's again."""

from itertools import groupby

from bot.domain.diff import FileDiff, FileStatus, Hunk, Line, LineKind
from bot.domain.edits import Edit, EditRefused
from bot.domain.pull_request import printable

_WITH_TEXT_ON_BOTH_SIDES = (FileStatus.MODIFIED, FileStatus.RENAMED, FileStatus.COPIED)


def revert_edits(file: FileDiff, hunk: Hunk) -> tuple[Edit, ...]:
    """Return edits of the head's file that turn one of its hunks back, byte for byte.

    The edits of different hunks never touch, so any subset can be applied as one patch. An added
    file becomes empty; removing it, or moving a renamed one back, is the caller's.
    Raises EditRefused where the head has no text to edit: a deleted file, a submodule, a file that
    became a symlink.
    """
    is_text = file.status is FileStatus.ADDED or file.status in _WITH_TEXT_ON_BOTH_SIDES
    if not is_text or file.is_submodule:
        raise EditRefused(f"{printable(file.path)} cannot be turned back line by line")
    edits: list[Edit] = []
    next_line = max(1, hunk.new_start)
    for is_context, group in groupby(hunk.lines, key=lambda line: line.kind is LineKind.CONTEXT):
        run = list(group)
        if not is_context:
            edits.append(_revert_run(file.path, next_line, run))
        next_line += sum(line.kind is not LineKind.REMOVED for line in run)
    return tuple(edits)


def _revert_run(path: str, start_line: int, run: list[Line]) -> Edit:
    added = [line.text for line in run if line.kind is LineKind.ADDED]
    removed = [line.text for line in run if line.kind is LineKind.REMOVED]
    return Edit(path, start_line, start_line + len(added) - 1, "".join(added), "".join(removed))
