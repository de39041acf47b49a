"""Where candidates come from: the templates, lazily, and whoever else proposes edits."""

import ast
import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from bot.repair.candidates import Candidate, SpanEdit
from bot.repair.ingredients import Hints, Ingredients
from bot.repair.localise import Suspect
from bot.repair.source import Function, Source, applied, composed
from bot.repair.templates import ALL
from bot.repair.templates.draft import Draft, Scene, Template

_MOST_LINES = 400
"""Suspicious lines that are looked at; behind these a budget never comes."""

_OF_DEFAULT = 0.5
"""How suspicious a default value is against the function's most suspicious statement."""


class Generator(Protocol):
    """Proposes candidates: the templates do, and a model may."""

    def proposals(self) -> Iterator[Candidate]:
        """Yield candidates, those of greater prior first."""
        ...

    def on_top_of(self, stone: Candidate) -> Iterator[Candidate]:
        """Yield candidates that do what another one does and one thing more."""
        ...


@dataclass(frozen=True)
class Given:
    """Candidates that were made elsewhere, by a model for one."""

    candidates: tuple[Candidate, ...]

    def proposals(self) -> Iterator[Candidate]:
        """Yield them as they are."""
        yield from sorted(self.candidates, key=lambda c: -c.prior)

    def on_top_of(self, stone: Candidate) -> Iterator[Candidate]:
        """Yield nothing: what is given is whole."""
        del stone
        yield from ()


@dataclass(frozen=True)
class Templates:
    """Every template at every suspicious line, by suspicion times prior."""

    texts: Mapping[str, str]
    """The files that may be edited, by path."""
    ranked: Sequence[Suspect]
    hints: Hints = field(default_factory=Hints)
    templates: tuple[Template, ...] = ALL

    def proposals(self) -> Iterator[Candidate]:
        """Yield candidates of one edit; a file that does not parse has none."""
        streams = [
            _File(source, suspicion, self).drafts()
            for path, suspicion in _by_path(self.ranked[:_MOST_LINES]).items()
            if path.endswith(".py")
            and (source := _parsed(path, self.texts.get(path, ""))) is not None
        ]
        yield from merged(streams)

    def on_top_of(self, stone: Candidate) -> Iterator[Candidate]:
        """Yield candidates of one edit more, in the file that the stone edits."""
        path = stone.edits[0].path
        text = self.texts.get(path, "")
        source = _parsed(path, applied(text, stone.edits))
        if source is None or any(edit.path != path for edit in stone.edits):
            return
        suspicion = _shifted(_by_path(self.ranked[:_MOST_LINES]).get(path, {}), text, stone.edits)
        for second in _File(source, suspicion, self).drafts():
            edits = composed(text, stone.edits, second.edits[0])
            if sum(len(e.text) + e.end - e.start for e in edits):
                name = f"{stone.template} + {second.template}"
                prior = stone.prior * second.prior
                made = replace(second, edits=edits, template=name, prior=prior, line=stone.line)
                yield replace(made, changes=stone.changes + 1)


def merged(streams: Iterable[Iterator[Candidate]]) -> Iterator[Candidate]:
    """Merge lazy streams by prior; the order is the same in every run."""
    return heapq.merge(*streams, key=lambda candidate: -candidate.prior)


def key_of(candidate: Candidate, texts: Mapping[str, str]) -> tuple[tuple[str, int, int, str], ...]:
    """Return what the edits come to, so that two ways to write one change are one; () for none."""
    return tuple(key for e in candidate.edits if (key := _trimmed(e, texts[e.path])) is not None)


def _trimmed(edit: SpanEdit, text: str) -> tuple[str, int, int, str] | None:
    start, end, new = edit.start, edit.end, edit.text
    while start < end and new and text[start] == new[0]:
        start, new = start + 1, new[1:]
    while start < end and new and text[end - 1] == new[-1]:
        end, new = end - 1, new[:-1]
    return None if start == end and not new else (edit.path, start, end, new)


def _by_path(ranked: Iterable[Suspect]) -> dict[str, dict[int, float]]:
    lines: dict[str, dict[int, float]] = {}
    for suspect in ranked:
        lines.setdefault(suspect.path, {})[suspect.line] = suspect.score
    return lines


def _parsed(path: str, text: str) -> Source | None:
    try:
        return Source(path, text)
    except (SyntaxError, ValueError):
        return None


def _shifted(
    suspicion: Mapping[int, float], text: str, edits: Sequence[SpanEdit]
) -> dict[int, float]:
    """Return suspicion by the lines as they are after some edits; new lines are as their first."""
    marks = []
    for edit in edits:
        first = text.count("\n", 0, edit.start) + 1
        growth = edit.text.count("\n") - text.count("\n", edit.start, edit.end)
        marks.append((first, growth))
    after: dict[int, float] = {}
    for line, score in suspicion.items():
        shift = sum(growth for first, growth in marks if first < line)
        after[line + shift] = score
    for first, growth in marks:
        for new in range(first, first + max(0, growth) + 1):
            after.setdefault(new, suspicion.get(first, 0.3))
    return after


@dataclass(frozen=True)
class _File:
    """Proposes for one file."""

    source: Source
    suspicion: Mapping[int, float]
    made_by: Templates

    def drafts(self) -> Iterator[Candidate]:
        """Yield candidates best first; no template looks at a node before its turn comes."""
        scene = Scene(self.source, Ingredients(self.source, self.made_by.hints))
        heap: list[tuple[float, int, Candidate | None, _Slot]] = []
        for order, slot in enumerate(self._slots(scene)):
            heap.append((-slot.prior, order, None, slot))
        heapq.heapify(heap)
        while heap:
            _, order, candidate, slot = heapq.heappop(heap)
            if candidate is not None:
                yield candidate
            following = slot.next()
            if following is not None:
                heapq.heappush(heap, (-following.prior, order, following, slot))

    def _slots(self, scene: Scene) -> Iterator["_Slot"]:
        for node in ast.walk(self.source.tree):
            suspicion = self._suspicion(node)
            if suspicion <= 0.0:
                continue
            for template in self.made_by.templates:
                if isinstance(node, template.kinds):
                    yield _Slot(scene, node, template, suspicion * template.prior)

    def _suspicion(self, node: ast.AST) -> float:
        if isinstance(node, ast.comprehension):
            return self._suspicion(node.target)
        line = getattr(node, "lineno", None)
        if line is None:
            return 0.0
        found = self.suspicion.get(line, 0.0)
        if found or isinstance(node, ast.stmt):
            return found
        # Coverage knows the first line of a statement, which may go over several.
        statement = self.source.statement(node)
        if isinstance(statement, Function):
            return self._of_default(node, statement)
        return self.suspicion.get(statement.lineno, 0.0) if statement is not None else 0.0

    def _of_default(self, node: ast.AST, function: Function) -> float:
        """Return what speaks against a default value, which runs when no test does."""
        defaults = [*function.args.defaults, *filter(None, function.args.kw_defaults)]
        if not any(node is part for default in defaults for part in ast.walk(default)):
            return 0.0
        return _OF_DEFAULT * max(self.suspicion.get(s.lineno, 0.0) for s in function.body)


class _Slot:
    """One template at one node; opened when its turn comes."""

    def __init__(self, scene: Scene, node: ast.AST, template: Template, prior: float) -> None:
        self._scene = scene
        self._node = node
        self._template = template
        self.prior = prior
        self._drafts: Iterator[Draft] | None = None

    def next(self) -> Candidate | None:
        """Return the next candidate, or None at the end."""
        if self._drafts is None:
            self._drafts = iter(self._template.propose(self._scene, self._node))
        draft = next(self._drafts, None)
        if draft is None:
            return None
        edit = SpanEdit(self._scene.source.path, draft.start, draft.end, draft.text)
        line = getattr(self._node, "lineno", 0)
        return Candidate((edit,), self._template.name, line, self.prior * draft.weight)
