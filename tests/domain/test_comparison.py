"""What `/agent test` says of two runs."""

from dataclasses import replace

from bot.domain.comparison import difference
from bot.domain.evidence import Outcome, TestReport
from bot.domain.ports import SandboxFacts
from bot.domain.review import Review
from tests.reviews import IMAGE, review


def _report(**outcomes: Outcome) -> TestReport:
    named = {f"t.py::{name}": outcome for name, outcome in outcomes.items()}
    return TestReport(("pytest", "-q"), 0, named, 1.5, image=IMAGE)


def _review(base: TestReport | None, head: TestReport | None) -> Review:
    verdict = replace(review().verdict, limits=())
    facts = (SandboxFacts("docker", IMAGE, "a test"),)
    return replace(
        review(), verdict=verdict, notes=(), base_tests=base, head_tests=head, sandboxes=facts
    )


def test_skipped_tests_are_counted_apart_and_a_newly_skipped_one_is_named() -> None:
    base = _report(a=Outcome.PASSED, b=Outcome.PASSED, c=Outcome.FAILED)
    head = _report(a=Outcome.PASSED, b=Outcome.SKIPPED, c=Outcome.PASSED)

    words = difference(_review(base, head))

    assert "| merge base `222222222222` | 2 | 1 | 0 |" in words
    assert "| head `333333333333` | 2 | 0 | 1 |" in words
    assert "Passed before and not now (1):\n\n- `t.py::b`" in words
    assert "Failed before and pass now (1):\n\n- `t.py::c`" in words
    assert "`pytest -q` · 3.0 s · image sha256:12ab34cd56ef…" in words


def test_a_flaky_test_is_no_difference() -> None:
    base = _report(a=Outcome.PASSED)
    head = replace(_report(a=Outcome.FAILED), flaky=frozenset({"t.py::a"}))

    words = difference(_review(base, head))

    assert "No test changed sides." in words
    assert "Red once and green once" in words


def test_a_side_that_proves_nothing_is_not_compared() -> None:
    base = replace(_report(a=Outcome.PASSED), problem="the result file is missing")

    words = difference(_review(base, _report(a=Outcome.FAILED)))

    assert "The two sides cannot be compared." in words
    assert "Passed before" not in words


def test_ten_thousand_broken_tests_do_not_flood_the_conversation() -> None:
    names = [f"test_{number}" for number in range(10_000)]
    base = _report(**dict.fromkeys(names, Outcome.PASSED))
    head = _report(**dict.fromkeys(names, Outcome.FAILED))

    words = difference(_review(base, head))

    assert "Passed before and not now (10000):" in words
    assert len(words) < 10_000
    assert "more\n" in words


def test_the_name_of_a_test_is_no_markup() -> None:
    name = "x` @ada <img src=x> |"
    base, head = _report(**{name: Outcome.PASSED}), _report(**{name: Outcome.FAILED})

    words = difference(_review(base, head))

    (row,) = (line for line in words.splitlines() if "t.py::x" in line)
    assert row.startswith("- ``t.py::x`")
    assert row.endswith("``")
