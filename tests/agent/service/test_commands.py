"""What each command answers, and what it does and does not do on the way."""

import pytest

from bot.domain.forge import Reaction
from bot.domain.jobs import JobStatus
from bot.domain.ledger import RunKind
from bot.domain.pull_request import Sha
from bot.domain.requests import CommentCommand, parse_request
from tests.agent.service.office import BRANCH, BUG, EVE, HEAD_SHA, NUMBER, Office
from tests.fakes.ledger import FakeRuns
from tests.fakes.sandbox import FakeSandboxes

BROKEN = {"a.toy": b"ONE\ntwo\nthree\n"}


def _runs(office: Office) -> FakeRuns:
    assert isinstance(office.records.runs, FakeRuns)
    return office.records.runs


def test_the_tests_are_compared_and_nothing_else_is_run() -> None:
    office = Office(head=BROKEN)

    reply = office.ask("/agent test")

    assert "| merge base `cccccccccccc` | 2 | 0 | 0 |" in reply
    assert "| head `bbbbbbbbbbbb` | 1 | 1 | 0 |" in reply
    assert "Passed before and not now (1):\n\n- `tests/all.tests::t1`" in reply
    assert "image sha256:toy" in reply
    assert office.analyzer.looks == []
    assert office.forge.checks == {}
    assert office.forge.summary_of(NUMBER) is None


def test_a_run_of_the_tests_is_in_the_ledger_as_what_it_is() -> None:
    office = Office(head=BROKEN)

    office.ask("/agent test")

    ((run_id, run),) = _runs(office).begun_runs.items()
    assert run.kind is RunKind.TEST
    assert run_id in _runs(office).endings


def test_without_a_sandbox_the_tests_could_not_be_looked_at() -> None:
    office = Office(sandboxes=FakeSandboxes(unavailable="no code of the repository runs"))

    reply = office.ask("/agent test")

    assert "I could not look" in reply
    assert "no code of the repository runs" in reply
    assert "operator" in reply


def test_without_tests_there_is_nothing_to_run() -> None:
    office = Office(base={"a.toy": b"one\n"}, head={"a.toy": b"two\n"})

    reply = office.ask("/agent test")

    assert "no tests were found" in reply
    assert "tests.command" in reply


def test_a_run_that_proves_nothing_says_what_stopped_it() -> None:
    office = Office(head=BROKEN)
    office.runner.problem_with = "ONE"

    reply = office.ask("/agent test")

    assert "I could not look" in reply
    assert "it hangs" in reply
    assert "operator" not in reply


def test_a_head_that_was_reviewed_is_not_reviewed_again_unasked() -> None:
    office = Office()
    office.ask("/agent review")
    looks = len(office.analyzer.looks)

    reply = office.ask("/agent review")

    assert "Nothing is new since the review of `bbbbbbbbbbbb`" in reply
    assert "/agent review full" in reply
    assert len(office.analyzer.looks) == looks


def test_a_head_of_which_nothing_was_seen_is_reviewed_when_somebody_asks() -> None:
    office = Office(base={"a.toy": b"one\n"}, head={"a.toy": b"BUG\n"})
    office.analyzer.is_broken = True
    assert "not reviewed" in office.ask("/agent review")
    office.analyzer.is_broken = False

    reply = office.ask("/agent review")

    assert reply.startswith("Reviewed: findings")


def test_a_full_review_always_looks() -> None:
    office = Office()
    office.ask("/agent review")
    looks = len(office.analyzer.looks)

    reply = office.ask("/agent review full")

    assert reply.startswith("Reviewed")
    assert len(office.analyzer.looks) > looks


def test_a_review_that_dies_at_its_end_does_not_call_itself_old() -> None:
    office = Office()

    office.run(office.comment("/agent review"), crash_in="publish")

    assert office.replies[-1].startswith("Reviewed")


def test_a_fix_is_committed_and_says_how_to_undo_it() -> None:
    office = Office()

    reply = office.ask("/agent fix")

    assert office.branch.parent == HEAD_SHA
    assert "`/agent undo`" in reply
    assert office.reactions == [Reaction.SEEN, Reaction.DONE]


def test_on_a_fork_a_fix_is_a_patch_and_a_suggestion_and_nothing_is_written() -> None:
    office = Office(head_repo="eve/shop")
    office.ask("/agent review")
    branches = dict(office.forge.branches)

    reply = office.ask("/agent fix")

    assert office.forge.branches == branches
    assert "F1 has a proved suggestion in the review comments" in reply
    assert "-BUG\n+fine\n" in reply
    assert "<details>" in reply


def test_on_a_fork_that_nobody_reviewed_no_suggestion_is_promised() -> None:
    office = Office(head_repo="eve/shop")

    reply = office.ask("/agent fix")

    assert "suggestion" not in reply
    assert "-BUG\n+fine\n" in reply


@pytest.mark.parametrize("line", ["/agent fix --pr", "/agent undo"])
def test_on_a_fork_nothing_is_committed(line: str) -> None:
    office = Office(head_repo="eve/shop")
    branches = dict(office.forge.branches)

    reply = office.ask(line)

    assert "Not done" in reply
    assert office.forge.branches == branches


@pytest.mark.parametrize("line", ["/agent fix", "/agent undo", "/agent test", "/agent review"])
def test_who_may_not_write_is_refused_and_told_who_can_help(line: str) -> None:
    office = Office()

    reply = office.ask(line, by=EVE)

    assert "this needs write access to the repository; ask somebody who has it" in reply
    assert office.reactions == [Reaction.REFUSED]
    assert office.branch.sha == HEAD_SHA
    assert office.checkouts == 0


def test_an_unknown_finding_is_answered_with_the_known_ones() -> None:
    office = Office()
    office.ask("/agent review")

    reply = office.ask("/agent dismiss F9")

    assert "there is no F9: name one of F1 (open)" in reply


def test_before_any_review_no_finding_is_known() -> None:
    assert "no findings yet" in Office().ask("/agent dismiss F1")


@pytest.mark.parametrize("line", ["ask why?", "explain F1", "implement it", "cover"])
def test_what_needs_a_model_says_who_sets_one_up(line: str) -> None:
    reply = Office().ask(f"/agent {line}")

    assert "needs a language model" in reply
    assert "operator" in reply


def test_the_status_names_what_runs_and_the_places_of_what_waits() -> None:
    office = Office()
    running = office.comment("/agent review")
    office.jobs.statuses[running.id] = JobStatus.RUNNING
    office.comment("/agent test")
    office.comment("/agent fix F1")

    reply = office.ask("/agent status")

    assert "- `/agent review` runs since" in reply
    assert "- `/agent test` waits: number 1 of this pull request, 1 job ahead of it" in reply
    assert "- `/agent fix F1` waits: number 2 of this pull request, 2 jobs ahead of it" in reply


def test_the_configuration_says_who_decided_each_key() -> None:
    assert "max_comments = 10   # built-in default" in Office().ask("/agent config")


def test_a_broken_configuration_is_answered_and_keeps_nobody_from_stopping() -> None:
    office = Office(config_error="unknown key max_coments, the nearest known one is max_comments")

    reply = office.ask("/agent fix")

    assert "the nearest known one is max_comments" in reply
    assert "Nothing was running" in office.ask("/agent stop")


def test_a_fix_meets_a_newer_head_once_and_goes_on_from_there() -> None:
    office = Office()
    office.before_commit = lambda: office.forge.push(BRANCH, {"d.txt": b"theirs\n"})
    office.ask("/agent fix")
    assert "I look again" in office.replies[-1]
    office.before_commit = lambda: None

    (again,) = office.waiting()
    office.run(again)

    assert office.branch.files["a.toy"] == b"one\nfine\nthree\n"
    assert office.branch.files["d.txt"] == b"theirs\n"
    (reply,) = office.replies
    assert "Committed" in reply


def test_a_branch_that_never_rests_is_fixed_at_most_twice() -> None:
    office = Office()
    office.before_commit = lambda: office.forge.push(BRANCH, {"d.txt": b"theirs\n"})
    office.ask("/agent fix")
    (again,) = office.waiting()

    office.run(again)

    assert office.waiting() == []
    assert office.branch.files["a.toy"] == BUG["a.toy"]
    (reply,) = office.replies
    assert "ask again when the branch rests" in reply
    assert office.reactions[-1] is Reaction.REFUSED


def test_a_host_that_dies_as_it_queues_again_queues_once() -> None:
    office = Office()
    office.before_commit = lambda: office.forge.push(BRANCH, {"d.txt": b"theirs\n"})

    office.run(office.comment("/agent fix"), crash_in="queue again")

    (again,) = office.waiting()
    assert isinstance(parse_request(again), CommentCommand)


@pytest.mark.parametrize("name", ["fix", "dismiss", "rerun"])
def test_a_button_of_an_older_head_does_nothing_and_says_so(name: str) -> None:
    office = Office()
    office.ask("/agent review")
    head = office.forge.push(BRANCH, {"b.toy": b"BUG\n"})
    looks = len(office.analyzer.looks)

    reply = office.press(name, HEAD_SHA)

    assert "press the one of the newest check" in reply
    assert office.branch == head
    assert len(office.analyzer.looks) == looks
    assert [k.state for k in office.records.findings.known(office.pull)] == ["open"]


def test_the_buttons_do_what_the_commands_do() -> None:
    office = Office()
    office.ask("/agent review")

    dismissed = office.press("dismiss", HEAD_SHA)
    again = office.press("rerun", HEAD_SHA)

    assert dismissed.startswith("`ada` pressed `dismiss`. Dismissed F1")
    assert again.startswith("`ada` pressed `rerun`. Reviewed")
    assert [k.state for k in office.records.findings.known(office.pull)] == ["dismissed"]


def test_a_button_commits_the_fix_of_its_head() -> None:
    office = Office()
    office.ask("/agent review")

    reply = office.press("fix", HEAD_SHA)

    assert office.branch.files["a.toy"] == b"one\nfine\nthree\n"
    assert reply.startswith("`ada` pressed `fix`. Committed")


def test_who_may_not_write_may_not_press_a_button_either() -> None:
    office = Office()
    office.ask("/agent review")

    reply = office.press("fix", HEAD_SHA, by=EVE)

    assert "this needs write access" in reply
    assert office.branch.sha == HEAD_SHA


def test_a_button_gets_no_second_try_on_a_head_that_nobody_pressed_it_on() -> None:
    office = Office()
    office.before_commit = lambda: office.forge.push(BRANCH, {"d.txt": b"theirs\n"})

    reply = office.press("fix", HEAD_SHA)

    assert office.waiting() == []
    assert "ask again when the branch rests" in reply


def test_the_buttons_of_a_check_say_which_pull_request_they_are_of() -> None:
    office = Office()
    office.ask("/agent review")

    (check,) = office.forge.checks.values()

    assert {button.identifier for button in check.buttons} == {"fix#1", "rerun#1", "dismiss#1"}
    assert check.external_id.endswith("#1")
    assert check.head_sha == Sha(HEAD_SHA)
