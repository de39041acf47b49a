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


def alone(a):
    return a
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


def shown(validator: Validator, *candidates: Candidate) -> list[tuple[str, ...]]:
    return list(validator.behaviour(candidates, targets=[TOTAL, NOTHING], cpu_seconds=20))


def differences(validator: Validator, *candidates: Candidate) -> set[str]:
    given, one, two = shown(validator, *candidates)
    return {call for call, a, b in zip(given, one, two, strict=True) if a != b}


def what_differs_where_no_test_looks_is_shown_with_the_arguments(validator: Validator) -> None:
    plain = candidate("result = 1", "result = 0")
    blind = candidate("    result = 1", "    result = 0\n    numbers = numbers[:2]")
    calls = differences(validator, plain, blind)

    assert fates(validator, plain, blind) == [Fate.FIXED, Fate.FIXED]
    assert "total([1, 2, 1, 2])" in calls
    assert "total([1, 2])" not in calls


def patches_that_do_the_same_differ_nowhere(validator: Validator) -> None:
    plain = candidate("result = 1", "result = 0")
    same = candidate("return result", "return result - 1")
    given, *_ = shown(validator, plain, same)

    assert {"total([1, 2])", "total([])", "total([1])"} < set(given)
    assert differences(validator, plain, same) == set()


def what_is_raised_and_what_happens_to_arguments_is_behaviour(validator: Validator) -> None:
    plain = candidate("result = 1", "result = 0")
    raising = candidate("return result", "return {1: 0, 2: 1, 4: 3}[result]")
    clearing = candidate(
        "    return result", "    result -= 1\n    numbers.clear()\n    return result"
    )

    given, one, two, three = shown(validator, plain, raising, clearing)
    place = given.index("total([1, 2, 1, 2])")

    assert one[place] == "6"
    assert two[place] == "raises KeyError(7)"
    assert three[place].startswith("6, and leaves")


def an_endless_call_is_a_behaviour(validator: Validator) -> None:
    plain = candidate("result = 1", "result = 0")
    endless = candidate("return result", "while len(numbers) > 3: pass\n    return result - 1")

    given, one, two = shown(validator, plain, endless)
    place = given.index("total([1, 2, 1, 2])")

    assert (one[place], two[place]) == ("6", "hangs")
    assert one[given.index("total([1])")] == two[given.index("total([1])")] == "1"


def a_function_that_no_test_calls_shows_nothing(validator: Validator) -> None:
    loner = candidate("return a", "return (a)")
    other = candidate("return a", "return -a")

    assert shown(validator, loner, other) == [(), (), ()]


def what_two_candidates_change_is_compared_in_both_functions(validator: Validator) -> None:
    one = candidate("return result", "return result - 1")
    two = candidate("return max(numbers)", "return max(numbers) + 1")

    calls = differences(validator, one, two)

    assert any(call.startswith("total(") for call in calls)
    assert any(call.startswith("largest(") for call in calls)


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
    what_differs_where_no_test_looks_is_shown_with_the_arguments,
    patches_that_do_the_same_differ_nowhere,
    what_is_raised_and_what_happens_to_arguments_is_behaviour,
    an_endless_call_is_a_behaviour,
    a_function_that_no_test_calls_shows_nothing,
    what_two_candidates_change_is_compared_in_both_functions,
)
