"""Where failing tests point, file by file, for the HTML report: a strip of lines, and the words."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.domain.review import Review
from bot.domain.suspicion import SuspectLine

_MOST_FILES = 8
_MOST_LINES = 60
"""Of one file; the least suspicious ones are left out."""
_LISTED = 5
_WORDS = ("low", "some", "raised", "high", "highest")


@dataclass(frozen=True, slots=True)
class HeatLine:
    """One line of a strip."""

    suspect: SuspectLine
    level: int
    """1 to 5, of the most suspicious line of the review."""
    code: str

    @property
    def word(self) -> str:
        """The level, for those who see no colour."""
        return _WORDS[self.level - 1]


@dataclass(frozen=True, slots=True)
class HeatFile:
    """One strip, and its most suspicious lines with their code."""

    path: str
    lines: tuple[HeatLine, ...]
    """In the order of the file."""
    listed: tuple[HeatLine, ...]
    """The worst first."""
    left_out: int


def heat_files(review: Review) -> Iterator[HeatFile]:
    """Yield the files with suspicious lines, the most suspicious one first."""
    most = max((s.score for s in review.suspects), default=0.0)
    by_path: dict[str, list[SuspectLine]] = {}
    for suspect in review.suspects:
        by_path.setdefault(suspect.path, []).append(suspect)
    for path, suspects in list(by_path.items())[:_MOST_FILES]:
        kept = suspects[:_MOST_LINES]
        code = review.contents.get(path, b"").decode("utf-8", "replace").split("\n")
        lines = tuple(_line(suspect, most, code) for suspect in kept)
        in_order = tuple(sorted(lines, key=lambda line: line.suspect.line))
        yield HeatFile(path, in_order, lines[:_LISTED], len(suspects) - len(kept))


def _line(suspect: SuspectLine, most: float, code: list[str]) -> HeatLine:
    level = 1 + min(4, int(5 * suspect.score / most)) if most > 0 else 1
    text = code[suspect.line - 1].strip() if 0 < suspect.line <= len(code) else ""
    return HeatLine(suspect, level, text[:200])
