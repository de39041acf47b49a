"""What the pull request changes: files, hunks and lines between merge base and head.

Paths are `str` decoded from bytes with `surrogateescape`, so every name git can hold survives.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from bot.domain.pull_request import Sha
from bot.errors import Refused


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


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a hunk; a number is None on the side where the line does not exist."""

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
        return tuple(self._parse())

    @property
    def new_range(self) -> range:
        """The line numbers this hunk covers on the RIGHT side, context included."""
        return range(self.new_start, self.new_start + self.new_count)

    @property
    def old_range(self) -> range:
        """The line numbers this hunk covers on the LEFT side, context included."""
        return range(self.old_start, self.old_start + self.old_count)

    def _parse(self) -> Iterator[Line]:
        old, new = self.old_start, self.new_start
        for row in _rows(self.body):
            text = row[1:].decode("utf-8", "surrogateescape")
            match row[:1]:
                case b"+":
                    yield Line(LineKind.ADDED, None, new, text)
                    new += 1
                case b"-":
                    yield Line(LineKind.REMOVED, old, None, text)
                    old += 1
                case _:
                    yield Line(LineKind.CONTEXT, old, new, text)
                    old, new = old + 1, new + 1


def _rows(body: bytes) -> list[bytes]:
    """Split only at line feeds, and take the line feed off where git says the file has none."""
    rows: list[bytes] = []
    for row in body.split(b"\n")[:-1]:
        if row.startswith(b"\\"):
            rows[-1] = rows[-1][:-1]
        else:
            rows.append(row + b"\n")
    return rows


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

    @cached_property
    def added_lines(self) -> frozenset[int]:
        """The RIGHT line numbers that this change added or rewrote."""
        return frozenset(
            line.new_number
            for hunk in self.hunks
            for line in hunk.lines
            if line.kind is LineKind.ADDED and line.new_number is not None
        )

    def hunk_at(self, line: int, *, side: Side) -> Hunk | None:
        """Return the hunk that shows `line` on `side`, or None when the diff does not show it."""
        for hunk in self.hunks:
            if line in (hunk.new_range if side is Side.RIGHT else hunk.old_range):
                return hunk
        return None


class NotAnchorable(Refused):
    """GitHub would refuse a review comment there; the message says why."""


@dataclass(frozen=True, slots=True)
class Anchor:
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
        if file is None:
            return False
        return any(line in file.added_lines for line in range(start_line, end_line + 1))

    def anchor(
        self, path: str, line: int, side: Side = Side.RIGHT, *, start_line: int | None = None
    ) -> Anchor:
        """Return the anchor for a comment on these lines.

        Raises NotAnchorable where GitHub answers 422: a file or line outside the diff, or a range
        that leaves its hunk (docs.github.com/rest/pulls/comments).
        """
        file = self.by_path.get(path)
        if file is None:
            raise NotAnchorable(f"{path} is not in the diff")
        hunk = file.hunk_at(line, side=side)
        if hunk is None:
            raise NotAnchorable(f"{path}:{line} is not in a hunk on the {side} side")
        if start_line is None or start_line == line:
            return Anchor(path, side, line, None)
        if start_line > line or file.hunk_at(start_line, side=side) is not hunk:
            raise NotAnchorable(f"{path}:{start_line}-{line} is not one range of one hunk")
        return Anchor(path, side, line, start_line)
