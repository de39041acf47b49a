"""What every forge does: each test runs on GitHub's adapters and on the fake."""

from dataclasses import replace

import pytest

from bot.domain.forge import (
    CheckConclusion,
    CheckRun,
    CheckStatus,
    Permission,
    Reaction,
    Remark,
)
from bot.domain.ledger import RunId
from bot.domain.markers import MarkerKind
from bot.domain.untidy import DeadRun
from bot.domain.verdict_check import started_check
from bot.errors import Refused
from tests.adapters.github_world import (
    OUTSIDE,
    World,
    comment,
    marker,
    review,
)


def test_a_pull_request_is_what_the_forge_says_now(world: World) -> None:
    pull = world.forge.pull_request(world.number)

    assert (pull.author, pull.head_sha, pull.is_open) == ("ada", world.head, True)
    assert pull.head_ref == world.branch


def test_a_pull_request_that_is_not_there_is_refused(world: World) -> None:
    with pytest.raises(Refused):
        world.forge.pull_request(9_999)


def test_who_the_forge_does_not_know_may_nothing(world: World) -> None:
    assert world.forge.permission("ada") is Permission.WRITE
    assert world.forge.permission("nobody-at-all") is Permission.NONE


def test_there_is_one_summary_and_it_is_edited(world: World) -> None:
    assert world.forge.summary(world.number) is None

    first = world.publisher.summary(world.number, marker(MarkerKind.SUMMARY).under("one"))
    again = marker(MarkerKind.SUMMARY, run="run-2").under("two")
    second = world.publisher.summary(world.number, again)

    assert first.id == second.id
    found = world.forge.summary(world.number)
    assert found is not None
    assert found.body.startswith("two")


def test_one_refused_comment_loses_no_other(world: World) -> None:
    refused = review(world, comment("f1"), comment("f2", OUTSIDE), comment("f3", 6))

    assert refused == ["f2"]
    assert [t.line for t in world.forge.threads(world.number)] == [5, 6]


def test_a_comment_on_a_file_has_no_line_and_is_posted_once(world: World) -> None:
    wanted = (comment("f1"), comment("f2", None))

    assert review(world, *wanted) == []
    assert review(world, *wanted) == []

    threads = world.forge.threads(world.number)
    assert [(t.line, t.original_line, t.is_on_file) for t in threads] == [
        (5, 5, False),
        (None, None, True),
    ]


def test_a_file_that_did_not_change_takes_no_comment(world: World) -> None:
    refused = review(world, comment("f1", None, "README.md"), comment("f2", None), comment("f3"))

    assert refused == ["f1"]
    assert len(world.forge.threads(world.number)) == 2


def test_what_a_line_did_not_take_is_taken_by_its_file(world: World) -> None:
    assert review(world, comment("f1", OUTSIDE)) == ["f1"]

    assert review(world, comment("f1", None)) == []


def test_a_review_that_is_posted_again_posts_nothing(world: World) -> None:
    review(world, comment("f1"), comment("f3", 6))

    review(world, comment("f1"), comment("f3", 6))

    assert len(world.forge.threads(world.number)) == 2


def test_a_resolved_thread_is_resolved(world: World) -> None:
    review(world, comment("f1"), comment("f3", 6))
    first, _ = world.forge.threads(world.number)

    world.publisher.resolve(first.id)
    review(world, comment("f4", 4))

    states = [t.is_resolved for t in world.forge.threads(world.number)]
    assert states == [True, False, False]


def test_a_command_gets_one_reply_which_is_edited(world: World) -> None:
    mark = str(marker(MarkerKind.REPLY))
    for words in ("working", "done"):
        world.publisher.reply(world.number, marker=mark, body=words, to_comment=None)

    found = world.forge.reply(world.number, mark)
    assert found is not None
    assert found.body.startswith("done")
    assert world.forge.reply(world.number, str(marker(MarkerKind.REPLY, run="x"))) is None


def test_a_reply_in_a_thread_starts_no_thread(world: World) -> None:
    review(world, comment("f1"))
    thread = world.forge.threads(world.number)[0]
    mark = str(marker(MarkerKind.REPLY))

    for words in ("working", "done"):
        world.publisher.reply(world.number, marker=mark, body=words, to_comment=thread.comment_id)

    assert len(world.forge.threads(world.number)) == 1
    found = world.forge.reply(world.number, mark)
    assert found is not None
    assert found.body.startswith("done")


def test_a_check_run_is_found_again_by_our_id(world: World) -> None:
    begun = CheckRun("pullwright / review", world.head, CheckStatus.IN_PROGRESS, "t", "s", "r1")
    done = CheckRun(
        "pullwright / review", world.head, CheckStatus.COMPLETED, "t", "s", "r1",
        conclusion=CheckConclusion.NEUTRAL,
    )  # fmt: skip

    assert world.publisher.check(begun) == world.publisher.check(done)


def test_reacting_twice_is_harmless(world: World) -> None:
    for _ in range(2):
        world.reactions.react(world.person_comment, Reaction.SEEN, is_review_comment=False)


def test_a_check_that_a_dead_run_left_open_is_ended_once(world: World) -> None:
    dead = DeadRun(RunId("run-1"), world.head)
    check_id = world.publisher.check(started_check(world.head, "run-1"))

    ended = [world.open_checks.conclude(dead.check()) for _ in range(2)]

    assert ended == [True, False]
    assert world.publisher.check(dead.check()) == check_id


def test_a_check_that_is_not_there_is_not_made_to_be_ended(world: World) -> None:
    world.publisher.check(started_check(world.head, "run-2"))

    assert not world.open_checks.conclude(DeadRun(RunId("run-1"), world.head).check())


def test_a_verdict_is_not_ended_again(world: World) -> None:
    dead = DeadRun(RunId("run-1"), world.head)
    verdict = replace(dead.check(), conclusion=CheckConclusion.SUCCESS)
    world.publisher.check(verdict)

    assert not world.open_checks.conclude(dead.check())


def test_a_check_says_where_it_is_behind_its_run(world: World) -> None:
    started = replace(started_check(world.head, "run-1"), external_id="run-1#7")
    world.publisher.check(started)

    assert world.open_checks.conclude(DeadRun(RunId("run-1"), world.head).check())


def test_what_was_said_before_a_comment_in_its_thread_is_remembered(world: World) -> None:
    review(world, comment("f1"))
    thread = world.forge.threads(world.number)[0]
    mark = str(marker(MarkerKind.REPLY))

    posted = world.publisher.reply(
        world.number, marker=mark, body="It is.", to_comment=thread.comment_id
    )

    (before,) = world.forge.remarks(world.number, posted.id, is_review_comment=True)
    assert before.is_ours
    assert before.body.startswith("finding f1")
    assert "<!--" not in before.body
    assert world.forge.remarks(world.number, posted.id, is_review_comment=False) == ()


def test_a_remark_in_the_conversation_names_its_author(world: World) -> None:
    mark = str(marker(MarkerKind.REPLY))
    world.publisher.summary(world.number, f"All of it.\n\n{marker(MarkerKind.SUMMARY)}")
    posted = world.publisher.reply(world.number, marker=mark, body="Done.", to_comment=None)

    before = world.forge.remarks(world.number, posted.id, is_review_comment=False)

    assert before == (Remark("ada", "/agent review", is_ours=False),)
