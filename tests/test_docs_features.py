"""The table of features: tests that exist show our cells, and the README repeats it truly."""

import ast
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from tests.pages import ROOT, table, text_of

PAGE = "docs/features.md"
SAID = ("yes", "partly", "no", "?", "n/a")
COLUMNS = ("Pullwright", "PR-Agent", "CodeRabbit", "Copilot", "claude-code-action")


@cache
def _tests_in(file: Path) -> frozenset[str]:
    tree = ast.parse(file.read_text("utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def _rows() -> Iterator[Sequence[str]]:
    """Yield the rows of all tables: the feature, our cell, four of peers, the test."""
    for heading in re.findall(r"(?m)^## .+$", text_of(PAGE)):
        head, *rows = table(PAGE, heading)
        assert tuple(head) == ("feature", *COLUMNS, "shown by")
        yield from rows


def _word(cell: str) -> str:
    return re.split(r"[,:]", cell)[0].strip()


def test_the_table_is_long_enough_to_compare() -> None:
    assert 40 <= len(list(_rows())) <= 60


def test_every_cell_begins_with_one_of_five_words() -> None:
    strange = [(row[0], cell) for row in _rows() for cell in row[1:6] if _word(cell) not in SAID]

    assert strange == []


def test_what_we_have_a_test_shows_and_what_we_lack_has_none() -> None:
    wrong = [row[0] for row in _rows() if bool(row[6]) != (_word(row[1]) in ("yes", "partly"))]

    assert wrong == []


def test_every_test_that_is_named_exists() -> None:
    lost = []
    for row in _rows():
        for file, name in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row[6]):
            if not (ROOT / file).is_file() or name not in _tests_in(ROOT / file):
                lost.append(f"{file}::{name}")
        assert bool(row[6]) == ("::test_" in row[6])

    assert lost == []


def test_the_readme_has_rows_of_the_table_and_some_that_speak_against_us() -> None:
    told = {row[0]: tuple(_word(cell) for cell in row[1:6]) for row in _rows()}
    head, *short = table("README.md", "## Beside its peers")

    assert tuple(head) == ("", *COLUMNS)
    assert {row[0]: tuple(_word(cell) for cell in row[1:]) for row in short}.items() <= told.items()
    assert 10 <= len(short) <= 14
    assert sum(_word(row[1]) == "no" for row in short) >= 3
