"""Which lines are suspicious: those that failing tests reach and passing ones do not.

Ochiai (Abreu, Zoeteweij and van Gemund, 2006) and DStar (Wong et al., 2014) over the spectrum; a
line in a traceback is a strong hint, and so is closeness to what the pull request changed.
"""

import ast
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.repair.candidates import Spectrum

_NEAR = 3
"""Lines around a change that count as close to it."""
_OCHIAI, _DSTAR, _TRACEBACK = 0.5, 0.2, 0.3
_CHANGED, _CLOSE, _ELSEWHERE = 1.0, 0.85, 0.6
_HANDED_ON = 0.1
"""What a line loses on which nothing is decided or computed."""
_OPERATIONS = (
    ast.BinOp,
    ast.BoolOp,
    ast.UnaryOp,
    ast.Compare,
    ast.AugAssign,
    ast.Subscript,
    ast.Call,
    ast.IfExp,
    ast.comprehension,
)
Changed = Mapping[str, frozenset[int]]
"""By path: the lines of the head that the pull request added or changed."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """One line, with what speaks against it."""

    path: str
    line: int
    score: float
    """In [0, 1], the most suspicious first."""
    ochiai: float
    dstar: float
    """Mapped to [0, 1)."""
    is_in_traceback: bool
    is_changed: bool
    """The pull request touched it."""


def suspects(spectrum: Spectrum, changed: Changed) -> tuple[Suspect, ...]:
    """Return the lines that failing tests reach, the most suspicious first.

    Where no coverage is known, the tracebacks and the changed lines are all there is.
    """
    traced = _traced(spectrum)
    rows = _reached(spectrum) or _unreached(traced, changed)
    found = [_suspect(row, traced, changed) for row in rows]
    return tuple(sorted(found, key=lambda s: (-s.score, s.path, s.line)))


@dataclass(frozen=True, slots=True)
class _Row:
    path: str
    line: int
    ochiai: float
    dstar: float


def _reached(spectrum: Spectrum) -> list[_Row]:
    total = len(spectrum.red)
    rows: list[_Row] = []
    for path, lines in spectrum.reach.items():
        for line, tests in lines.items():
            failed, passed = len(tests & spectrum.red), len(tests & spectrum.green)
            if failed:
                rows.append(_Row(path, line, *_scores(failed, passed, total)))
    return rows


def _scores(failed: int, passed: int, total: int) -> tuple[float, float]:
    ochiai = failed / math.sqrt(total * (failed + passed))
    rest = passed + total - failed
    dstar = failed**2 / rest if rest else math.inf
    return ochiai, 1.0 if math.isinf(dstar) else dstar / (dstar + 1)


def _unreached(traced: Mapping[tuple[str, int], float], changed: Changed) -> list[_Row]:
    places = dict.fromkeys(traced) | {
        (path, line): None for path, lines in changed.items() for line in sorted(lines)
    }
    return [_Row(path, line, 0.0, 0.0) for path, line in places]


def _traced(spectrum: Spectrum) -> dict[tuple[str, int], float]:
    """Return the weight of each line of a traceback: the innermost of ours the most."""
    weights: dict[tuple[str, int], float] = {}
    for frames in spectrum.tracebacks.values():
        for depth, place in enumerate(frames):
            weights[place] = max(weights.get(place, 0.0), 1 / (1 + depth))
    return weights


def _suspect(row: _Row, traced: Mapping[tuple[str, int], float], changed: Changed) -> Suspect:
    place = (row.path, row.line)
    evidence = _OCHIAI * row.ochiai + _DSTAR * row.dstar + _TRACEBACK * traced.get(place, 0.0)
    lines = changed.get(row.path, frozenset())
    is_changed = row.line in lines
    is_close = any(row.line + step in lines for step in range(-_NEAR, _NEAR + 1))
    closeness = _CHANGED if is_changed or not changed else _CLOSE if is_close else _ELSEWHERE
    return Suspect(
        *place,
        score=max(0.01, evidence) * closeness,
        ochiai=row.ochiai,
        dstar=row.dstar,
        is_in_traceback=place in traced,
        is_changed=is_changed,
    )


def weighed(ranked: Sequence[Suspect], texts: Mapping[str, str]) -> tuple[Suspect, ...]:
    """Return suspects with the lines that decide or compute before those that hand values on.

    Tests often cannot tell the lines of one function apart; there is more to be wrong in a formula
    than in `return total`. What tests do tell apart keeps its order but for near ties.
    """
    operations = {path: _operations(text) for path, text in texts.items()}
    found = [
        replace(s, score=s.score * (1 - _HANDED_ON / (1 + operations[s.path][s.line])))
        if s.path in operations
        else s
        for s in ranked
    ]
    return tuple(sorted(found, key=lambda s: (-s.score, s.path, s.line)))


def _operations(text: str) -> Counter[int]:
    """Count the operations on each line; a file that does not parse has none."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return Counter()
    nodes = (node for node in ast.walk(tree) if isinstance(node, _OPERATIONS))
    return Counter(getattr(node, "lineno", 0) for node in nodes)


def spoken(ranked: Sequence[Suspect], *, most: int = 10) -> tuple[str, ...]:
    """Say the first of the list, a line each."""
    return tuple(
        f"{index}. {s.path}:{s.line} {s.score:.2f}"
        f" (ochiai {s.ochiai:.2f}, dstar {s.dstar:.2f}"
        f"{', traceback' if s.is_in_traceback else ''}{', changed' if s.is_changed else ''})"
        for index, s in enumerate(ranked[:most], 1)
    )
