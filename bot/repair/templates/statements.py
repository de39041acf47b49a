"""Statements that are missing, too many, or in the wrong place.

Real bugs: a line that was left behind by a merge, an update of a counter or of an index that was
forgotten, a last element that is never appended, a statement inside a loop or branch that belongs
behind it, two lines in the wrong order, a missing `return`.
"""

import ast
import re
from collections.abc import Iterator, Sequence

from bot.repair.templates.draft import RESULTS, Draft, Scene, Template, fading

_SIMPLE = (ast.Assign, ast.AugAssign, ast.Expr, ast.Return, ast.Continue, ast.Break, ast.Raise)
_ANY = (ast.stmt,)


def _deleted(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    if not isinstance(node, ast.stmt) or _is_definition(node):
        return
    block = scene.source.block(node)
    at = block.index(node)
    for count in (1, 2, 3):
        last = at + count - 1
        if last >= len(block):
            return
        if (span := scene.source.whole_lines(node, block[last])) is None:
            return
        text = f"{scene.source.indent(node)}pass\n" if count == len(block) else ""
        yield Draft(*span, text, 1.0 / count)


def _is_definition(node: ast.AST) -> bool:
    return isinstance(
        node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom
    )


def _moved(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    """Down by one, and out of the block it stands in: behind it, and in front of it."""
    if not isinstance(node, _SIMPLE):
        return
    block = scene.source.block(node)
    at = block.index(node)
    text = scene.of(node)
    own = scene.source.whole_lines(node, node)
    if own is None:
        return
    if at + 1 < len(block) and (span := scene.source.whole_lines(node, block[at + 1])):
        start = scene.source.span(block[at + 1])[0]
        gap = scene.source.text[own[1] : start]
        rest = scene.source.text[start : span[1]]
        yield Draft(own[0], span[1], f"{gap}{_ended(rest)}{scene.source.indent(node)}{text}\n")
    parent = scene.parent(node)
    if isinstance(parent, ast.For | ast.While | ast.If | ast.With | ast.Try) and len(block) > 1:
        yield from _moved_out(scene, node, parent, own)


def _moved_out(
    scene: Scene, node: ast.stmt, parent: ast.stmt, own: tuple[int, int]
) -> Iterator[Draft]:
    around = scene.source.whole_lines(parent, parent)
    if around is None:
        return
    line = f"{scene.source.indent(parent)}{scene.of(node)}\n"
    before, after = scene.source.text[around[0] : own[0]], scene.source.text[own[1] : around[1]]
    yield Draft(own[0], around[1], f"{_ended(after)}{line}")
    yield Draft(around[0], own[1], f"{line}{before}")


def _moved_in(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    """Into the block in front of it, as its last line."""
    if not isinstance(node, _SIMPLE) or "\n" in scene.of(node):
        return
    block = scene.source.block(node)
    at = block.index(node)
    own = scene.source.whole_lines(node, node)
    before = block[at - 1] if at else None
    if own is None or not isinstance(before, ast.For | ast.While | ast.If | ast.With):
        return
    inner = getattr(before, "orelse", None) or before.body
    yield Draft(own[0], own[1], f"{scene.source.indent(inner[-1])}{scene.of(node)}\n")


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


def _inserted(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    """Insert a statement of the same function, as it is or with one variable changed."""
    if not isinstance(node, ast.stmt) or scene.source.function(node) is None:
        return
    texts = dict.fromkeys(_offered(scene, node))
    for text, weight in fading(texts, half=12):
        yield from _beside(scene, node, text, weight)


def _offered(scene: Scene, node: ast.stmt) -> Iterator[str]:
    names = scene.ingredients.names(node)
    near = [scene.of(s) for s in scene.ingredients.statements(node)[:10]]
    near = [text for text in near if "\n" not in text]
    yield from near
    yield from ("continue", "break")
    for name in names[:6]:
        yield f"{name} += 1"
        yield f"{name} -= 1"
        yield f"return {name}"
    for text in near[:6]:
        yield from _varied(text, names[:7])
    yield from (line for line in scene.ingredients.hints.diff_expressions if _is_whole(line))


def _varied(text: str, names: Sequence[str]) -> Iterator[str]:
    """Yield the statement with one variable changed for another one, or for its last element."""
    for found in re.finditer(r"\b[A-Za-z_]\w*\b", text):
        if found[0] not in names:
            continue
        for name in names:
            if name != found[0]:
                yield f"{text[: found.start()]}{name}{text[found.end() :]}"
                yield f"{text[: found.start()]}{name}[-1]{text[found.end() :]}"


def _is_whole(line: str) -> bool:
    return not line.endswith((":", ",", "(", "[", "{", "\\")) and not line.startswith(("#", "@"))


def _beside(scene: Scene, node: ast.stmt, text: str, weight: float) -> Iterator[Draft]:
    """In front of a statement, and behind the last one of its block."""
    if (draft := scene.before(node, text, weight)) is not None:
        yield draft
    span = scene.source.whole_lines(node, node)
    line = f"{scene.source.indent(node)}{text}\n"
    if span is not None and scene.source.block(node)[-1] is node:
        is_open = not scene.source.text[: span[1]].endswith("\n")
        yield Draft(span[1], span[1], f"\n{line}" if is_open else line, weight)


def _returned(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    """Return what was only computed, or another value."""
    if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant):
        yield scene.swap(node, f"return {scene.of(node)}")
    elif isinstance(node, ast.Return) and node.value is None:
        for name, weight in fading(scene.ingredients.names(node)):
            yield scene.swap(node, f"return {name}", weight)
    elif isinstance(node, ast.Return):
        for name, weight in fading((*scene.ingredients.names(node)[:6], *RESULTS), 0.6):
            yield scene.swap(node, f"return {name}", weight)


def _jump(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    if isinstance(node, ast.Continue | ast.Break):
        other = "break" if isinstance(node, ast.Continue) else "continue"
        for text, weight in fading((other, "pass", "return None"), half=3):
            yield scene.swap(node, text, weight)


TEMPLATES = (
    Template("statement deleted", 0.4, _ANY, _deleted),
    Template("statement moved", 0.35, _SIMPLE, _moved),
    Template("statement moved in", 0.25, _SIMPLE, _moved_in),
    Template("statement inserted", 0.2, _ANY, _inserted),
    Template("result", 0.3, (ast.Expr, ast.Return), _returned),
    Template("jump", 0.4, (ast.Continue, ast.Break), _jump),
)
