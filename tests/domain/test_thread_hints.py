"""What a comment on a finding offers to type."""

from dataclasses import replace

from bot.domain import posts, replies
from bot.domain.commands import DismissReason
from bot.domain.findings import FindingId
from bot.domain.pull_records import PullMode
from tests import reviews


def test_a_hunk_of_the_author_is_offered_to_be_taken_back_by_name() -> None:
    said = posts._commands(replace(reviews.regression(), id=FindingId("F1")), posts.Wording())

    assert "`/agent fix F1 revert`" in said


def test_the_help_names_every_reason_for_a_dismissal() -> None:
    assert all(reason in replies.help_table("/agent") for reason in DismissReason)


def test_automatic_reviews_are_said_to_be_on() -> None:
    assert replies.status([], PullMode.AUTO).endswith("Automatic reviews: on.")
