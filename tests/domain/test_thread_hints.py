"""What a comment on a finding offers to type."""

from dataclasses import replace

from bot.domain import fix_words, posts, replies
from bot.domain.commands import DismissReason
from bot.domain.findings import FindingId
from bot.domain.pull_records import PullMode
from bot.domain.verdict_check import verdict_check
from tests import reviews


def test_a_hunk_of_the_author_is_offered_to_be_taken_back_by_name() -> None:
    said = posts._commands(replace(reviews.regression(), id=FindingId("F1")), posts.Wording())

    assert "`/agent fix F1 revert`" in said


def test_a_failing_test_is_offered_to_be_repaired_and_by_the_button_too() -> None:
    red = replace(reviews.regression(), id=FindingId("F1"), suggestion=None)
    review = reviews.review(findings=(red,))

    check = verdict_check(review, [red], fail_on=(), wording=posts.Wording())

    assert "`/agent fix F1`" in posts._commands(red, posts.Wording())
    assert [button.label for button in check.buttons] == ["Fix", "Re-run", "Dismiss"]


def test_a_fix_is_offered_only_where_asking_for_it_can_end_in_a_commit() -> None:
    said = [
        posts._commands(replace(finding, id=FindingId("F1")), posts.Wording())
        for finding in (
            reviews.plain(),
            reviews.unused_import(is_parsed=None),
            reviews.unused_import(),
        )
    ]

    assert ["`/agent fix F1`" in one for one in said] == [False, False, True]
    assert all("`/agent dismiss F1 [reason]`" in one for one in said)


def test_a_finding_without_a_patch_is_left_out_as_such() -> None:
    named = [replace(reviews.plain(), id=FindingId(f"F{n}")) for n in range(1, 24)]

    said = fix_words.left_alone(named, [FindingId("F2")], "/agent")

    assert said.startswith("Left out: F1 (no patch), F3 (no patch)")
    assert said.endswith("F21 (no patch) and 2 more.")


def test_the_help_names_every_reason_for_a_dismissal() -> None:
    assert all(reason in replies.help_table("/agent") for reason in DismissReason)


def test_automatic_reviews_are_said_to_be_on() -> None:
    assert replies.status([], PullMode.AUTO).endswith("Automatic reviews: on.")
