"""Which of several patches that pass is the one to show, and whether it is the only answer.

Fewer and smaller edits first, then what reads as code does; a patch that leaves a variable without
a use is suspect, one that runs much longer loses. Patches are put into classes by what they do with
inputs that no test has; more than one class is an ambiguity that a person has to decide. That many
patches agree (Chen et al., CodeT, 2023) decides near ties only: templates write a likely meaning
in few ways and an unlikely one in many, so that a majority is wrong more often than the best patch.
"""

import ast
import io
import math
import re
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from bot.repair.candidates import Candidate, Plausible, SpanEdit
from bot.repair.source import applied

Familiar = Mapping[str, frozenset[str]]
"""By path: lines that the change took away, without the space around them."""
Behaviours = Sequence[tuple[str, ...]]
"""As `Validator.behaviour` returns it: the inputs, then what each candidate makes of them."""
_TOKEN_COST, _EDIT_COST, _ODD_COST, _UNUSED_COST, _USED_GAIN = 0.06, 0.7, 0.8, 1.5, 0.7
_STRANGE_COST, _STEPS_COST = 0.4, 0.15
_AGREED_GAIN = 0.05
_FAMILIAR_GAIN = 2.5
"""A line that stood there before the change is known to work; another one only passes the tests."""
_FEW_STEPS = 50
"""So many more lines are nothing yet: a repair may well do more than the bug did."""
_ODD = tuple(
    re.compile(pattern)
    for pattern in (
        r"\b(\w+) (==|!=|<=?|>=?|-|/|//|%|and|or) \1\b",
        r"\b(min|max)\((\w+), \2\)",
        r"\b(if|while|and|or) (not )?(True|False)\b",
        r"\bnot [\w.()\[\]]+ (==|!=|<=?|>=?|in|is) ",
        r"\b(abs|int|str|list|set|sorted)\(\1\(",
        r"[+-] \(?-|[+-] 0\b|\* 1\b(?!\.)",
        r"[+-] \d+ [+-] \d+\b",
    )
)


@dataclass(frozen=True, slots=True)
class Ranked:
    """One plausible patch in its place."""

    plausible: Plausible
    score: float
    behaviour: int
    """The class it belongs to, from 0; all of one class do the same on every input tried."""
    is_hiding: bool = False
    """It gives a function a variable of the name of one of the module's."""
    does: tuple[str, ...] = ()
    """What it makes of each input that was tried."""


@dataclass(frozen=True, slots=True)
class Difference:
    """An input with which two patches do not do the same."""

    given: str
    first: str
    rival: str


@dataclass(frozen=True, slots=True)
class Ranking:
    """The patches, the best first."""

    patches: tuple[Ranked, ...]
    given: tuple[str, ...] = ()
    """The inputs that were tried, none of which a test has to have."""
    is_compared: bool = True
    """What they do with inputs that no test has is known."""

    @property
    def rival(self) -> Ranked | None:
        """The best patch that is not known to mean the same as the first."""
        others = (p for p in self.patches[1:] if not self.is_compared or self._differs(p))
        return next(others, None)

    @property
    def difference(self) -> Difference | None:
        """What tells the best patch from its rival; None where no input was found that does."""
        if not self.is_compared or (rival := self.rival) is None:
            return None
        rows = zip(self.given, self.patches[0].does, rival.does, strict=False)
        return next((Difference(*row) for row in rows if row[1] != row[2]), None)

    def _differs(self, patch: Ranked) -> bool:
        return patch.behaviour != self.patches[0].behaviour

    @property
    def is_far_fetched(self) -> bool:
        """Tell whether the best patch is made of several changes: it takes a person to believe it.

        There are so many pairs of edits that one passes a handful of tests by chance, and then it
        is often the only one that does.
        """
        return bool(self.patches) and self.patches[0].plausible.candidate.changes > 1

    @property
    def is_hiding(self) -> bool:
        """Tell whether the best patch binds a name of the module in a function.

        What is wrong with the module's own stays wrong for everybody else then.
        """
        return bool(self.patches) and self.patches[0].is_hiding

    @property
    def is_ambiguous(self) -> bool:
        """Tell whether plausible patches may do different things: a person has to choose then."""
        if not self.is_compared:
            return len(self.patches) > 1
        return len({patch.behaviour for patch in self.patches}) > 1


def rank(
    plausible: Sequence[Plausible],
    texts: Mapping[str, str],
    behaviours: Behaviours = (),
    familiar: Familiar = MappingProxyType({}),
) -> Ranking:
    """Return the patches ranked; the order is the same in every run."""
    if not plausible:
        return Ranking(())
    is_compared = _are_known(len(plausible), behaviours)
    given, *rows_seen = behaviours if is_compared else ((), *[()] * len(plausible))
    classes = _classes(len(plausible), behaviours)
    scores = _scores(plausible, texts, familiar)
    weights = {
        kind: max(s for s, k in zip(scores, classes, strict=True) if k == kind)
        + _AGREED_GAIN * math.log(classes.count(kind))
        for kind in dict.fromkeys(classes)
    }
    rows = [
        Ranked(p, s, k, _hides(p.candidate, texts), does)
        for p, s, k, does in zip(plausible, scores, classes, rows_seen, strict=True)
    ]
    rows.sort(key=lambda r: (-weights[r.behaviour], r.behaviour, -r.score, _key(r)))
    return Ranking(tuple(rows), given, is_compared)


def _key(row: Ranked) -> tuple[tuple[str, int, int, str], ...]:
    return tuple((e.path, e.start, e.end, e.text) for e in row.plausible.candidate.edits)


def _are_known(count: int, behaviours: Behaviours) -> bool:
    return len(behaviours) == count + 1 and bool(behaviours[0])


def _classes(count: int, behaviours: Behaviours) -> list[int]:
    """Return a number for each class; what is not known to differ is one."""
    if not _are_known(count, behaviours):
        return [0] * count
    numbers: dict[tuple[str, ...], int] = {}
    return [numbers.setdefault(seen, len(numbers)) for seen in behaviours[1:]]


def _scores(
    plausible: Sequence[Plausible], texts: Mapping[str, str], familiar: Familiar
) -> list[float]:
    steps = [p.trial.steps for p in plausible if p.trial.steps is not None]
    fastest = min(steps, default=0)
    return [
        _score(p, texts, fastest=fastest)
        + _FAMILIAR_GAIN * _is_familiar(p.candidate, texts, familiar)
        for p in plausible
    ]


def _is_familiar(candidate: Candidate, texts: Mapping[str, str], familiar: Familiar) -> bool:
    """Tell whether every line that a candidate makes stood in the file before the change."""
    made = [(e.path, line) for e in candidate.edits for line in _made_lines(e, texts[e.path])]
    return bool(made) and all(line in familiar.get(path, ()) for path, line in made)


def _made_lines(edit: SpanEdit, text: str) -> list[str]:
    """Return the lines that hold what an edit writes, without the space around them."""
    head = text[text.rfind("\n", 0, edit.start) + 1 : edit.start]
    tail = text[edit.end :].partition("\n")[0]
    return [line.strip() for line in f"{head}{edit.text}{tail}".split("\n") if line.strip()]


def _score(plausible: Plausible, texts: Mapping[str, str], *, fastest: int) -> float:
    candidate, steps = plausible.candidate, plausible.trial.steps
    longer = math.log1p(max(0, steps - fastest) / _FEW_STEPS) if steps is not None else 0.0
    return (
        math.log(max(candidate.prior, 1e-9))
        - _TOKEN_COST * sum(_changed_tokens(e, texts[e.path]) for e in candidate.edits)
        - _EDIT_COST * (len(candidate.edits) - 1)
        - _STEPS_COST * longer
        - _unnaturalness(candidate, texts)
    )


def _changed_tokens(edit: SpanEdit, text: str) -> int:
    old, new = _tokens(text[edit.start : edit.end]), _tokens(edit.text)
    left = list(old)
    added = 0
    for token in new:
        if token in left:
            left.remove(token)
        else:
            added += 1
    return added + len(left)


def _unnaturalness(candidate: Candidate, texts: Mapping[str, str]) -> float:
    cost = 0.0
    for path in dict.fromkeys(edit.path for edit in candidate.edits):
        before = texts[path]
        edits = [edit for edit in candidate.edits if edit.path == path]
        after = applied(before, edits)
        cost += _ODD_COST * max(0, _oddities(after) - _oddities(before))
        unused_before, unused_after = _unused(before), _unused(after)
        cost += _UNUSED_COST * len(unused_after - unused_before)
        cost -= _USED_GAIN * len(unused_before - unused_after)
        words = frozenset(_tokens(before))
        strange = {t for e in edits for t in _tokens(e.text) if t.isidentifier()} - words
        cost += _STRANGE_COST * len(strange)
    return cost


def _hides(candidate: Candidate, texts: Mapping[str, str]) -> bool:
    return any(
        _hidden(applied(texts[path], [e for e in candidate.edits if e.path == path]))
        - _hidden(texts[path])
        for path in dict.fromkeys(edit.path for edit in candidate.edits)
    )


@cache
def _hidden(text: str) -> frozenset[tuple[str, str]]:
    """Return names of the module that a function binds for itself, each with the function's."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return frozenset()
    assigned = [s for s in tree.body if isinstance(s, ast.Assign | ast.AnnAssign)]
    own = {name for statement in assigned for name in _bound(statement)}
    functions = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset((f.name, name) for f in functions for name in _bound(f) & own)


def _bound(within: ast.AST) -> set[str]:
    names = (n for n in ast.walk(within) if isinstance(n, ast.Name))
    return {n.id for n in names if isinstance(n.ctx, ast.Store)}


@cache
def _oddities(text: str) -> int:
    return sum(len(pattern.findall(text)) for pattern in _ODD)


@cache
def _unused(text: str) -> frozenset[tuple[str, str]]:
    """Return the variables of each function that nothing reads."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return frozenset()
    functions = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset((f.name, name) for f in functions for name in _unread(f))


def _unread(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    names = [n for n in ast.walk(function) if isinstance(n, ast.Name)]
    bound = {n.id for n in names if isinstance(n.ctx, ast.Store)}
    bound |= {a.arg for a in ast.walk(function) if isinstance(a, ast.arg)}
    return {
        name for name in bound - {n.id for n in names if isinstance(n.ctx, ast.Load)} if name != "_"
    }


def _tokens(text: str) -> list[str]:
    return list(_read(text))


def _read(text: str) -> Iterator[str]:
    """Yield the tokens of a piece of code, as far as it can be read."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(text.strip()).readline):
            if token.string.strip():
                yield token.string
    except (tokenize.TokenError, IndentationError, SyntaxError):
        return
