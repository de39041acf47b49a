"""One file as an analyzer sees it: its places in bytes, and its fixes as edits of whole lines."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from bot.domain.edits import Edit, EditRefused, Patch, trimmed
from bot.domain.findings import Location

_MAX_SPAN_LINES = 10
_BOM = b"\xef\xbb\xbf"
_ANY_LINE_END = re.compile(rb"\r\n|\n|\r")


class Columns(Enum):
    """What a tool's column number counts."""

    CODE_POINTS = "code points"
    UTF16 = "UTF-16 code units"


@dataclass(frozen=True, slots=True)
class Splice:
    """Replace the bytes from `start` up to `end` (not included)."""

    start: int
    end: int
    text: bytes


@dataclass(frozen=True)
class Source:
    """The bytes of one file and the way from a tool's positions to our lines."""

    path: str
    data: bytes

    @cached_property
    def line_starts(self) -> list[int]:
        """Where each line begins, lines being split at line feeds only, as git does."""
        return [0, *(m.end() for m in re.finditer(rb"\n", self.data))]

    @cached_property
    def _row_starts(self) -> list[int]:
        return [0, *(m.end() for m in _ANY_LINE_END.finditer(self.data))]

    def offset(self, row: int, column: int, columns: Columns = Columns.CODE_POINTS) -> int:
        """Return the byte offset of a position counted from 1, in rows that a CR ends as well.

        A byte order mark is no column. Positions past an end are moved back to it.
        """
        return self._offset(self._row_starts, row, column, columns)

    def line_offset(self, line: int, column: int) -> int:
        """Return the byte offset of a position counted from 1, in lines as git splits them."""
        return self._offset(self.line_starts, line, column, Columns.CODE_POINTS)

    def location(self, start: int, end: int) -> Location:
        """Return the lines of a byte span; of a long one only the first line.

        A finding on a whole function would otherwise count as new when any line in it is.
        """
        first = self._line_of(start)
        last = max(first, self._line_of(max(start, end - 1)))
        if last - first >= _MAX_SPAN_LINES:
            last = first
        return Location(self.path, first, last)

    def snippet(self, place: Location) -> str:
        """Return the lines of a location, without the last line's ending."""
        begin, end = self._bounds(place.start_line, place.end_line)
        raw = self.data[begin:end]
        return raw.decode("utf-8", "surrogateescape").rstrip("\r\n")

    def patch(self, splices: Sequence[Splice]) -> Patch | None:
        """Return line edits that do what the splices say, or None when these do not fit."""
        ordered = sorted(set(splices), key=lambda s: (s.start, s.end))
        end = 0
        for splice in ordered:
            if not end <= splice.start <= splice.end <= len(self.data):
                return None
            end = splice.end
        edits = (self._edit(group) for group in self._by_lines(ordered))
        try:
            patch = Patch(tuple(e for e in edits if e.old_text != e.new_text))
        except EditRefused:
            return None
        return patch if patch.edits else None

    def _bounds(self, first: int, last: int) -> tuple[int, int]:
        starts = self.line_starts
        return starts[first - 1], starts[last] if last < len(starts) else len(self.data)

    def _line_of(self, offset: int) -> int:
        is_past_end = offset >= len(self.data) > 0 and self.data.endswith(b"\n")
        last = len(self.line_starts) - is_past_end
        return min(bisect_right(self.line_starts, offset), last)

    def _offset(self, starts: Sequence[int], row: int, column: int, columns: Columns) -> int:
        if row > len(starts):
            return len(self.data)
        start = starts[max(row, 1) - 1]
        if start == 0 and self.data.startswith(_BOM):
            start = len(_BOM)
        end = starts[row] if row < len(starts) else len(self.data)
        text = self.data[start:end].decode("utf-8", "surrogateescape")
        return start + _bytes_before(text, max(column - 1, 0), columns)

    def _by_lines(self, splices: Iterable[Splice]) -> list[list[Splice]]:
        """Group the splices that touch the same or neighbouring lines."""
        groups: list[list[Splice]] = []
        last = -1
        for splice in splices:
            first = bisect_right(self.line_starts, splice.start)
            if groups and first <= last + 1:
                groups[-1].append(splice)
            else:
                groups.append([splice])
            last = bisect_right(self.line_starts, splice.end)
        return groups

    def _edit(self, group: Sequence[Splice]) -> Edit:
        first = bisect_right(self.line_starts, group[0].start)
        last = bisect_right(self.line_starts, group[-1].end)
        begin, end = self._bounds(first, last)
        parts, at = [], begin
        for splice in group:
            parts += [self.data[at : splice.start], splice.text]
            at = splice.end
        new = b"".join([*parts, self.data[at:end]])
        return trimmed(self.path, first, _lines(self.data[begin:end]), _lines(new))


def _bytes_before(text: str, count: int, columns: Columns) -> int:
    if columns is Columns.UTF16:
        units = text.encode("utf-16-le", "surrogatepass")[: 2 * count]
        head = units.decode("utf-16-le", "ignore")
    else:
        head = text[:count]
    return len(head.encode("utf-8", "surrogateescape"))


def _lines(data: bytes) -> list[str]:
    rows = re.findall(rb"[^\n]*\n|[^\n]+", data)
    return [row.decode("utf-8", "surrogateescape") for row in rows]
