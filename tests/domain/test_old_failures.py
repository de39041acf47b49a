from dataclasses import replace

from bot.domain.evidence import Outcome
from bot.domain.review import Review
from tests.reviews import TEST, review, suite

OLD = "tests/test_old.py::test_old"


def _red(*tests: str) -> dict[str, Outcome]:
    return {**suite(failed=False).outcomes, **dict.fromkeys(tests, Outcome.FAILED)}


def _review(before: tuple[str, ...], after: tuple[str, ...], **changes: object) -> Review:
    base, head = suite(failed=False), suite(failed=False)
    return review(
        base_tests=replace(base, outcomes=_red(*before)),
        head_tests=replace(head, outcomes=_red(*after)),
        **changes,
    )


def test_a_test_that_was_red_before_is_told_apart_from_what_the_change_broke() -> None:
    told = _review((OLD,), (OLD, TEST))

    assert told.old_failures == (OLD,)
    assert told.all_notes[-1] == (
        f"{OLD} failed before this change too, so this change did not break it"
    )


def test_what_the_change_mends_is_no_old_failure() -> None:
    assert _review((OLD,), ()).old_failures == ()


def test_a_run_that_is_no_evidence_says_nothing_of_before() -> None:
    told = _review((OLD,), (OLD,))
    broken = replace(told, base_tests=replace(suite(failed=False), problem="it timed out"))

    assert broken.old_failures == ()


def test_an_old_failure_is_named_once() -> None:
    searched = f"{OLD} failed before this change too, so no repair was searched for"

    assert _review((OLD,), (OLD,), notes=(searched,)).all_notes == (searched,)


def test_many_old_failures_are_counted() -> None:
    many = tuple(f"tests/test_old.py::test_{number}" for number in range(5, 10))

    (*_, note) = _review(many, many).all_notes

    assert "test_7 and 2 more failed before this change too" in note
    assert note.endswith("did not break them")
