import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.mutants import mutants


def _texts(line: str) -> list[str]:
    return [mutant.text for mutant in mutants(line)]


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("    if x < 3:\n", "    if x <= 3:\n"),
        ("    if x < 3:\n", "    if x < 4:\n"),
        ("    if a and not b:\n", "    if a or not b:\n"),
        ("    return a + b\n", "    return a - b\n"),
        ("    return a + b\n", "    return None\n"),
        ("    total += price\n", "    total -= price\n"),
        ("    self.items.append(x)\n", "    pass\n"),
        ("  if (a === b && ok) {\n", "  if (a !== b && ok) {\n"),
    ],
)
def test_a_line_has_the_mutant_that_a_good_test_kills(line: str, wrong: str) -> None:
    assert wrong in _texts(line)


@pytest.mark.parametrize(
    "line", ["    # if x < 3\n", '    "a < b and c"\n', "    else:\n", "\n", "    import os\n"]
)
def test_what_does_nothing_has_no_mutant(line: str) -> None:
    assert _texts(line) == []


def test_a_number_in_a_name_or_a_string_is_no_constant() -> None:
    assert _texts("x2 = f('3')\n") == ["pass\n"]


def test_what_changed_is_said() -> None:
    assert "< became <=" in {mutant.what for mutant in mutants("if x < 3:\n")}


def test_a_language_without_none_returns_its_own_nothing() -> None:
    texts = [m.text for m in mutants("  return a;\n", nothing="undefined")]

    assert texts == ["  return undefined\n"]


@given(st.sampled_from(("x = a < b", "return a + 1", "f(x, 2)", "x = not a or b", "y -= 3 * z")))
def test_every_mutant_of_plain_python_parses_and_differs(line: str) -> None:
    for text in _texts(f"    {line}\n"):
        assert text != f"    {line}\n"
        ast.parse(f"def g():\n  while True:\n{text}")
