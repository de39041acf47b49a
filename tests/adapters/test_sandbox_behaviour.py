"""What candidates are shown to do: the kinds of functions and values that projects have."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.adapters.sandbox_validator import SandboxValidator
from bot.domain.ports import SourceFile, TestPlan
from bot.repair.candidates import Candidate, SpanEdit
from tests.adapters.real_sandboxes import process_sandbox

PLAN = TestPlan("pytest", ("{python}", "-m", "pytest"), "junit.xml", "a test", 120.0)
SHOP = """\
import time

LIMIT = 3


class Box:
    def __init__(self, rows):
        self.rows = rows

    def more(self, by=1):
        return len(self.rows) - by

    def each(self):
        for row in self.rows:
            yield row - 1


def limit(n, *rest, **named):
    return min(n, LIMIT)


async def later(n):
    return n - 1


def opaque(n):
    return object()


def clock(n):
    return n * time.time_ns()


def reader(rows):
    return sum(rows)
"""
CALLS = """\
import asyncio
import os
from shop import *


def test_that_ends_the_process():
    os._exit(3)


def test_all():
    Box([1]).more()
    list(Box([1, 2]).each())
    limit(9, 1, flag=None)
    asyncio.run(later(1))
    opaque(1)
    clock(1)
    reader(row for row in [1])


def test_red():
    assert limit(9) == 9
"""
Show = Callable[..., dict[str, tuple[str, ...]]]


@pytest.fixture
def show(tmp_path: Path) -> Iterator[Show]:
    """Return what candidates do, by the call."""
    sandbox = process_sandbox(tmp_path)
    sources = [SourceFile("shop.py", SHOP.encode()), SourceFile("test_shop.py", CALLS.encode())]
    validator = SandboxValidator(sandbox, sources, PLAN)

    def shown(*pairs: tuple[str, str]) -> dict[str, tuple[str, ...]]:
        batch = [_candidate(old, new) for old, new in pairs]
        given, *rows = validator.behaviour(
            batch, targets=["test_shop.py::test_red"], cpu_seconds=20
        )
        return dict(zip(given, zip(*rows, strict=True), strict=True))

    yield shown
    sandbox.close()


def _candidate(old: str, new: str) -> Candidate:
    start = SHOP.index(old)
    return Candidate((SpanEdit("shop.py", start, start + len(old), new),), "a test", 1, 1.0)


def test_a_method_is_called_with_copies_of_its_object(show: Show) -> None:
    shown = show(("- by", "+ by"), ("len(self.rows) - by", "len(self.rows) + 1"))

    assert shown["Box.more(Box(rows=[1]), 1)"] == ("2", "2")
    assert shown["Box.more(Box(rows=[1]), 2)"] == ("3", "2")
    assert shown["Box.more(Box(rows=[]), 1)"] == ("1", "1")


def test_a_generator_is_shown_by_what_it_yields(show: Show) -> None:
    shown = show(("yield row - 1", "yield row"), ("yield row - 1", "yield from [row, 0]"))

    assert shown["Box.each(Box(rows=[1]))"] == ("generator of [1]", "generator of [1, 0]")


def test_what_a_coroutine_returns_is_shown(show: Show) -> None:
    assert show(("n - 1", "n + 1"), ("n - 1", "2"))["later(2)"] == ("3", "2")


def test_no_address_is_shown(show: Show) -> None:
    shown = show(("object()", "[object(), Box(n)]"), ("object()", "[object(), Box(n)].copy()"))

    assert shown["opaque(1)"] == ("[object(), Box(rows=1)]",) * 2


def test_what_is_not_the_same_twice_is_no_behaviour(show: Show) -> None:
    shown = show(("n * time.time_ns()", "n"), ("n * time.time_ns()", "n + 1"))

    assert set(shown) == {"clock(0)"}


def test_arguments_that_cannot_be_copied_are_left_out(show: Show) -> None:
    assert show(("sum(rows)", "max(rows)"), ("sum(rows)", "0")) == {}


def test_a_constant_is_compared_by_the_functions_that_read_it(show: Show) -> None:
    shown = show(("LIMIT = 3", "LIMIT = 4"), ("min(n, LIMIT)", "min(n, LIMIT + 1)"))

    assert shown["limit(9, 1, flag=None)"] == ("4", "4")
    assert len(set(shown["limit(9)"])) == 1


def test_a_call_that_ends_its_process_is_told_and_ends_no_other(show: Show) -> None:
    exits = "__import__('os')._exit(0) if n > 9 else 3"
    shown = show(("min(n, LIMIT)", exits), ("min(n, LIMIT)", "3"))

    assert shown["limit(9)"] == ("3", "3")
    assert shown["limit(10)"] == ("ends the process", "3")
    assert shown["limit(8)"] == ("3", "3")


def test_two_runs_show_the_same(show: Show) -> None:
    pair = (("- by", "+ by"), ("LIMIT = 3", "LIMIT = 4"))

    assert show(*pair) == show(*pair)
