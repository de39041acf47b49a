"""The one reply to a command: at once, edited in place, and never left at `working`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from bot.agent.service.loose_ends import LooseEnds
from bot.domain import replies
from bot.domain.events import PullAction
from bot.domain.evidence import TestReport
from bot.domain.forge import CheckConclusion, Reaction, RepoId
from bot.domain.identity import run_id_of
from bot.domain.jobs import Job, JobId, JobKind, JobStatus
from bot.domain.ports import Sandbox, TestPlan
from bot.domain.pull_request import Sha
from bot.domain.requests import ReviewRequest
from bot.errors import Refused, Retryable
from tests.agent.service.office import HEAD_SHA, NUMBER, Office
from tests.agent.toys import ToyRunner
from tests.fakes.forge import FakePublisher

LONG = ["/agent review", "/agent fix", "/agent test", "/agent undo"]


@dataclass
class _Meanwhile(ToyRunner):
    """Lets something happen while the tests run."""

    happens: Callable[[], object] = lambda: None

    def run(
        self,
        sandbox: Sandbox,
        plan: TestPlan,
        *,
        only: Sequence[str] = (),
        traced_paths: Sequence[str] = (),
    ) -> TestReport:
        self.happens()
        return super().run(sandbox, plan, only=only, traced_paths=traced_paths)


def _no_answer() -> None:
    raise Retryable("GitHub does not answer")


def _dead(office: Office) -> Job:
    """Return a fix whose retries are used up."""
    office.before_commit = _no_answer
    job = office.comment("/agent fix")
    office.run(job)
    assert office.jobs.statuses[job.id] is JobStatus.FAILED
    return job


@pytest.mark.parametrize("line", LONG)
def test_what_takes_long_is_answered_at_once_and_in_one_reply(line: str) -> None:
    office = Office()

    office.ask(line)

    assert office.forge.said[0].startswith("Working on it: ")
    assert "`bbbbbbbbbbbb`" in office.forge.said[0]
    assert len(office.replies) == 1
    assert not replies.is_working(office.replies[0])


def test_what_is_looked_up_is_answered_in_one_go() -> None:
    office = Office()

    office.ask("/agent status")

    assert len(office.forge.said) == 1


@pytest.mark.parametrize("step", ["begun", "begin", "commit", "reply", "answered"])
def test_wherever_a_host_dies_there_is_one_reply_with_the_outcome(step: str) -> None:
    office = Office()

    office.run(office.comment("/agent fix"), crash_in=step)

    (reply,) = office.replies
    assert reply.startswith("Committed")
    assert office.reactions == [Reaction.SEEN, Reaction.DONE]


def test_a_stopped_command_says_so_in_its_reply() -> None:
    runner = _Meanwhile()
    office = Office(runner=runner)
    job = office.comment("/agent test")

    def stop() -> None:
        office.ask("/agent stop")
        office.contexts[job.id].stop()

    runner.happens = stop
    office.run(job)

    assert office.jobs.statuses[job.id] is JobStatus.STOPPED
    assert office.replies[0] == "Stopped by `ada`; nothing more happens. Ask again for another try."
    assert office.replies[1] == "Stopped 1 run."


def test_a_host_that_dies_as_it_stops_still_says_what_it_stopped() -> None:
    office = Office()
    office.comment("/agent test")

    office.run(office.comment("/agent stop"), crash_in="stop")

    assert office.replies == ["Stopped 1 run."]


def test_a_command_that_ended_is_not_said_to_be_stopped() -> None:
    office = Office()
    office.ask("/agent fix")

    reply = office.ask("/agent stop")

    assert reply == "Nothing was running."
    assert office.replies[0].startswith("Committed")


def test_a_dead_command_is_told_by_the_next_one() -> None:
    office = Office()
    _dead(office)
    assert replies.is_working(office.replies[0])

    office.ask("/agent status")

    assert office.replies[0].startswith("It failed: GitHub does not answer")
    assert "operator" in office.replies[0]
    assert Reaction.REFUSED in office.reactions


@pytest.mark.parametrize(("line", "is_told"), [("/agent help", True), ("/other help", False)])
def test_a_command_that_died_before_it_said_anything_is_told(line: str, is_told: bool) -> None:
    office = Office()
    job = office.comment(line)
    office.jobs.statuses[job.id] = JobStatus.FAILED

    office.ask("/agent status")
    office.ask("/agent status")

    told = [reply for reply in office.replies if reply.startswith("It failed")]
    assert len(told) == is_told


def test_a_comment_that_is_deleted_meanwhile_does_not_fail_its_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def react(
        _self: FakePublisher, _id: int, reaction: Reaction, *, is_review_comment: bool
    ) -> None:
        if reaction is not Reaction.SEEN:
            raise Refused(f"Not Found: {is_review_comment=}")

    monkeypatch.setattr(FakePublisher, "react", react)
    office = Office()
    job = office.comment("/agent status")

    office.run(job)

    assert office.jobs.statuses[job.id] is JobStatus.DONE
    assert office.replies == ["Nothing is running or waiting.\n\nAutomatic reviews: on."]


def test_a_dead_command_is_told_once() -> None:
    office = Office()
    _dead(office)
    office.ask("/agent status")
    said = len(office.forge.said)

    office.ask("/agent status")

    assert len(office.forge.said) == said + 1


def test_a_dead_command_that_is_tried_again_has_the_last_word_in_its_reply() -> None:
    office = Office()
    job = _dead(office)
    office.ask("/agent status")
    office.before_commit = lambda: None
    office.admin.retry(job.id)

    office.run(job)

    assert office.replies[0].startswith("Committed")


def test_a_stopped_command_whose_reply_came_late_is_mended_by_the_next_one() -> None:
    office = Office()
    job = _dead(office)
    office.jobs.statuses[job.id] = JobStatus.STOPPED

    office.ask("/agent status")

    assert office.replies[0].startswith("Stopped; nothing more happens")


def test_anybody_can_tie_the_loose_ends_of_a_pull_request() -> None:
    office = Office()
    _dead(office)
    desk = office.desk()

    with desk.connect(office.repo) as connection:
        ends = LooseEnds(desk, connection, office.repo, NUMBER)
        counts = [ends.tie(HEAD_SHA), ends.tie(HEAD_SHA)]

    assert counts == [1, 0]


def test_the_check_of_a_stopped_review_does_not_run_for_ever() -> None:
    office = Office()
    repo: RepoId = office.repo
    request = ReviewRequest(repo, NUMBER, Sha(HEAD_SHA), "main", PullAction.OPENED)
    job = office.submit("review:1", request, kind=JobKind.REVIEW)
    office.jobs.statuses[JobId("review:1")] = JobStatus.RUNNING
    office.admin.finished_steps[job.id] = ["look", "begin"]

    office.ask("/agent stop")

    (check,) = office.forge.checks.values()
    assert check.conclusion is CheckConclusion.CANCELLED
    assert check.external_id == f"{run_id_of(job.id)}#{NUMBER}"


def test_who_has_no_sandbox_tells_the_operator() -> None:
    office = Office()
    office.is_without_sandbox = True

    reply = office.ask("/agent fix")

    assert "the operator of this App has to act" in reply
    assert office.reactions[-1] is Reaction.REFUSED
