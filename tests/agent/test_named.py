"""What a person named and nobody knows is refused as soon as the run can tell."""

from collections.abc import Mapping
from functools import partial

import pytest

from bot.agent.named import Heeding, Names, misspelt
from bot.domain.evidence import Outcome, TestReport
from bot.domain.findings import FindingId
from bot.errors import Refused
from tests.agent.repair_room import BELOW, TESTS, WRONG, Room

MISSPELT = "tests/test_shop.py::test_belwo"


def _room(names: Names, **more: bytes) -> Room:
    head = {"shop.py": WRONG, **TESTS, **more}
    return Room(head=head, around=partial(Heeding, names=names))


def test_a_test_that_the_suite_does_not_have_ends_the_run_after_the_tests() -> None:
    room = _room(Names(tests=(MISSPELT,)))

    with pytest.raises(Refused, match=f"did you mean {BELOW}"):
        room.review()

    assert room.heard.started[-1] == "test"


def test_a_number_above_the_last_finding_ends_the_run_before_the_search() -> None:
    room = _room(Names((FindingId("F9"),)), **{"a.toy": b"BUG\n"})

    with pytest.raises(
        Refused, match=r"unknown finding: F9 \(this review has F1, and nothing above F2;"
    ):
        room.review()

    assert not {"bisect", "repair", "verify"} & {d.tool for d in room.heard.finished}


def test_a_finding_of_several_tests_may_turn_out_to_be_several_findings() -> None:
    both_red = {"shop.py": b"def first(rows, n):\n    return None\n"}

    assert _room(Names((FindingId("F2"),)), **both_red).review().review.open_findings
    with pytest.raises(Refused, match="unknown finding: F3"):
        _room(Names((FindingId("F3"),)), **both_red).review()


def test_where_a_model_may_find_more_a_number_is_judged_at_the_end() -> None:
    room = _room(Names((FindingId("F9"),), may_find_more=True))

    assert room.review().review.open_findings


def test_what_exists_is_never_refused() -> None:
    assert _room(Names((FindingId("f1"),), tests=(BELOW,))).review().review.open_findings


def _report(outcomes: Mapping[str, Outcome], problem: str | None = None) -> TestReport:
    return TestReport(("pytest",), 1, outcomes, 0.1, problem=problem)


@pytest.mark.parametrize(
    "report",
    [
        _report({"tests/test_shop.py": Outcome.ERROR}),
        _report({BELOW: Outcome.PASSED}, problem="it hangs"),
    ],
)
def test_a_name_is_not_refused_where_nobody_knows_the_names(report: TestReport) -> None:
    Names(tests=(MISSPELT,)).check_tests(report)


def test_a_word_that_can_be_no_finding_is_known_before_anything_runs() -> None:
    good = [FindingId(name) for name in ("F1", "f12", "0123456789abcdef")]

    assert misspelt([*good, FindingId("app.py"), FindingId("F")]) == ["app.py", "F"]
