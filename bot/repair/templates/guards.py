"""Cases that nobody thought of.

Real bugs: a missing base case of a recursion, a missing guard for what is empty or None, a row that
a loop should pass over or stop at, a bad argument that is not refused, a statement that should be
executed only sometimes.
"""

import ast
from collections.abc import Iterator, Sequence

from bot.repair.templates.draft import RESULTS, Draft, Scene, Template, fading

_ANY = (ast.stmt,)
_LOOPS = (ast.For, ast.While, ast.AsyncFor)
_SIMPLE = (ast.Assign, ast.AugAssign, ast.Expr)


def _guarded(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    """Write a base case that was never there."""
    function = scene.source.function(node)
    if not isinstance(node, ast.stmt) or function is None:
        return
    is_first = scene.parent(node) is function
    returns = [
        scene.of(n.value) for n in ast.walk(function) if isinstance(n, ast.Return) and n.value
    ]
    results = dict.fromkeys((*[r for r in returns if len(r) < 30 and "\n" not in r], *RESULTS))
    for (condition, result), weight in _pairs(_guards(scene, node), list(results)):
        text = f"if {condition}:\n{scene.source.indent(node)}    return {result}"
        share = weight if is_first else weight * 0.5
        if (draft := scene.before(node, text, share)) is not None:
            yield draft


def _guards(scene: Scene, node: ast.stmt) -> list[str]:
    names = list(scene.ingredients.names(node)[:5])
    conditions = scene.ingredients.expressions(node, (ast.Compare,))[:8]
    own = [f"not {name}" for name in names]
    inverse = [f"not {condition}" for condition in conditions[:4]]
    none = [f"{name} is None" for name in names[:3]]
    return [*own, *conditions, *inverse, *none, *_memberships(scene, node)]


def _memberships(scene: Scene, node: ast.stmt) -> list[str]:
    """`x[1] not in known`: of the subscripts and the names of the function."""
    parts = scene.ingredients.expressions(node, (ast.Subscript,))[:4]
    names = scene.ingredients.names(node)[:7]
    return [
        f"{part} not in {name}" for part in parts for name in names if not part.startswith(name)
    ]


def _pairs(
    conditions: Sequence[str], results: Sequence[str]
) -> Iterator[tuple[tuple[str, str], float]]:
    """All pairs, those first that are early in both lists."""
    order = sorted((i + 2 * j, i, j) for i in range(len(conditions)) for j in range(len(results)))
    for rank, i, j in order:
        yield (conditions[i], results[j]), 8 / (8 + rank)


def _skipped(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    """Pass over a row, or end the loop, where a condition holds."""
    if not isinstance(node, ast.stmt) or not isinstance(scene.parent(node), _LOOPS):
        return
    for condition, weight in fading(_guards(scene, node), half=10):
        for word, share in (("continue", 1.0), ("break", 0.7)):
            text = f"if {condition}:\n{scene.source.indent(node)}    {word}"
            if (draft := scene.before(node, text, weight * share)) is not None:
                yield draft


def _refused(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    """Raise what the file raises elsewhere, first thing in a block."""
    function = scene.source.function(node)
    if (
        not isinstance(node, ast.stmt)
        or function is None
        or scene.source.block(node)[0] is not node
    ):
        return
    raised = [n for n in ast.walk(scene.source.tree) if isinstance(n, ast.Raise) and n.exc]
    texts = dict.fromkeys(scene.of(n) for n in raised[:4])
    for (condition, text), weight in _pairs(
        _guards(scene, node), [t for t in texts if "\n" not in t]
    ):
        lines = f"if {condition}:\n{scene.source.indent(node)}    {text}"
        if (draft := scene.before(node, lines, weight)) is not None:
            yield draft


def _made_conditional(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    """Execute a statement only where a condition holds: the null check of Facebook's Getafix."""
    if not isinstance(node, _SIMPLE) or "\n" in (text := scene.of(node)):
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if (own := scene.source.whole_lines(node, node)) is None:
        return
    indent = scene.source.indent(node)
    names = list(scene.ingredients.names(node)[:5])
    conditions = [*scene.ingredients.expressions(node, (ast.Compare,))[:10]]
    conditions += [t for n in names for t in (n, f"{n} is not None", f"not {n}")]
    for condition, weight in fading(conditions):
        yield Draft(*own, f"{indent}if {condition}:\n{indent}    {text}\n", weight)


TEMPLATES = (
    Template("guard", 0.15, _ANY, _guarded),
    Template("row passed over", 0.12, _ANY, _skipped),
    Template("argument refused", 0.1, _ANY, _refused),
    Template("made conditional", 0.15, _SIMPLE, _made_conditional),
)
