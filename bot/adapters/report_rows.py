"""Lines of code as a report shows them: numbered, signed, marked, and cut to a length."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.domain.diff import Diff, FileDiff, Hunk, Line, LineKind, Side
from bot.domain.findings import Finding

_CONTEXT_LINES = 4
_MAX_REPLACED = 12
_MAX_LINE = 240
_MAX_SEARCHED = 120
"""How many lines of a finding are looked up before it counts as outside the diff."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of code with its numbers and its sign."""

    old: int | None
    new: int | None
    sign: str
    text: str
    is_marked: bool = False

    @property
    def kind(self) -> str:
        """The CSS class of the sign."""
        return {"+": "add", "-": "del", "@": "cut"}.get(self.sign, "same")

    @property
    def indent(self) -> str:
        """The white space before the code, which is not underlined."""
        return self.text[: len(self.text) - len(self.text.lstrip())]


def patch_rows(text: str, *, is_whole: bool = False) -> Iterator[Row]:
    """Yield the lines of a unified diff; rows with the sign `@` name a file or stand for a gap.

    Long lines are cut where the patch is not to be shown whole.
    """
    is_header, is_first = True, True
    for line in text.split("\n")[:-1]:
        if line.startswith("diff --git "):
            is_header, is_first = True, True
        elif line.startswith("@@"):
            if not is_first:
                yield Row(None, None, "@", "⋯")
            is_header, is_first = False, False
        elif is_header and line.startswith("+++ "):
            yield Row(None, None, "@", line[4:].removeprefix("b/"))
        elif not is_header and not line.startswith("\\"):
            yield Row(None, None, line[:1], line[1:] if is_whole else _cut(line[1:]))


def excerpt(finding: Finding, diff: Diff | None) -> Iterator[Row]:
    """Yield the lines around a finding as the diff shows them, or its snippet where it does not."""
    place = finding.location
    file = diff.by_path.get(place.path) if diff is not None else None
    hunk = _hunk(file, finding)
    if hunk is None:
        for number, text in enumerate(finding.snippet.split("\n"), place.start_line):
            if text:
                yield Row(None, number, " ", _cut(text), is_marked=True)
        return
    marked = [_is_marked(line, finding) for line in hunk.lines]
    window = _window(hunk.lines, marked.index(True), len(marked) - marked[::-1].index(True))
    for index in window:
        line = hunk.lines[index]
        text = _cut(line.text.removesuffix("\n"))
        yield Row(line.old_number, line.new_number, line.kind.value, text, marked[index])


def _window(lines: Sequence[Line], start: int, end: int) -> range:
    """Return which lines to show around a range: its context, and what it replaced as a whole."""
    first = max(0, start - _CONTEXT_LINES)
    while first > max(0, start - _MAX_REPLACED) and lines[first].kind is LineKind.REMOVED:
        first -= 1
    return range(first, min(len(lines), end + _CONTEXT_LINES))


def _hunk(file: FileDiff | None, finding: Finding) -> Hunk | None:
    """Return the hunk that shows at least one line of the finding."""
    if file is None:
        return None
    place = finding.location
    for number in range(
        place.start_line, min(place.end_line, place.start_line + _MAX_SEARCHED) + 1
    ):
        if (hunk := file.hunk_at(number, side=place.side)) is not None:
            return hunk
    return None


def _is_marked(line: Line, finding: Finding) -> bool:
    place = finding.location
    number = line.new_number if place.side is Side.RIGHT else line.old_number
    return number is not None and place.start_line <= number <= place.end_line


def _cut(text: str) -> str:
    over = len(text) - _MAX_LINE
    return text if over <= 0 else f"{text[:_MAX_LINE]}… {over} more characters"
