"""What two runs of the tests prove, and which grade a patch earns by them."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bot.domain.evidence import Counts, Grade, Outcome, Proof, TestReport, compare

RED, GREEN, BROKEN, SKIPPED = Outcome.FAILED, Outcome.PASSED, Outcome.ERROR, Outcome.SKIPPED


def report(outcomes: Mapping[str, Outcome], *, flaky: frozenset[str] = frozenset()) -> TestReport:
    return TestReport(("pytest",), 0, outcomes, 1.0, flaky=flaky)


def test_a_test_that_fails_only_before_is_fail_to_pass() -> None:
    found = compare(report({"t": RED, "u": GREEN}), report({"t": GREEN, "u": GREEN}))

    assert (found.fail_to_pass, found.pass_to_fail, found.still_red) == (("t",), (), ())


def test_a_test_that_broke_or_vanished_is_pass_to_fail() -> None:
    found = compare(report({"t": GREEN, "u": GREEN, "v": RED}), report({"t": BROKEN, "v": RED}))

    assert (found.pass_to_fail, found.still_red) == (("t", "u"), ("v",))


def test_a_skipped_test_is_not_a_fixed_test() -> None:
    found = compare(report({"t": RED}), report({"t": SKIPPED}))

    assert found.fail_to_pass == ()


def test_a_file_that_could_not_be_loaded_passes_once_one_of_its_tests_does() -> None:
    loaded, still_broken = report({"a.py::t": GREEN}), report({"a.py": BROKEN, "b.py::t": GREEN})

    assert [one.passes(["a.py"]) for one in (loaded, still_broken)] == [True, False]
    assert not loaded.passes(["a.py::u"])


def test_a_flaky_test_proves_nothing_in_either_direction() -> None:
    before = report({"t": RED, "u": GREEN}, flaky=frozenset({"t"}))
    after = report({"t": GREEN, "u": RED}, flaky=frozenset({"u"}))

    found = compare(before, after)

    assert (found.fail_to_pass, found.pass_to_fail, found.flaky) == ((), (), ("t", "u"))


def test_a_file_that_no_longer_loads_breaks_all_its_tests() -> None:
    before = report({"a.py::t": GREEN, "b.py::t": GREEN})
    after = report({"a.py": BROKEN, "b.py::t": GREEN})

    assert compare(before, after).pass_to_fail == ("a.py", "a.py::t")


def test_a_file_that_loads_again_is_mended() -> None:
    before = report({"a.py": BROKEN})

    assert compare(before, report({"a.py::t": GREEN})).fail_to_pass == ("a.py",)
    assert compare(before, report({"a.py::t": RED})).fail_to_pass == ()


def test_a_new_file_that_does_not_load_broke_nothing_that_passed() -> None:
    assert compare(report({}), report({"new.py": BROKEN})).pass_to_fail == ()


def test_counts_leave_flaky_and_skipped_tests_out() -> None:
    found = report({"t": RED, "u": BROKEN, "v": GREEN, "w": SKIPPED}, flaky=frozenset({"t"}))

    assert found.counts == Counts(failed=1, passed=1)


PROVED = Proof(
    target="t",
    is_applied=True,
    is_parsed=True,
    new_lint=(),
    is_target_gone=True,
    is_target_back=True,
    before=Counts(1, 5),
    after=Counts(0, 6),
)


def test_a_whole_chain_of_evidence_is_proved() -> None:
    assert PROVED.grade is Grade.PROVED


@pytest.mark.parametrize(
    "gap",
    [
        {"is_parsed": None},
        {"new_lint": None},
        {"before": None},
        {"after": None},
        {"is_target_back": False},
        {"is_self_reported": True},
        {"problem": "the tests did not end"},
    ],
)
def test_a_gap_in_the_evidence_is_at_best_checked(gap: dict[str, object]) -> None:
    assert replace(PROVED, **gap).grade is Grade.CHECKED  # type: ignore[arg-type]  # one field each


@pytest.mark.parametrize(
    "fault",
    [
        {"is_applied": False},
        {"is_parsed": False},
        {"new_lint": ("F401",)},
        {"is_target_gone": False},
        {"pass_to_fail": ("u",)},
    ],
)
def test_a_patch_that_makes_anything_worse_is_not_verified(fault: dict[str, object]) -> None:
    assert replace(PROVED, **fault).grade is Grade.NOT_VERIFIED  # type: ignore[arg-type]  # likewise
