"""What we say about repairs: each sentence is what a person needs, and no more."""

import pytest

from bot.domain import mending
from bot.domain.edits import Edit, Patch
from bot.domain.evidence import Outcome, TestReport
from bot.domain.findings import Rival, Suggestion

TEST = "test_a.py::test_b"


def _report(message: str = "", **changes: object) -> TestReport:
    values: dict[str, object] = {
        "command": (),
        "exit_code": 1,
        "outcomes": {TEST: Outcome.FAILED},
        "seconds": 1.0,
        "messages": {TEST: message},
    }
    return TestReport(**{**values, **changes})  # type: ignore[arg-type]  # a builder takes any field


@pytest.mark.parametrize(
    "message",
    [
        "E   OSError: [Errno 101] Network is unreachable",
        "E   socket.gaierror: [Errno -2] Name or service not known",
        "E   socket.gaierror: [Errno -3] Temporary failure in name resolution",
        "requests: Max retries exceeded with url: /x",
        "Error: getaddrinfo EAI_AGAIN example.org",
    ],
)
def test_a_test_that_wants_a_network_is_known_by_what_it_says(message: str) -> None:
    assert mending.needs_network([TEST], _report(message))


def test_a_test_that_fails_for_another_reason_wants_no_network() -> None:
    assert not mending.needs_network([TEST], _report("E   assert 1 == 2"))
    assert not mending.needs_network([], _report())


def test_a_file_that_cannot_be_imported_leads_to_no_search() -> None:
    report = _report("", messages={"test_a.py": "E   ImportError: cannot import name 'x'"})

    assert mending.no_use(["test_a.py"], report).startswith(
        "test_a.py cannot be loaded (ImportError: cannot import name 'x')"
    )
    assert mending.no_use([TEST], report) == ""


def test_a_test_that_cannot_lead_anywhere_is_told_apart() -> None:
    flaky = _report(flaky=frozenset({TEST}))
    green = _report(outcomes={TEST: Outcome.PASSED})

    assert "fails in one run and passes in another" in mending.not_red(TEST, flaky)
    assert "passes at head" in mending.not_red(TEST, green)
    assert "no test ran at head" in mending.not_red("test_a.py::tset", green)


def test_where_no_repair_was_found_the_places_to_look_at_are_named() -> None:
    said = mending.unrepaired("test_b fails", 1200, ["a.py:5", "a.py:6"], is_spent=True)

    assert said == (
        "No repair for `test_b fails`: none of 1200 small edits makes the red tests pass, "
        "and the time for the search is spent. "
        "The most suspicious places are a.py:5, a.py:6: look there first."
    )


def test_a_patch_that_is_not_the_only_one_is_shown_with_what_tells_them_apart() -> None:
    patch = Patch((Edit("shop.py", 2, 2, "a\n", "b\n"),))
    told = Suggestion(
        patch,
        "repair",
        is_ambiguous=True,
        distinguishing_input="first([3], 3)",
        rival=Rival(patch, first_gives="[]", gives="[3]"),
    )

    assert "for first([3], 3), where the one gives [] and another [3]." in mending.ambiguous(
        "x", told
    )
    assert "they differ" not in mending.ambiguous("x", Suggestion(patch, "repair"))
