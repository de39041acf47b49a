"""The table of the catalogue tells the truth: every case has tests, and they are there."""

import ast
from functools import cache
from pathlib import Path

from tests.catalogue import HELD, OPEN, RULES
from tests.mutants import MUTANTS, ROOT

FOLDER = Path(__file__).parent
CASES = {
    **dict.fromkeys("A", (1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20, 21, 22, 23)),
    **dict.fromkeys("B", (1, 2, 3, 5, 6, 7, 9, 11, 12, 13, 14)),
    **dict.fromkeys("C", (1, 2, 3, 4, 6, 7, 8, 10, 11, 12, 14, 15, 16)),
    **dict.fromkeys("D", (1, 2, 3, 4, 5, 7, 8, 10, 11)),
    **dict.fromkeys("E", (1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 14, 16, 17)),
    **dict.fromkeys("F", (1, 2, 3, 4, 5, 6, 8, 9, 11, 12)),
    **dict.fromkeys("G", (1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16)),
}
"""The numbers of the catalogue of bad inputs."""


@cache
def _tests_in(file: str) -> frozenset[str]:
    tree = ast.parse((FOLDER / file).read_text())
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def test_every_case_of_the_catalogue_is_held_or_said_to_be_open() -> None:
    cases = {f"{part}{number:02}" for part, numbers in CASES.items() for number in numbers}

    assert set(HELD) | OPEN == cases
    assert not set(HELD) & OPEN


def test_every_test_that_the_table_names_is_there() -> None:
    named = {test for tests in (*HELD.values(), *RULES.values()) for test in tests}
    there = {
        f"{file}::{name}"
        for file in {t.partition("::")[0] for t in named}
        for name in _tests_in(file)
    }

    assert named - there == set()
    assert all(HELD.values())


def test_every_edit_that_removes_a_rule_fits_the_code() -> None:
    count = {case: (ROOT / m.file).read_text().count(m.old) for case, m in MUTANTS.items()}

    assert {case: n for case, n in count.items() if n != 1} == {}
    assert set(MUTANTS) <= {*HELD, *RULES}


def test_every_rule_of_security_has_tests_and_an_edit_that_removes_it() -> None:
    assert list(RULES) == [f"R{number}" for number in range(1, 29)]
    assert all(RULES.values())
    assert set(RULES) <= set(MUTANTS)
