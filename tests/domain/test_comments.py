from dataclasses import replace

import pytest

from bot.domain import comments, fix_words
from bot.domain.evidence import Counts, Grade
from bot.domain.findings import FindingId, Location, number
from bot.domain.verdict import Conclusion, Cost, Coverage, Verdict
from tests.reviews import TEST, finding, proof, regression, regression_proof, unused_import, verdict


def test_a_receipt_of_a_mended_test_shows_every_check() -> None:
    assert comments.receipt(regression_proof()) == (
        "proved: applied · parses · 0 new lint · test_total failed -> passed · "
        "suite 1 failed -> 0 failed of 214 (9 reach this line) · quality 0.90 · 3.2 s · "
        "image sha256:12ab34cd56ef…"
    )


def test_a_receipt_of_a_lint_fix_says_that_no_test_reaches_it() -> None:
    assert comments.receipt(proof()) == (
        "proved: F401 gone · suite 214 passed before and after (no test reaches this line) · "
        "quality 0.90"
    )


def test_a_receipt_from_a_persons_own_machine_says_that_there_was_no_container() -> None:
    mine = comments.receipt(proof(reaching=1, seconds=0.5, image="process"))

    assert mine.endswith(" · 0.5 s · on this machine, without a container")


def test_an_unknown_reach_is_left_out_and_not_zero() -> None:
    assert "214 passed before and after · quality" in comments.receipt(proof(reaching=None))


def test_a_receipt_names_the_first_of_many_tests() -> None:
    three = (TEST, "tests/test_b.py::test_b", "tests/test_c.py::test_c[x::y]")

    assert "test_total and 2 more failed -> passed" in comments.receipt(
        regression_proof(fail_to_pass=three)
    )


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (Counts(3, 7), Counts(3, 7), "3 failed of 10 before and after"),
        (Counts(0, 7), Counts(0, 8), "7 passed -> 8 passed"),
        (Counts(2, 7), Counts(1, 8), "2 failed -> 1 failed of 9"),
    ],
)
def test_a_suite_that_is_not_all_green_is_told_as_it_is(
    before: Counts, after: Counts, words: str
) -> None:
    assert f"suite {words}" in comments.receipt(proof(before=before, after=after))


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ({"is_parsed": None}, "missing: no parser knows this language"),
        ({"new_lint": None}, "missing: a linter could not look"),
        ({"before": None, "after": None}, "missing: no tests ran before and after"),
        ({"after": None, "problem": "pytest timed out"}, "missing: pytest timed out"),
        ({"is_target_back": False}, "missing: the target was not seen again without the patch"),
        ({"is_self_reported": True}, "missing: the change decides what its own tests report"),
    ],
)
def test_checked_says_what_is_missing_to_be_proved(missing: dict[str, object], words: str) -> None:
    told = comments.receipt(proof(**missing))

    assert told.startswith("checked: F401 gone")
    assert told.endswith(words)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"is_applied": False}, "it does not apply to this head"),
        ({"is_parsed": False}, "the file does not parse with it"),
        ({"new_lint": ("F811",)}, "it brings F811"),
        ({"pass_to_fail": (TEST,)}, "it breaks test_total"),
        ({"is_target_gone": False}, "F401 is still there with it"),
        ({"is_target_gone": False, "problem": "it edits a.lock"}, "it edits a.lock"),
    ],
)
def test_not_verified_says_why(fault: dict[str, object], words: str) -> None:
    assert comments.receipt(proof(**fault)) == f"not verified: {words}"


def test_a_patch_that_nobody_tried_is_not_verified() -> None:
    assert comments.receipt(None) == "not verified: the patch was not tried"


def test_a_receipt_begins_with_the_grade_that_decides_one_click() -> None:
    assert {comments.receipt(p).partition(":")[0] for p in (proof(), proof(new_lint=None))} == {
        Grade.PROVED,
        Grade.CHECKED,
    }


def test_found_nothing_and_could_not_look_are_different_sentences() -> None:
    unseen = verdict(Conclusion.NOT_REVIEWED, seen=0, limits=("ruff is not installed",))

    assert comments.headline(verdict(Conclusion.SUCCESS), []) == "No findings: 12 of 12 hunks seen"
    assert (
        comments.headline(unseen, []) == "Not reviewed: 0 of 12 hunks seen; ruff is not installed"
    )


def test_a_partial_verdict_never_reads_as_a_clean_one() -> None:
    partial = verdict(Conclusion.PARTIAL, seen=9, limits=("the tests timed out",))

    assert (
        comments.headline(partial, [])
        == "Partial, nothing found so far: 9 of 12 hunks seen; the tests timed out"
    )


def test_the_headline_counts_findings_worst_first() -> None:
    found = [regression(), finding(), finding()]

    assert comments.headline(verdict(), found) == (
        "3 findings (1 high, 2 low): 12 of 12 hunks seen"
    )


def test_a_change_of_prose_alone_says_that_there_was_nothing_to_read() -> None:
    prose = Verdict(Conclusion.SUCCESS, Coverage(0, 0), (), (), Cost(0.1))

    assert comments.headline(prose, []) == "No findings: no hunk that a tool is expected to read"


def test_a_run_that_broke_calls_itself_no_review() -> None:
    broke = verdict(Conclusion.ERROR, seen=0, limits=("bug 7f",))

    assert comments.headline(broke, []).startswith("The run broke, this is no review: 0 of 12")


def test_a_regression_names_the_test_and_what_it_says() -> None:
    message = "    def test_total():\n>       assert total([1, 2]) == 3\nE       assert 2 == 3\n"

    assert comments.red_tests_title(True, [TEST]) == (
        "test_total passed before this change and fails now"
    )
    assert comments.red_tests_body([TEST], {TEST: message}) == f"`{TEST}` fails with: assert 2 == 3"


def test_several_red_tests_are_counted() -> None:
    tests = [TEST, "tests/test_b.py::test_b", "tests/test_c.py::test_c"]

    assert comments.red_tests_title(False, tests) == (
        "test_total and 2 more fail and are part of this change"
    )
    assert comments.red_tests_body(tests, {}) == f"`{TEST}` fails.\n2 more tests fail."


def test_a_located_regression_names_its_hunks() -> None:
    one = comments.regression_located("it fails.", ["a.py:3"])
    two = comments.regression_located("it fails.", ["a.py:3", "b.py:9"])

    assert one.endswith("The cause is the hunk at a.py:3: taken back, the rest passes.")
    assert two.endswith("taken back the rest passes: a.py:3, b.py:9.")


def test_a_commit_says_what_it_ends_how_it_was_tested_and_who_asked() -> None:
    (lint,) = number([unused_import()])

    message = comments.commit_message(
        [lint], command=("python", "-m", "pytest"), requester="Ada <ada@x.org>", run_id="run-1"
    )

    assert message.subject == "Fix F401 in cart.py"
    assert message.body == (
        "F1 F401 src/shop/cart.py:1: `os` imported but unused\n"
        "  proved: F401 gone · suite 214 passed before and after (no test reaches this line)"
        " · quality 0.90\n"
        "\n"
        "Tests: python -m pytest"
    )
    assert message.trailers == (
        ("Co-authored-by", "Ada <ada@x.org>"),
        ("Pullwright-Run", "run-1"),
        ("Pullwright-Suggestion", lint.fingerprint),
    )


def test_a_commit_of_a_revert_says_so() -> None:
    message = comments.commit_message([regression()], command=(), requester="", run_id="r")

    assert message.subject == "Take back a hunk of cart.py"
    assert message.body.endswith("Tests: none were found")
    assert message.trailers[0] == ("Pullwright-Run", "r")


@pytest.mark.parametrize("name", ["x" * 200 + ".py", "a\nb.py", "\u202e.py"])
def test_a_subject_is_one_short_line_whatever_the_file_is_called(name: str) -> None:
    odd = replace(unused_import(), id=FindingId("F1"), location=Location(name, 1, 1))
    many = [replace(odd, rule=f"RULE-{n:0200}") for n in range(3)]

    for findings in ([odd], many):
        subject = comments.commit_message(findings, command=(), requester="", run_id="r").subject

        assert len(subject) < 60
        assert subject.isprintable()


def test_a_commit_neither_notifies_nor_closes_nor_forges_a_trailer() -> None:
    hostile = replace(
        unused_import(), id=FindingId("F1"), title="fixes #12, @ada\n\nCo-authored-by: Eve <e@x>"
    )

    message = comments.commit_message(
        [hostile], command=(), requester="Ada <a@x>\nX: y", run_id="r"
    )

    assert "#12" not in message.body
    assert "@ada" not in message.body
    assert not any(line.startswith("Co-authored-by") for line in message.body.splitlines())
    assert message.trailers[0] == ("Co-authored-by", "Ada <a@x> X: y")


def test_refusals_name_what_was_asked() -> None:
    known = number([finding(), regression()])

    assert fix_words.unknown_findings(["F9"], known) == (
        "unknown finding: F9 (this review has F1, F2)"
    )
    assert fix_words.unknown_findings(["F1"], []).endswith("(this review has no findings)")
    assert comments.nothing_proved(known).startswith("no patch is proved (F1, F2)")


@pytest.mark.parametrize(
    ("tests", "subject"),
    [
        (("tests/test_a.py::test_total",), "Make test_total pass"),
        (("tests/test_a.py::test_total", "t.py::test_b"), "Make test_total and 1 more pass"),
        ((f"tests/test_a.py::test_{'x' * 90}",), f"Make test_{'x' * 34}… pass"),
    ],
)
def test_the_commit_of_a_repair_names_the_test(tests: tuple[str, ...], subject: str) -> None:
    mended = replace(regression(), evidence=tests)
    assert mended.suggestion is not None
    mended = replace(mended, suggestion=replace(mended.suggestion, source="repair"))

    made = comments.commit_message([mended], command=(), requester="", run_id="r")

    assert made.subject == subject
    assert len(made.subject) < 60
