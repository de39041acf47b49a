"""What the forge shows is compared with what was meant."""

from dataclasses import replace

from bot.domain.findings import FindingId
from bot.domain.forge import PostedThread, ReviewComment
from bot.domain.placement import read_back
from bot.domain.publication import PlannedComment, PublishContext, plan
from bot.domain.repo_config import RepoConfig
from tests.domain.test_publication import PATH, bug, make


def planned() -> PlannedComment:
    (one,) = plan(make(replace(bug(), id=FindingId("F1"))), RepoConfig(), PublishContext()).planned
    return one


def thread(comment: ReviewComment, **changes: object) -> PostedThread:
    at = PostedThread(
        "T1", 1, comment.body, is_resolved=False, path=comment.path, line=comment.line,
        original_line=comment.line, is_on_file=comment.line is None,
    )  # fmt: skip
    return replace(at, **changes)  # type: ignore[arg-type]  # a builder takes any field


def test_a_comment_that_is_where_it_was_meant_to_be_is_no_news() -> None:
    one = planned()

    placement = read_back([one], [thread(one.comment)])

    assert [t.id for _, t in placement.shown] == ["T1"]
    assert (placement.lost, placement.notes) == ((), ())


def test_a_comment_that_the_forge_took_and_does_not_show_is_in_the_summary() -> None:
    placement = read_back([planned()], [])

    assert [u.finding.id for u in placement.lost] == ["F1"]
    assert placement.notes == ("the forge took the comment on F1 and does not show it",)


def test_a_refused_comment_is_in_the_summary_and_no_surprise() -> None:
    one = planned()

    placement = read_back([one], [], refused=[one.comment])

    assert [u.reason for u in placement.lost] == ["the forge did not take it"]
    assert placement.notes == ()


def test_a_comment_on_another_line_is_told() -> None:
    one = planned()

    placement = read_back([one], [thread(one.comment, original_line=7)])

    assert placement.lost == ()
    expected = f"the comment on F1 was meant for {PATH}:5, the forge has it at line 7"
    assert placement.notes == (expected,)


def test_a_line_that_a_later_push_moved_is_no_difference() -> None:
    one = planned()

    placement = read_back([one], [thread(one.comment, line=None)])

    assert (placement.lost, placement.notes) == ((), ())


def test_a_refused_comment_that_is_on_its_file_is_not_lost() -> None:
    one = planned()

    placement = read_back([one], [thread(one.on_file)], refused=[one.comment])

    assert (placement.lost, placement.notes) == ((), ())


def test_a_thread_of_another_run_is_not_this_comment() -> None:
    one = planned()
    other = thread(one.comment, body=one.comment.body.replace("run=run-1", "run=run-0"))

    assert [u.finding.id for u in read_back([one], [other]).lost] == ["F1"]


def test_what_is_lost_stands_in_the_summary_with_the_reason() -> None:
    publication = plan(make(bug()), RepoConfig(), PublishContext())
    placement = read_back(publication.planned, [], refused=publication.comments)

    assert "the forge did not take it" in publication.summary(placement.lost, placement.notes)
    assert "the forge did not take it" not in publication.summary()
