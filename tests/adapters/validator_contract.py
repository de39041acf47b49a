"""What every validator promises, on a project small enough for the fake to run.

Each test module of a validator runs every clause on one that was made with FILES.
"""

from collections.abc import Callable

from bot.repair.candidates import Candidate, Fate, SpanEdit, Validator

SOURCE = """\
def total(numbers):
    result = 1
    for number in numbers:
        result += number
    return result


def largest(numbers):
    return max(numbers)
"""
TESTS = """\
from sums import largest, total


def test_total():
    assert total([1, 2]) == 3


def test_total_of_nothing():
    assert total([]) == 0


def test_largest():
    assert largest([1, 3, 2]) == 3


def test_total_grows():
    assert total([1, 2]) > total([1])
"""
FILES = {"sums.py": SOURCE, "test_sums.py": TESTS}
TOTAL, NOTHING = "test_sums.py::test_total", "test_sums.py::test_total_of_nothing"
LARGEST, GROWS = "test_sums.py::test_largest", "test_sums.py::test_total_grows"
Clause = Callable[[Validator], None]


def candidate(old: str, new: str, *, source: str = SOURCE, path: str = "sums.py") -> Candidate:
    start = source.index(old)
    edit = SpanEdit(path, start, start + len(old), new)
    return Candidate((edit,), "a test", source.count("\n", 0, start) + 1, 1.0)


def fates(validator: Validator, *batch: Candidate) -> list[Fate]:
    trials = validator.validate(batch, targets=[TOTAL, NOTHING], checked=[GROWS], cpu_seconds=60)
    return [trial.fate for trial in trials]


def red_and_green_tests_are_told_apart(validator: Validator) -> None:
    spectrum = validator.spectrum(["sums.py"])

    assert spectrum.red == {TOTAL, NOTHING}
    assert spectrum.green == {LARGEST, GROWS}


def reach_says_which_tests_execute_a_line(validator: Validator) -> None:
    reach = validator.spectrum(["sums.py"]).reach["sums.py"]

    assert reach[2] == {TOTAL, NOTHING, GROWS}
    assert reach[4] == {TOTAL, GROWS}
    assert reach[9] == {LARGEST}


def a_traceback_ends_where_the_test_failed(validator: Validator) -> None:
    tracebacks = validator.spectrum(["sums.py"]).tracebacks

    assert tracebacks[TOTAL][0] == ("test_sums.py", 5)
    assert set(tracebacks) == {TOTAL, NOTHING}


def each_candidate_has_its_fate_in_the_order_of_the_batch(validator: Validator) -> None:
    batch = [
        candidate("result = 1", "result = 2"),
        candidate("result = 1", "result = 0"),
        candidate("result = 1", "result = ("),
        candidate("result = 1", "result = 0 if len(numbers) else 0.0"),
    ]

    assert fates(validator, *batch) == [Fate.FAILED, Fate.FIXED, Fate.INVALID, Fate.FIXED]


def a_candidate_that_mends_some_tests_is_partial(validator: Validator) -> None:
    [trial] = validator.validate(
        [candidate("result = 1", "result = 0 if numbers else 1")],
        targets=[TOTAL, NOTHING],
        checked=[],
        cpu_seconds=60,
    )

    assert trial.fate is Fate.PARTIAL
    assert trial.still_red == (NOTHING,)


def a_candidate_that_breaks_a_passing_test_is_told(validator: Validator) -> None:
    flat = candidate("return result", "return 3 if numbers else 0")
    [trial] = validator.validate([flat], targets=[TOTAL, NOTHING], checked=[GROWS], cpu_seconds=60)

    assert trial.fate is Fate.BROKE
    assert trial.still_red == (GROWS,)


def an_endless_loop_hangs_and_harms_no_other(validator: Validator) -> None:
    endless = candidate("return result", "while True: pass")
    mended = candidate("result = 1", "result = 0")

    assert fates(validator, endless, mended) == [Fate.HUNG, Fate.FIXED]


def slower_patches_take_more_steps(validator: Validator) -> None:
    batch = [
        candidate("result = 1", "result = 0"),
        candidate("    result = 1", "    result = 0\n    for _ in range(50):\n        pass"),
    ]
    quick, slow = validator.validate(batch, targets=[TOTAL], checked=[], cpu_seconds=60)

    assert quick.steps is not None
    assert slow.steps is not None
    assert quick.steps < slow.steps


def nothing_is_tried_without_a_budget(validator: Validator) -> None:
    batch = [candidate("result = 1", "result = 2")]

    assert len(validator.validate(batch, targets=[TOTAL], checked=[], cpu_seconds=0)) == 0


CONTRACT: tuple[Clause, ...] = (
    red_and_green_tests_are_told_apart,
    reach_says_which_tests_execute_a_line,
    a_traceback_ends_where_the_test_failed,
    each_candidate_has_its_fate_in_the_order_of_the_batch,
    a_candidate_that_mends_some_tests_is_partial,
    a_candidate_that_breaks_a_passing_test_is_told,
    an_endless_loop_hangs_and_harms_no_other,
    slower_patches_take_more_steps,
    nothing_is_tried_without_a_budget,
)
