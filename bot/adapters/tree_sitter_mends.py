"""Candidates for JavaScript and TypeScript: the templates that every language has.

Real bugs: `<` for `<=`, `==` for `===`, `&&` for `||`, a condition turned round, a sum that is off
by one, the wrong constant or flag, arguments the wrong way round, one too many.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import tree_sitter

from bot.adapters.tree_sitter_syntax import outline_of
from bot.repair.candidates import Candidate, SpanEdit
from bot.repair.localise import Suspect

SUFFIXES = (".js", ".jsx", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".tsx")
_OPERATORS: Mapping[str, tuple[str, ...]] = {
    "<": ("<=", ">", ">="),
    "<=": ("<", ">=", ">"),
    ">": (">=", "<", "<="),
    ">=": (">", "<=", "<"),
    "==": ("===", "!="),
    "===": ("!==",),
    "!=": ("!==", "=="),
    "!==": ("===",),
    "&&": ("||",),
    "||": ("&&", "??"),
    "??": ("||",),
    "+": ("-", "*"),
    "-": ("+",),
    "*": ("/", "+"),
    "/": ("*",),
    "%": ("/",),
    "+=": ("-=", "="),
    "-=": ("+=", "="),
    "++": ("--",),
    "--": ("++",),
}
_TESTED = ("if_statement", "while_statement", "do_statement", "ternary_expression")
_COUNTED = ("identifier", "member_expression", "call_expression", "number")
_MOST_NODES = 20_000
_Draft = tuple[str, int, int, str, float]
"""Template, first and last byte, the new text, and the template's prior."""


@dataclass(frozen=True)
class TreeSitterMends:
    """Implements `Generator` for the files whose grammar we have."""

    texts: Mapping[str, str]
    ranked: Sequence[Suspect]

    def proposals(self) -> Iterator[Candidate]:
        """Yield candidates of one edit, by suspicion times prior."""
        suspicion = {(s.path, s.line): s.score for s in self.ranked}
        found = [
            candidate
            for path in dict.fromkeys(s.path for s in self.ranked)
            if path.endswith(SUFFIXES)
            for candidate in self._of_file(path, suspicion)
        ]
        yield from sorted(found, key=lambda candidate: -candidate.prior)

    def on_top_of(self, stone: Candidate) -> Iterator[Candidate]:
        """Yield nothing: each try is a process, so two edits are not searched for."""
        del stone
        yield from ()

    def _of_file(
        self, path: str, suspicion: Mapping[tuple[str, int], float]
    ) -> Iterator[Candidate]:
        data = self.texts.get(path, "").encode("utf-8", "surrogateescape")
        tree = outline_of(path, data)
        if not isinstance(tree, tree_sitter.Tree):
            return
        for node in _nodes(tree.root_node):
            score = suspicion.get((path, node.start_point[0] + 1), 0.0)
            for name, start, end, text, prior in _drafts(node) if score else ():
                first = len(data[:start].decode("utf-8", "surrogateescape"))
                length = len(data[start:end].decode("utf-8", "surrogateescape"))
                edit = SpanEdit(path, first, first + length, text)
                line = node.start_point[0] + 1
                yield Candidate((edit,), name, line, score * prior)


def _nodes(root: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    waiting, seen = [root], 0
    while waiting and seen < _MOST_NODES:
        node = waiting.pop()
        seen += 1
        yield node
        waiting.extend(reversed(node.children))


def _drafts(node: tree_sitter.Node) -> Iterator[_Draft]:
    yield from _operator(node)
    yield from _condition(node)
    yield from _constant(node)
    yield from _off_by_one(node)
    yield from _arguments(node)


def _operator(node: tree_sitter.Node) -> Iterator[_Draft]:
    if node.child_count == 0 and (text := _text(node)) in _OPERATORS:
        for index, other in enumerate(_OPERATORS[text]):
            yield "operator", node.start_byte, node.end_byte, other, 1.0 / (1 + index)


def _condition(node: tree_sitter.Node) -> Iterator[_Draft]:
    test = node.child_by_field_name("condition") if node.type in _TESTED else None
    if test is not None:
        bare = _text(test)
        inner = bare[1:-1] if test.type == "parenthesized_expression" else bare
        yield "condition negated", test.start_byte, test.end_byte, f"(!({inner}))", 0.5
    elif node.type == "unary_expression" and _text(node).startswith("!"):
        yield "negation dropped", node.start_byte, node.start_byte + 1, "", 0.5


def _constant(node: tree_sitter.Node) -> Iterator[_Draft]:
    text = _text(node) if node.child_count == 0 else ""
    others: tuple[str, ...] = ()
    if node.type == "number" and text.isdigit():
        others = (str(int(text) + 1), str(max(0, int(text) - 1)), "0", "1")
    elif text in ("true", "false"):
        others = ("false" if text == "true" else "true",)
    for index, other in enumerate(dict.fromkeys(others)):
        if other != text:
            yield "constant", node.start_byte, node.end_byte, other, 0.7 / (1 + index)


def _off_by_one(node: tree_sitter.Node) -> Iterator[_Draft]:
    parent = node.parent
    if parent is None or node.type not in _COUNTED or not _is_counted(node, parent):
        return
    text = _text(node)
    for sign in ("- 1", "+ 1"):
        yield "off by one", node.start_byte, node.end_byte, f"{text} {sign}", 0.5


def _is_counted(node: tree_sitter.Node, parent: tree_sitter.Node) -> bool:
    if parent.type == "subscript_expression":
        return parent.child_by_field_name("index") == node
    return parent.type in ("binary_expression", "arguments", "return_statement")


def _arguments(node: tree_sitter.Node) -> Iterator[_Draft]:
    if node.type != "arguments":
        return
    given = node.named_children
    for first, second in itertools.pairwise(given):
        both = f"{_text(second)}, {_text(first)}"
        yield "arguments swapped", first.start_byte, second.end_byte, both, 0.5
    if len(given) > 1:
        yield "argument dropped", given[-2].end_byte, given[-1].end_byte, "", 0.3


def _text(node: tree_sitter.Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")
