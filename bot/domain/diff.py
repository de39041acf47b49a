"""What the pull request changes: files, hunks and lines between merge base and head.

Paths are `str` decoded from bytes with `surrogateescape`, so every name git can hold survives.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from bot.domain.pull_request import Sha, printable
from bot.errors import Refused

SUBMODULE_MODE = "160000"


class Side(StrEnum):
    """GitHub's words for the old and the new side of a diff."""

    LEFT = "LEFT"
    RIGHT = "RIGHT"


class FileStatus(StrEnum):
    """What happened to a file, in git's words."""

    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"
    RENAMED = "renamed"
    COPIED = "copied"
    TYPE_CHANGED = "type changed"


class LineKind(StrEnum):
    """The first character of a line in a unified diff."""

    CONTEXT = " "
    ADDED = "+"
    REMOVED = "-"


_CONTEXT, _ADDED, _REMOVED = LineKind  # the loop over lines is hot, and these are quick to reach


class Line(NamedTuple):
    """One line of a hunk; a number is None on the side where the line does not exist.

    A tuple, because a diff has as many as it has lines and a frozen dataclass is four times slower.
    """

    kind: LineKind
    old_number: int | None
    new_number: int | None
    text: str
    """With its line ending; without one only at the end of a file that has none."""


@dataclass(frozen=True)
class Hunk:
    """One `@@` block; its lines are parsed when somebody asks, because most are only counted.

    Ranges count lines from 1 and a count may be 0, as in git's own header.
    """

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    body: bytes
    """The lines after the header, as git printed them, `\\ No newline at end of file` included."""

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The lines in order, numbered on the side or sides where they exist."""
        old, new = self.old_start, self.new_start
        lines: list[Line] = []
        # No byte of a multi-byte character is a line feed, so decoding first changes nothing; and
        # a line ends at line feeds only, whatever `str.splitlines` thinks.
        for row in self.body.decode("utf-8", "surrogateescape").split("\n")[:-1]:
            mark, text = row[0], row[1:] + "\n"
            if mark == "+":
                lines.append(Line(_ADDED, None, new, text))
                new += 1
            elif mark == "-":
                lines.append(Line(_REMOVED, old, None, text))
                old += 1
            elif mark == " ":
                lines.append(Line(_CONTEXT, old, new, text))
                old, new = old + 1, new + 1
            else:
                last = lines.pop()
                lines.append(last._replace(text=last.text[:-1]))
        return tuple(lines)

    @property
    def added_numbers(self) -> list[int]:
        """The RIGHT numbers of added lines, in order, found without making the lines."""
        if not self.old_count:
            return list(self.new_range)
        marks = (row[:1] for row in self.body.split(b"\n"))
        on_right = [mark for mark in marks if mark in (b"+", b" ")]
        return [n for n, mark in zip(self.new_range, on_right, strict=True) if mark == b"+"]

    @property
    def new_range(self) -> range:
        """The line numbers this hunk covers on the RIGHT side, context included."""
        return range(self.new_start, self.new_start + self.new_count)

    @property
    def old_range(self) -> range:
        """The line numbers this hunk covers on the LEFT side, context included."""
        return range(self.old_start, self.old_start + self.old_count)

    def range_on(self, side: Side) -> range:
        """Return the line numbers this hunk covers on `side`, context included."""
        return self.new_range if side is Side.RIGHT else self.old_range


class _HunkIndex(NamedTuple):
    """The hunks that show a line on one side, with their ranges there."""

    starts: list[int]
    stops: list[int]
    hunks: list[Hunk]


@dataclass(frozen=True)
class FileDiff:
    """One changed file."""

    path: str
    """On the new side; of a deleted file on the old side."""
    old_path: str
    """Equal to `path` unless the file was renamed or copied."""
    status: FileStatus
    old_mode: str
    """Six octal digits as in git's raw format, `000000` where the side has no file."""
    new_mode: str
    is_binary: bool
    hunks: tuple[Hunk, ...]

    @property
    def is_submodule(self) -> bool:
        """A side is a commit of another repository: no content of it is in the tree."""
        return SUBMODULE_MODE in (self.old_mode, self.new_mode)

    @cached_property
    def added_lines(self) -> frozenset[int]:
        """The RIGHT line numbers that this change added or rewrote."""
        return frozenset(self._added_in_order)

    @cached_property
    def _added_in_order(self) -> list[int]:
        return list(chain.from_iterable(hunk.added_numbers for hunk in self.hunks))

    def touches(self, start_line: int, end_line: int) -> bool:
        """Tell whether the change added or rewrote any of these RIGHT lines."""
        index = bisect_left(self._added_in_order, start_line)
        return any(line <= end_line for line in self._added_in_order[index : index + 1])

    def hunk_at(self, line: int, *, side: Side) -> Hunk | None:
        """Return the hunk that shows `line` on `side`, or None when the diff does not show it."""
        starts, stops, hunks = self._on_right if side is Side.RIGHT else self._on_left
        place = bisect_right(starts, line) - 1
        return hunks[place] if place >= 0 and line < stops[place] else None

    @cached_property
    def _on_right(self) -> _HunkIndex:
        return self._index(Side.RIGHT)

    @cached_property
    def _on_left(self) -> _HunkIndex:
        return self._index(Side.LEFT)

    def _index(self, side: Side) -> _HunkIndex:
        # An empty range has no place in the order: git gives it the line before, or 0.
        shown = [(hunk.range_on(side), hunk) for hunk in self.hunks if hunk.range_on(side)]
        starts = [lines.start for lines, _ in shown]
        return _HunkIndex(starts, [lines.stop for lines, _ in shown], [hunk for _, hunk in shown])


class NotAnchorable(Refused):
    """GitHub would refuse a review comment there; the message says why."""


class Anchor(NamedTuple):
    """A place that GitHub accepts for a review comment: one hunk, one side, in order."""

    path: str
    side: Side
    line: int
    start_line: int | None
    """None for a comment on one line; always smaller than `line` otherwise."""


@dataclass(frozen=True)
class Diff:
    """Everything between the merge base and the head, from git on this machine."""

    merge_base_sha: Sha
    head_sha: Sha
    files: tuple[FileDiff, ...]

    @cached_property
    def by_path(self) -> dict[str, FileDiff]:
        """The files by their path on the new side."""
        return {file.path: file for file in self.files}

    @property
    def hunks_total(self) -> int:
        """How many hunks there are to see."""
        return sum(len(file.hunks) for file in self.files)

    def touches(self, path: str, start_line: int, end_line: int) -> bool:
        """Tell whether the change added or rewrote any of these RIGHT lines."""
        file = self.by_path.get(path)
        return file is not None and file.touches(start_line, end_line)

    def anchor(
        self, path: str, line: int, side: Side = Side.RIGHT, *, start_line: int | None = None
    ) -> Anchor:
        """Return the anchor for a comment on these lines.

        Raises NotAnchorable where GitHub answers 422: a file or line outside the diff, or a range
        that leaves its hunk (docs.github.com/rest/pulls/comments).
        """
        file = self.by_path.get(path)
        if file is None:
            raise NotAnchorable(f"{printable(path)} is not in the diff")
        hunk = file.hunk_at(line, side=side)
        if hunk is None:
            raise NotAnchorable(f"{printable(path)}:{line} is in no hunk on the {side} side")
        if start_line is None or start_line == line:
            return Anchor(path, side, line, None)
        if start_line > line or start_line not in hunk.range_on(side):
            raise NotAnchorable(f"{printable(path)}:{start_line}-{line} is not inside one hunk")
        return Anchor(path, side, line, start_line)
