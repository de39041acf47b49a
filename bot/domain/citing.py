"""Where a cited snippet stands: a model quotes code, and code finds the lines.

A quotation may be inexact (white space, case, a diff's marks, a line left out), and the number that
comes with it is a hint. A place is returned only where nothing else in the file could be meant: a
finding without a place is shown in the summary, one at a wrong place misleads.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.domain.findings import Location

MAX_SNIPPET_LINES = 60
"""A longer quotation is cut: it is there to find a place, not to repeat the file."""

_NUMBER = re.compile(r"\s*\d{1,7}\s*[|:]?(?=\s|$)")
_MARK = re.compile(r"\s*[+-]?")
"""A line number and a diff's mark, which a model copies from what it was shown."""
_MOST_GAPS = 2
_NEAR = 3
"""Lines by which the hint of a model may be off."""


@dataclass(frozen=True, slots=True)
class Citation:
    """What a model says of a place."""

    path: str
    snippet: str
    line: int | None = None
    """The number that it gives for the first line, which may be wrong."""
    symbol: str = ""
    """The function or class that it says the code is in; empty where it says none."""


def locate(
    citation: Citation,
    text: str,
    *,
    is_changed: Callable[[int, int], bool],
    symbol_of: Callable[[int], str],
) -> Location | None:
    """Return the lines that are meant, or None where several or none could be.

    `is_changed` tells whether the change touches lines (first, last), `symbol_of` names what is
    around a line.
    """
    lines = [(number, key) for number, key in enumerate(map(_key, text.split("\n")), 1) if key]
    readings = _readings(citation.snippet)
    ways = (_exact, _with_gaps, _without_one)
    found = (
        [span for span in way(lines, reading) if not _is_denied(span, citation, symbol_of)]
        for way in ways
        for reading in readings
    )
    spans = next((spans for spans in found if spans), [])
    span = _only(spans, citation, is_changed, symbol_of)
    return Location(citation.path, *span) if span is not None else None


_Line = tuple[int, str]
_Span = tuple[int, int]


def _exact(lines: Sequence[_Line], wanted: Sequence[str]) -> list[_Span]:
    """Return where all cited lines follow each other; blank lines count nowhere."""
    count = len(wanted)
    return [
        (lines[i][0], lines[i + count - 1][0])
        for i in range(len(lines) - count + 1)
        if lines[i][1] == wanted[0] and all(lines[i + k][1] == wanted[k] for k in range(count))
    ]


def _with_gaps(lines: Sequence[_Line], wanted: Sequence[str]) -> list[_Span]:
    """Return where the cited lines follow each other with a line or two of the file left out."""
    if len(wanted) < 2:
        return []
    found: list[_Span] = []
    for start, (number, key) in enumerate(lines):
        if key != wanted[0]:
            continue
        end = _end_with_gaps(lines, wanted, start)
        if end is not None:
            found.append((number, lines[end][0]))
    return found


def _end_with_gaps(lines: Sequence[_Line], wanted: Sequence[str], start: int) -> int | None:
    """Return the index of the last cited line, or None where more than a gap is in the way."""
    place, gaps = start, 0
    for key in wanted[1:]:
        place += 1
        while place < len(lines) and lines[place][1] != key:
            gaps, place = gaps + 1, place + 1
            if gaps > _MOST_GAPS:
                return None
        if place >= len(lines):
            return None
    return place


def _without_one(lines: Sequence[_Line], wanted: Sequence[str]) -> list[_Span]:
    """Return where all cited lines but one stand: a model may misread, or invent, a line."""
    if len(wanted) < 4:
        return []
    spans: dict[_Span, None] = {}
    for left_out in range(len(wanted)):
        rest = [*wanted[:left_out], *wanted[left_out + 1 :]]
        found = _exact(lines, rest) or _with_gaps(lines, rest)
        spans |= dict.fromkeys(found)
    return list(spans)


def _is_denied(span: _Span, citation: Citation, symbol_of: Callable[[int], str]) -> bool:
    """Tell whether both hints are there and both speak against a place."""
    if citation.line is None or not citation.symbol:
        return False
    is_far = abs(span[0] - citation.line) > _NEAR
    return is_far and not _is_in(symbol_of(span[0]), citation.symbol)


def _only(
    spans: Sequence[_Span],
    citation: Citation,
    is_changed: Callable[[int, int], bool],
    symbol_of: Callable[[int], str],
) -> _Span | None:
    """Return the one span that can be meant; each hint may only choose, never invent."""
    if citation.symbol and len(spans) > 1:
        inside = [s for s in spans if _is_in(symbol_of(s[0]), citation.symbol)]
        spans = inside or spans
    if len(spans) > 1 and citation.line is not None:
        hinted = _hinted(spans, citation.line)
        spans = [hinted] if hinted is not None else spans
    if len(spans) > 1 and citation.line is None:
        # Without any number, what the pull request changed is what a review is about.
        spans = [span for span in spans if is_changed(*span)]
    return spans[0] if len(spans) == 1 else None


def _hinted(spans: Sequence[_Span], line: int) -> _Span | None:
    """Return the one span near the number; of two that are near, the number may mean either."""
    near = [span for span in spans if abs(span[0] - line) <= _NEAR]
    return near[0] if len(near) == 1 else None


def _is_in(symbol: str, cited: str) -> bool:
    """Tell whether a dotted name ends in, or is inside, the one that was cited."""
    own, named = symbol.casefold(), cited.casefold().rstrip("()")
    return f".{own}.".find(f".{named}.") >= 0


def _readings(snippet: str) -> list[list[str]]:
    """Return the cited lines as they stand, and without what a listing or a diff puts before."""
    rows = snippet.strip("\n").split("\n")[:MAX_SNIPPET_LINES]
    bare = [_NUMBER.sub("", row, count=1) for row in rows]
    unmarked = [_MARK.sub("", row, count=1) for row in bare]
    keys = ([key for row in version if (key := _key(row))] for version in (rows, bare, unmarked))
    return [list(reading) for reading in dict.fromkeys(map(tuple, keys)) if reading]


def _key(line: str) -> str:
    """Return a line as a quotation has it at worst: no white space, no case."""
    return "".join(line.split()).casefold()
