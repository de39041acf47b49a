"""Which lines are suspected, and in which order."""

from bot.repair.candidates import Spectrum
from bot.repair.localise import spoken, suspects, weighed

RED, GREEN = frozenset({"red"}), frozenset({"green", "other"})


def _spectrum(**reach: frozenset[str]) -> Spectrum:
    lines = {int(name.removeprefix("line")): tests for name, tests in reach.items()}
    return Spectrum({"a.py": lines}, {}, RED, GREEN)


def test_a_line_that_only_the_failing_test_reaches_comes_first() -> None:
    ranked = suspects(_spectrum(line1=RED | GREEN, line2=RED), {})

    assert [s.line for s in ranked] == [2, 1]
    assert (ranked[0].ochiai, ranked[0].dstar) == (1.0, 1.0)
    assert round(ranked[1].ochiai, 3) == 0.577
    assert round(ranked[1].dstar, 3) == 0.333


def test_a_line_that_no_failing_test_reaches_is_no_suspect() -> None:
    ranked = suspects(_spectrum(line1=GREEN, line2=RED), {})

    assert [s.line for s in ranked] == [2]


def test_the_innermost_line_of_a_traceback_is_a_strong_hint() -> None:
    reach = {"a.py": {1: RED, 2: RED, 3: RED}}
    spectrum = Spectrum(reach, {"red": (("a.py", 2), ("a.py", 3))}, RED, GREEN)

    assert [s.line for s in suspects(spectrum, {})] == [2, 3, 1]


def test_what_the_pull_request_changed_comes_before_what_it_left_alone() -> None:
    ranked = suspects(_spectrum(line1=RED, line20=RED, line23=RED), {"a.py": frozenset({20})})

    assert [s.line for s in ranked] == [20, 23, 1]
    assert ranked[0].is_changed


def test_without_coverage_tracebacks_and_changes_are_what_is_left() -> None:
    spectrum = Spectrum({}, {"red": (("a.py", 7),)}, RED, GREEN)

    ranked = suspects(spectrum, {"b.py": frozenset({3})})

    assert [(s.path, s.line) for s in ranked] == [("a.py", 7), ("b.py", 3)]


def test_of_lines_that_tests_do_not_tell_apart_those_that_compute_come_first() -> None:
    text = "def f(a):\n    b = 0\n    b = b + a * 2\n    return b\n"
    ranked = suspects(_spectrum(line2=RED, line3=RED, line4=RED), {})

    assert [s.line for s in ranked] == [2, 3, 4]
    assert [s.line for s in weighed(ranked, {"a.py": text})] == [3, 2, 4]


def test_a_line_that_tests_tell_apart_stays_before_one_that_computes() -> None:
    text = "def f(a):\n    b = 0\n    b = b + a * 2\n    return b\n"
    ranked = suspects(_spectrum(line2=RED, line3=RED | GREEN), {})

    assert [s.line for s in weighed(ranked, {"a.py": text})] == [2, 3]


def test_a_suspect_is_spoken_with_what_speaks_against_it() -> None:
    (line,) = spoken(suspects(_spectrum(line2=RED), {"a.py": frozenset({2})}))

    assert line == "1. a.py:2 0.70 (ochiai 1.00, dstar 1.00, changed)"
