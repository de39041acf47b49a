"""`/agent undo`: what of ours is taken back, and what is left alone."""

import pytest

from bot.domain.jobs import JobStatus
from bot.domain.ports import CommitMessage
from tests.agent.service.office import BRANCH, BUG, HEAD_SHA, Office
from tests.fakes.forge_values import FakeCommit

FIXED = b"one\nfine\nthree\n"


@pytest.fixture
def fixed() -> Office:
    """A pull request with one fix commit of ours on it."""
    office = Office()
    office.ask("/agent fix")
    assert office.branch.files["a.toy"] == FIXED
    return office


def test_an_undo_restores_the_bytes_before_our_commit(fixed: Office) -> None:
    ours = fixed.branch.sha

    reply = fixed.ask("/agent undo")

    assert fixed.branch.files["a.toy"] == BUG["a.toy"]
    assert fixed.branch.parent == ours
    assert "byte for byte" in reply
    assert fixed.branch.message is not None
    assert ("Pullwright-Undo", ours) in fixed.branch.message.trailers


def test_all_of_our_commits_are_undone_by_one(fixed: Office) -> None:
    before = fixed.forge.push(BRANCH, {"b.toy": b"BUG\n"})
    fixed.ask("/agent fix")
    assert fixed.branch.parent == before.sha

    fixed.ask("/agent undo")

    assert fixed.branch.files["a.toy"] == BUG["a.toy"]
    assert fixed.branch.files["b.toy"] == b"BUG\n"


def test_an_undo_cannot_be_undone(fixed: Office) -> None:
    fixed.ask("/agent undo")
    undone = fixed.branch.sha

    reply = fixed.ask("/agent undo")

    assert fixed.branch.sha == undone
    assert "nothing of ours to undo" in reply


def test_what_was_fixed_again_can_be_undone_again(fixed: Office) -> None:
    fixed.ask("/agent undo")
    fixed.ask("/agent fix")
    assert fixed.branch.files["a.toy"] == FIXED

    fixed.ask("/agent undo")

    assert fixed.branch.files["a.toy"] == BUG["a.toy"]


def test_where_somebody_built_on_our_file_they_decide(fixed: Office) -> None:
    ours = fixed.branch.sha
    theirs = fixed.forge.push(BRANCH, {"a.toy": FIXED + b"four\n"})

    reply = fixed.ask("/agent undo")

    assert fixed.branch == theirs
    assert f"git revert {ours[:12]}" in reply
    assert "a.toy" in reply
    assert "who" in reply


def test_what_somebody_wrote_elsewhere_is_kept(fixed: Office) -> None:
    fixed.forge.push(BRANCH, {"other.txt": b"theirs\n"})

    fixed.ask("/agent undo")

    assert fixed.branch.files["other.txt"] == b"theirs\n"
    assert fixed.branch.files["a.toy"] == BUG["a.toy"]


def test_a_trailer_alone_makes_no_commit_ours() -> None:
    office = Office()
    forged = CommitMessage("Fix it", "", (("Pullwright-Run", "0123456789abcdef"),))
    theirs = office.forge.push(BRANCH, {"a.toy": b"mine\n"}, forged)

    reply = office.ask("/agent undo")

    assert office.branch == theirs
    assert "nothing of ours to undo" in reply


def test_our_own_trailers_on_the_commit_of_somebody_else_take_nothing_back(fixed: Office) -> None:
    ours = fixed.branch
    theirs = fixed.forge.push(BRANCH, {"c.txt": b"theirs\n"}, ours.message)

    fixed.ask("/agent undo")

    assert fixed.branch.parent == theirs.sha
    assert fixed.branch.files["c.txt"] == b"theirs\n"
    assert fixed.branch.files["a.toy"] == BUG["a.toy"]


def test_nobody_hides_our_commit_by_claiming_that_it_is_undone(fixed: Office) -> None:
    ours = fixed.branch
    run = dict(ours.message.trailers)["Pullwright-Run"] if ours.message else ""
    claim = CommitMessage("x", "", (("Pullwright-Run", run), ("Pullwright-Undo", ours.sha)))
    fixed.forge.push(BRANCH, {"c.txt": b"theirs\n"}, claim)

    fixed.ask("/agent undo")

    assert fixed.branch.files["a.toy"] == BUG["a.toy"]


def test_a_host_that_dies_after_the_commit_undoes_nothing_twice(fixed: Office) -> None:
    ours = fixed.branch.sha

    context = fixed.run(fixed.comment("/agent undo"), crash_in="commit")

    assert context.why_ended is None
    assert fixed.branch.parent == ours
    assert fixed.branch.files["a.toy"] == BUG["a.toy"]
    assert "byte for byte" in fixed.replies[-1]


def test_without_a_commit_of_ours_there_is_nothing_to_undo() -> None:
    office = Office()

    reply = office.ask("/agent undo")

    assert office.branch.sha == HEAD_SHA
    assert "nothing of ours to undo" in reply


def test_a_stacked_pull_request_is_named_and_left_open() -> None:
    office = Office()
    office.ask("/agent fix --pr")

    reply = office.ask("/agent undo")

    assert "stays open" in reply
    assert len(office.forge.stacked) == 1


def test_a_push_between_the_look_and_the_undo_is_not_overwritten(fixed: Office) -> None:
    pushed: list[FakeCommit] = []

    def push() -> None:
        if not pushed:
            pushed.append(fixed.forge.push(BRANCH, {"d.txt": b"theirs\n"}))

    fixed.before_commit = push
    fixed.ask("/agent undo")
    (again,) = fixed.waiting()
    context = fixed.run(again)

    assert context.error == ""
    assert fixed.jobs.statuses[again.id] is JobStatus.DONE
    assert fixed.branch.files["d.txt"] == b"theirs\n"
    assert fixed.branch.files["a.toy"] == BUG["a.toy"]
