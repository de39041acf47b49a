"""When a proved patch may be a suggestion that one click applies.

GitHub puts the text of a suggestion block in place of exactly the lines that the comment is
anchored to. So the patch has to be one range of lines inside one hunk, and what GitHub would write
has to be byte for byte what was proved.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.diff import Diff, Side
from bot.domain.edits import EditRefused, Patch
from bot.domain.evidence import Grade
from bot.domain.findings import Finding, Suggestion
from bot.domain.markdown import is_postable

_MAX_LINES = 60
_MAX_CHARACTERS = 8_000


@dataclass(frozen=True, slots=True)
class OneClick:
    """The lines of the head that the text takes the place of; an empty text deletes them."""

    path: str
    start_line: int
    end_line: int
    text: str


def one_click(
    finding: Finding, diff: Diff | None, contents: Mapping[str, bytes]
) -> OneClick | None:
    """Return the suggestion block for a finding, or None where its patch is prose only.

    A revert of the author's own hunk is never one click: it is asked for by name.
    """
    suggestion = finding.suggestion
    if suggestion is None or diff is None or not _is_offered(suggestion, diff):
        return None
    path = suggestion.patch.paths[0]
    place = _place(suggestion.patch, path, diff)
    if len(suggestion.patch.paths) != 1 or place is None or path not in contents:
        return None
    try:
        after = suggestion.patch.apply(contents)[path]
    except EditRefused:
        return None
    return _block(path, place, _lines(contents[path]), _lines(after))


def _is_offered(suggestion: Suggestion, diff: Diff) -> bool:
    proof = suggestion.proof
    is_proved = proof is not None and proof.grade is Grade.PROVED and proof.is_of(diff.head_sha)
    return is_proved and suggestion.source != "bisect" and bool(suggestion.patch.edits)


def _place(patch: Patch, path: str, diff: Diff) -> range | None:
    """Return the lines to replace; a mere insertion takes the line next to it along."""
    file = diff.by_path.get(path)
    if file is None:
        return None
    first, last = patch.edits[0].start_line, patch.edits[-1].end_line
    nearest = [range(first, last + 1)] if first <= last else []
    candidates = nearest or [range(first, first + 1), range(first - 1, first)]
    for lines in candidates:
        hunk = file.hunk_at(lines.start, side=Side.RIGHT)
        if hunk is not None and lines[-1] in hunk.new_range and len(lines) <= _MAX_LINES:
            return lines
    return None


def _block(path: str, place: range, before: list[str], after: list[str]) -> OneClick | None:
    old = before[place.start - 1 : place.stop - 1]
    new = after[place.start - 1 : len(after) - (len(before) - place.stop + 1)]
    text = "".join(new)
    # What GitHub does with other line ends than a line feed, or with none, is not documented.
    is_exact = all(line.endswith("\n") and is_postable(line) for line in (*old, *new))
    if old == new or not is_exact or len(text) > _MAX_CHARACTERS:
        return None
    return OneClick(path, place.start, place.stop - 1, text)


def _lines(data: bytes) -> list[str]:
    """Split at line feeds only, as git does."""
    parts = data.decode("utf-8", "surrogateescape").split("\n")
    return [f"{part}\n" for part in parts[:-1]] + [parts[-1]] * bool(parts[-1])
