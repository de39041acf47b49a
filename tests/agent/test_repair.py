"""`repair` in the loop: red tests are mended by search, proved, and never guessed."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from bot.agent.fix import Asked, fix
from bot.agent.tools.repair import Wish
from bot.domain.evidence import Grade, Outcome
from bot.domain.ports import Sandbox, SourceFile, TestPlan
from bot.repair.search import Budget
from tests.agent.repair_room import BELOW, NONE, RIGHT, WRONG, Room
from tests.fakes.validator import FakeValidator

WHOLE = b"""\
from shop import first


def test_below():
    assert first([1, 3, 2, 4], 3) == [1, 2]
    assert first([4, 5], 5) == [4]


def test_none():
    assert first([], 3) == []
"""
VAGUE = WHOLE.replace(b"[1, 3, 2, 4]", b"[1, 3, 2]")
"""Nothing is above the limit: `<` and `!=` both pass."""
TESTS = {"tests/test_shop.py": WHOLE}


def _judge(tree: Mapping[str, bytes]) -> dict[str, Outcome]:
    try:
        green = _validator(tree).spectrum([]).green
    except Exception:  # noqa: BLE001  (the candidate's)
        green = frozenset()
    return {t: Outcome.PASSED if t in green else Outcome.FAILED for t in (BELOW, NONE)}


def _validator(tree: Mapping[str, bytes]) -> FakeValidator:
    return FakeValidator({path: data.decode() for path, data in tree.items()})


def _engine(_sandbox: Sandbox, files: Iterable[SourceFile], _plan: TestPlan) -> FakeValidator:
    return _validator({file.path: file.data for file in files})


def _room(**changed: Any) -> Room:
    """Return a room whose suite is really run, for the judge and for the engine alike."""
    trees = {"base": {"shop.py": RIGHT, **TESTS}, "head": {"shop.py": WRONG, **TESTS}}
    return Room(judge=_judge, make=_engine, **{**trees, **changed})


def test_a_regression_gets_a_repair_in_place_of_its_revert() -> None:
    room = _room()

    (finding,) = room.review().review.open_findings

    assert finding.suggestion is not None
    assert finding.suggestion.source == "repair"
    assert room.heard.started.index("bisect") < room.heard.started.index("repair")


def test_a_repair_is_proved_like_any_other_patch() -> None:
    (finding,) = _room().review().review.open_findings

    proof = finding.suggestion.proof if finding.suggestion else None
    assert proof is not None
    assert proof.fail_to_pass == (BELOW,)
    assert proof.is_target_back


def test_green_tests_need_no_repair() -> None:
    room = _room(head={"shop.py": RIGHT + b"# new\n", **TESTS})

    room.review()

    assert "repair" not in room.heard.started


def test_tests_that_the_person_did_not_name_are_left_alone() -> None:
    room = _room(wish=Wish(failing=frozenset({NONE})))

    review = room.review().review

    (finding,) = review.open_findings
    assert finding.suggestion is not None
    assert finding.suggestion.source == "bisect"
    assert f"{NONE} passes at head, so there is nothing to repair" in review.all_notes


def test_what_cannot_be_searched_says_why_in_one_sentence() -> None:
    review = _room(refused="the suite cannot be imported").review().review

    assert "no repair was searched for: the suite cannot be imported" in review.all_notes


def test_no_small_edit_leaves_the_revert_as_it_was() -> None:
    room = _room(wish=Wish(Budget(candidates=1)))

    (finding,) = room.review().review.open_findings

    assert finding.suggestion is not None
    assert finding.suggestion.source == "bisect"
    assert any(
        "no small edit was tried" in decision.observation for decision in room.heard.finished
    )


def test_a_proved_repair_is_committed() -> None:
    room = _room()

    outcome = fix(room.workspace, room.prover, room.review(), Asked())

    (patch,) = outcome.patches
    assert patch.proof.grade is Grade.PROVED
    assert outcome.commit is not None


def test_what_the_tests_leave_open_is_shown_with_arguments_for_which_repairs_differ() -> None:
    vague = {"tests/test_shop.py": VAGUE}
    room = _room(base={"shop.py": RIGHT, **vague}, head={"shop.py": WRONG, **vague})
    episode = room.review()

    outcome = fix(room.workspace, room.prover, episode, Asked())

    (patch,) = outcome.patches
    assert outcome.commit is None
    assert patch.is_ambiguous
    assert patch.distinguishing_input is not None
    assert patch.distinguishing_input.startswith("first([")
    assert any(patch.distinguishing_input in note for note in episode.review.all_notes)


TWO = b"""\
from shop import first, last


def test_below():
    assert first([3, 1, 4, 2, 0], 3) == [1, 2, 0]
    assert first([4, 5], 5) == [4]


def test_none():
    assert last([3, 1, 2]) == 2
    assert last([5]) == 5
"""


def test_two_bugs_behind_one_finding_get_a_repair_each() -> None:
    last = b"\n\ndef last(rows):\n    return rows[-1]\n"
    tests = {"tests/test_shop.py": TWO}
    room = _room(
        base={"shop.py": RIGHT + last, **tests},
        head={"shop.py": WRONG + last.replace(b"-1", b"1"), **tests},
        wish=Wish(Budget(candidates=2000, batch=50, enough=2)),
    )

    outcome = fix(room.workspace, room.prover, room.review(), Asked())

    assert {patch.proof.fail_to_pass for patch in outcome.patches} == {(BELOW,), (NONE,)}
    assert {patch.proof.grade for patch in outcome.patches} == {Grade.PROVED}
    assert outcome.commit is not None
    assert len(room.review().state.divided) == 1
    assert "rows[-1]" in outcome.patch_text
    assert "row < n" in outcome.patch_text


def test_the_line_as_it_was_before_the_change_is_shown_first() -> None:
    vague = {"tests/test_shop.py": VAGUE}
    right = RIGHT.replace(b"row < n", b"row != n")
    room = _room(
        base={"shop.py": right, **vague},
        head={"shop.py": WRONG, **vague},
        wish=Wish(Budget(candidates=400, batch=20, enough=4)),
    )

    (finding,) = room.review().review.open_findings

    assert finding.suggestion is not None
    assert "row != n" in finding.suggestion.patch.edits[0].new_text


def test_a_repair_is_never_committed_where_the_tests_allow_another_meaning() -> None:
    room = _room()
    episode = room.review()
    (finding,) = episode.review.open_findings
    assert finding.suggestion is not None
    unsure = replace(finding.suggestion, is_ambiguous=True, distinguishing_input="([3], 3)")
    told = replace(episode.review, findings=(replace(finding, suggestion=unsure),))

    outcome = fix(room.workspace, room.prover, replace(episode, review=told), Asked())

    assert outcome.commit is None
    assert room.workspace.commits == []
    assert outcome.patches[0].is_ambiguous
    assert outcome.patches[0].distinguishing_input == "([3], 3)"
