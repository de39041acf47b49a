"""Cognitive complexity: how hard the flow of a file is to follow, as a number that only compares.

After G. Ann Campbell, "Cognitive Complexity" (SonarSource, 2018): one for each break in the linear
flow, one more for each level that it is nested in, one for each run of `and` or `or`. Recursion and
jumps to labels are left out. Tools disagree about the number, so only changes of ours are compared.
"""

import ast
from collections.abc import Iterator

import tree_sitter

_MAX_NODES = 200_000
_FLOW = frozenset(
    (
        *("if_statement", "for_statement", "for_in_statement", "while_statement", "do_statement"),
        *("switch_statement", "expression_switch_statement", "type_switch_statement"),
        *("select_statement", "catch_clause", "ternary_expression"),
    )
)
_FUNCTIONS = frozenset(
    (
        *("arrow_function", "function_expression", "func_literal", "function_declaration"),
        *("method_definition", "method_declaration", "generator_function_declaration"),
    )
)
_PYTHON_FLOW = (
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ExceptHandler,
    ast.IfExp,
    ast.Match,
)
_PYTHON_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def complexity_of(tree: tree_sitter.Tree | ast.Module | None) -> int | None:
    """Return the complexity of a file, or None where no parser of ours knows it or it is huge."""
    match tree:
        case ast.Module():
            return _of_python(tree)
        case tree_sitter.Tree():
            return _of_tree(tree.root_node)
        case _:
            return None


def _of_python(module: ast.Module) -> int | None:
    total = visited = 0
    waiting: list[tuple[ast.AST, int, bool]] = [(module, 0, False)]
    while waiting:
        visited += 1
        if visited > _MAX_NODES:
            return None
        node, depth, is_elif = waiting.pop()
        if isinstance(node, _PYTHON_FLOW):
            total += 1 if is_elif else 1 + depth
        total += isinstance(node, ast.BoolOp) + _has_else(node)
        waiting.extend(_below(node, depth))
    return total


def _has_else(node: ast.AST) -> bool:
    """Tell whether a branch is taken otherwise; an `elif` is counted as what it is."""
    if not isinstance(node, ast.If | ast.For | ast.AsyncFor | ast.While):
        return False
    return bool(node.orelse) and not _is_elif(node)


def _is_elif(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If)


def _below(node: ast.AST, depth: int) -> Iterator[tuple[ast.AST, int, bool]]:
    """Yield what is inside with its depth; an `elif` is as deep as the `if` that it belongs to."""
    is_inside = isinstance(node, _PYTHON_FUNCTIONS) and depth > 0
    inner = depth + (isinstance(node, _PYTHON_FLOW) or is_inside)
    chained = node.orelse if isinstance(node, ast.If) and _is_elif(node) else []
    for child in ast.iter_child_nodes(node):
        yield (child, depth, True) if child in chained else (child, inner, False)


def _of_tree(root: tree_sitter.Node) -> int | None:
    total = visited = 0
    waiting: list[tuple[tree_sitter.Node, int, bool]] = [(root, 0, False)]
    while waiting:
        visited += 1
        if visited > _MAX_NODES:
            return None
        node, depth, is_chained = waiting.pop()
        if node.type in _FLOW:
            total += 1 if is_chained else 1 + depth
        total += _is_plain_else(node) + _begins_logic(node)
        is_inside = node.type in _FUNCTIONS and depth > 0
        inner = depth + (node.type in _FLOW or is_inside)
        for child in node.children:
            is_next = child.type == "if_statement" and _continues(node, child)
            outer = depth - 1 if node.type == "else_clause" else depth
            waiting.append((child, max(0, outer) if is_next else inner, is_next))
    return total


def _continues(node: tree_sitter.Node, child: tree_sitter.Node) -> bool:
    """Tell whether an `if` goes on from another one: `else if`."""
    if node.type == "else_clause":
        return True
    return node.type == "if_statement" and node.child_by_field_name("alternative") == child


def _is_plain_else(node: tree_sitter.Node) -> bool:
    if node.type == "else_clause":
        return not any(child.type == "if_statement" for child in node.children)
    if node.type != "if_statement":
        return False
    other = node.child_by_field_name("alternative")
    return other is not None and other.type == "block"


def _begins_logic(node: tree_sitter.Node) -> bool:
    """Tell whether a run of one logical operator begins here."""
    operator = _logical(node)
    return operator != "" and (node.parent is None or _logical(node.parent) != operator)


def _logical(node: tree_sitter.Node) -> str:
    if node.type != "binary_expression":
        return ""
    found = node.child_by_field_name("operator")
    return found.type if found is not None and found.type in ("&&", "||", "??") else ""
