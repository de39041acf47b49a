"""How hard the flow of a file is to follow: the examples of the white paper, in four languages."""

import pytest

from bot.adapters.tree_sitter_syntax import TreeSitterSyntax

SYNTAX = TreeSitterSyntax()

PRIMES = {
    "a.py": (
        "def total(most):\n"
        "    for i in range(most):\n"  # +1
        "        for j in range(i):\n"  # +2
        "            if i % j == 0:\n"  # +3
        "                continue\n"
        "    return 0\n"
    ),
    "a.js": (
        "function total(most) { for (let i = 0; i < most; i++) {"
        " for (let j = 0; j < i; j++) { if (i % j == 0) { continue } } } return 0 }\n"
    ),
    "a.ts": (
        "function total(most: number) { for (let i = 0; i < most; i++) {"
        " for (let j = 0; j < i; j++) { if (i % j == 0) { continue } } } return 0 }\n"
    ),
    "a.go": (
        "package a\nfunc total(most int) int { for i := 0; i < most; i++ {"
        " for j := 0; j < i; j++ { if i%j == 0 { continue } } }; return 0 }\n"
    ),
}


def of(path: str, text: str) -> int | None:
    return SYNTAX.complexity(path, text.encode())


@pytest.mark.parametrize("path", sorted(PRIMES))
def test_each_level_of_nesting_costs_one_more(path: str) -> None:
    assert of(path, PRIMES[path]) == 6


@pytest.mark.parametrize(
    ("path", "text", "cost"),
    [
        ("a.py", "if a:\n    b()\nelif c:\n    d()\nelif e:\n    f()\nelse:\n    g()\n", 4),
        ("a.js", "if (a) { b() } else if (c) { d() } else if (e) { f() } else { g() }\n", 4),
        ("a.go", "package a\nfunc f() { if a { b() } else if c { d() } else { g() } }\n", 3),
        ("a.py", "x = a and b and c\n", 1),
        ("a.py", "x = a and b or c\n", 2),
        ("a.js", "x = a && b && c;\n", 1),
        ("a.js", "x = a && b || c;\n", 2),
        ("a.py", "try:\n    a()\nexcept B:\n    if c:\n        d()\n", 3),
        ("a.js", "const f = (x) => { switch (x) { case 1: return x ? 1 : 2 } };\n", 3),
        ("a.py", "def f(x):\n    return x + 1\n", 0),
        ("a.py", "x = 1 if y else 2\n", 1),
    ],
)
def test_a_break_in_the_flow_costs_one(path: str, text: str, cost: int) -> None:
    assert of(path, text) == cost


def test_the_body_of_an_elif_is_as_deep_as_that_of_its_if() -> None:
    first = of("a.py", "if a:\n    if x:\n        y()\n")
    chained = of("a.py", "if b:\n    pass\nelif a:\n    if x:\n        y()\n")

    assert first is not None
    assert chained == first + 1


@pytest.mark.parametrize(("path", "text"), [("a.rb", "if x\nend\n"), ("a.py", "def (:\n")])
def test_what_no_parser_knows_has_no_number(path: str, text: str) -> None:
    assert of(path, text) is None


def test_a_file_that_is_nested_for_ever_neither_ends_us_nor_takes_long() -> None:
    assert of("a.js", "if(a){" * 20_000) is not None
    assert of("a.py", "(" * 5_000 + ")" * 5_000) is None
