"""The share of changed statements that tests reach, and the list of the others."""

from bot.domain.diff_coverage import diff_coverage, spoken
from bot.domain.evidence import TestReport
from tests.fakes.workspace import FakeWorkspace

BASE = {"shop.py": b"def f(a):\n    return a\n"}
HEAD = b"def f(a):\n    '''Text.'''\n    if a:\n        a += 1\n        a += 2\n    return a\n"


def _spoken(reach: dict[str, dict[int, frozenset[str]]], path: str = "shop.py") -> tuple[str, ...]:
    head = {path: HEAD}
    report = TestReport(("pytest",), 0, {}, 0.1, reach=reach)
    return spoken(diff_coverage(FakeWorkspace(BASE, head).diff(), report, head))


def test_lines_that_no_test_reaches_are_listed_as_ranges_with_the_share() -> None:
    reached = {"shop.py": {1: frozenset({"t"}), 3: frozenset({"t"}), 6: frozenset({"t"})}}

    assert _spoken(reached) == (
        "tests reach 1 of 3 changed statements",
        "no test reaches shop.py: 4-5",
    )


def test_where_coverage_is_unknown_nothing_is_said() -> None:
    assert _spoken({}) == ()


def test_tests_are_not_asked_to_be_tested() -> None:
    assert _spoken({"shop.py": {1: frozenset({"t"})}}, "tests/test_shop.py") == ()
