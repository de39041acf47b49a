"""What a repair says of what it met, and what it does about it."""

from collections.abc import Iterable, Mapping

from bot.agent.tools.repair import Wish
from bot.domain.evidence import Outcome
from bot.domain.findings import Doubt
from bot.domain.ports import Sandbox, SourceFile, TestPlan
from bot.errors import Refused
from bot.repair.candidates import Validator
from bot.repair.search import Budget
from tests.agent.repair_room import BELOW, NONE, RIGHT, TESTS, WRONG, Room, Unable, judge_of


def test_the_suspicious_lines_are_known_with_a_search_and_without() -> None:
    with_search, without = Room().review().review, Room(tools=("test",)).review().review

    for told in (with_search, without):
        assert (told.suspects[0].path, told.suspects[0].line) == ("shop.py", 2)
        assert told.suspects[0].ochiai > 0


def test_what_the_engine_refuses_is_tried_by_the_test_command_and_that_is_said() -> None:
    def make(_sandbox: Sandbox, _files: Iterable[SourceFile], _plan: TestPlan) -> Validator:
        raise Refused("candidates are tried on Python tests only")

    review = Room(make=make).review().review

    (finding,) = review.open_findings
    assert finding.suggestion is not None
    assert finding.suggestion.source == "repair"
    assert any("slow: candidates are tried on Python tests only" in n for n in review.all_notes)


def test_what_the_engine_refuses_only_when_it_looks_is_tried_too() -> None:
    def make(_sandbox: Sandbox, _files: Iterable[SourceFile], _plan: TestPlan) -> Validator:
        return Unable()

    review = Room(make=make).review().review

    assert review.open_findings[0].suggestion is not None
    assert review.open_findings[0].suggestion.source == "repair"
    assert any("slow: too many tests end the test process" in n for n in review.all_notes)


def test_what_was_red_before_is_no_search_and_says_how_to_ask_for_one() -> None:
    room = Room(base={"shop.py": WRONG, **TESTS}, head={"shop.py": WRONG + b"# new\n", **TESTS})

    review = room.review().review

    assert review.open_findings == ()
    assert any("test_below failed before this change too" in note for note in review.all_notes)
    assert any("--failing TEST" in note for note in review.all_notes)


def test_what_was_red_before_is_mended_where_a_person_names_it() -> None:
    wish = Wish(Budget(candidates=400, batch=20, enough=2), frozenset({BELOW}))
    room = Room(
        base={"shop.py": WRONG, **TESTS}, head={"shop.py": WRONG + b"# new\n", **TESTS}, wish=wish
    )

    (finding,) = room.review().review.open_findings

    assert finding.title == "test_below failed before this change too"
    assert finding.suggestion is not None
    assert finding.suggestion.source == "repair"
    assert finding.suggestion.proof is not None
    assert finding.suggestion.proof.fail_to_pass == (BELOW,)


def test_a_file_that_the_change_does_not_touch_can_be_mended_too() -> None:
    wish = Wish(Budget(candidates=400, batch=20, enough=2), frozenset({BELOW}))
    room = Room(
        base={"shop.py": WRONG, **TESTS}, head={"shop.py": WRONG, "x.py": b"", **TESTS}, wish=wish
    )
    room.reaches_all = True

    episode = room.review()

    (finding,) = episode.review.open_findings
    assert finding.location.path == "shop.py"
    assert finding.suggestion is not None
    assert episode.review.patch_text(finding.suggestion)
    assert episode.state.head["shop.py"] == WRONG


def test_a_name_that_no_test_has_is_said() -> None:
    review = Room(wish=Wish(failing=frozenset({"tests/test_shop.py::tset"}))).review().review

    assert any("no test ran at head by the name tests/test_shop.py::tset" in n
               for n in review.all_notes)  # fmt: skip


def test_a_flaky_test_is_no_aim() -> None:
    said = iter([Outcome.PASSED, Outcome.FAILED] + [Outcome.PASSED] * 50)

    def judge(tree: Mapping[str, bytes]) -> dict[str, Outcome]:
        return {BELOW: next(said), NONE: Outcome.PASSED}

    room = Room(judge=judge, wish=Wish(failing=frozenset({BELOW})))
    review = room.review().review

    assert "repair" not in room.heard.started
    assert any("test_below" in limit for limit in review.verdict.limits)


def test_a_flaky_test_that_is_named_beside_a_red_one_is_said() -> None:
    said = iter([Outcome.PASSED, Outcome.FAILED] + [Outcome.PASSED] * 500)

    def judge(tree: Mapping[str, bytes]) -> dict[str, Outcome]:
        return {BELOW: judge_of(tree)[BELOW], NONE: next(said)}

    review = Room(judge=judge, wish=Wish(failing=frozenset({NONE}))).review().review

    assert any("fails in one run and passes in another" in note for note in review.all_notes)


def test_a_search_that_has_no_more_time_says_so_and_where_to_look() -> None:
    def judge(tree: Mapping[str, bytes]) -> dict[str, Outcome]:
        is_old = tree["shop.py"] == RIGHT
        return {BELOW: Outcome.PASSED if is_old else Outcome.FAILED, NONE: Outcome.PASSED}

    hopeless = {"shop.py": b"def first(rows, n):\n    return [n + 1, n + 2, n + 3]\n", **TESTS}
    room = Room(judge=judge, head=hopeless, wish=Wish(Budget(cpu_seconds=2.0, batch=1)))

    review = room.review().review

    (note,) = [n for n in review.all_notes if n.startswith("No repair for")]
    assert "the time for the search is spent" in note
    assert "The most suspicious places are shop.py:2" in note


def test_ctrl_c_while_the_tests_are_surveyed_ends_the_search_and_not_the_run() -> None:
    room = Room(is_interrupted=True)

    review = room.review().review

    assert any("was stopped" in note for note in review.all_notes)
    (finding,) = review.open_findings
    assert finding.suggestion is not None
    assert finding.suggestion.source == "bisect"


def test_edits_that_the_test_command_tried_are_said_not_to_be_compared() -> None:
    def judge(tree: Mapping[str, bytes]) -> dict[str, Outcome]:
        is_old = tree["shop.py"] in (RIGHT, RIGHT.replace(b"row < n", b"row != n"))
        return {BELOW: Outcome.PASSED if is_old else Outcome.FAILED, NONE: Outcome.PASSED}

    episode = Room(judge=judge).review()

    (finding,) = episode.review.open_findings
    assert finding.suggestion is not None
    assert finding.suggestion.doubt is Doubt.NOT_COMPARED
    assert any("what they do could not be compared" in note for note in episode.review.all_notes)


def test_a_search_without_one_try_says_why_there_was_none() -> None:
    def judge(tree: Mapping[str, bytes]) -> dict[str, Outcome]:
        is_old = tree["shop.py"] == RIGHT
        return {BELOW: Outcome.PASSED if is_old else Outcome.FAILED, NONE: Outcome.PASSED}

    room = Room(judge=judge, head={"shop.py": b"\n\nfirst: list\n", **TESTS})

    review = room.review().review

    assert not any("none of 0" in d.observation for d in room.heard.finished)
    assert any("no edit of our kinds fits there" in note for note in review.all_notes)
