"""What a round does about what was missed, over fakes that keep their state."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.agent.service.surveying import MOST_REVIEWS
from bot.domain.app_forge import Attempt, HeadCheck
from bot.domain.findings import Location
from bot.domain.forge import CheckConclusion, CheckStatus, ForgeUnavailable, RepoId
from bot.domain.jobs import JobKind, JobStatus
from bot.domain.ledger import Head, RunEnding, RunId, RunKind, RunRecord, Thread
from bot.domain.pull_records import Delivery, Silence
from bot.domain.redelivery import MOST_AT_ONCE
from bot.domain.rounds import Schedule
from bot.domain.untidy import summary_key
from bot.domain.verdict import Conclusion
from bot.errors import PullwrightError, Refused
from tests.agent.watch import HEAD, NOW, NUMBER, Watch
from tests.fakes.app_forge import FakeAppForge
from tests.fakes.job_context import Crashed

RATE_LIMITED = ForgeUnavailable("wait", retry_at=NOW + timedelta(minutes=1))
BROKEN = ForgeUnavailable("GitHub broke: 502")
SHOP_2 = RepoId(1, 3, "octo/second")


class Moody(FakeAppForge):
    """Meets errors, one for each request to deliver again."""

    def __init__(self, *errors: PullwrightError) -> None:
        super().__init__()
        self.errors = list(errors)

    def redeliver(self, attempt: int) -> None:
        if self.errors:
            raise self.errors.pop(0)
        super().redeliver(attempt)


def test_what_was_never_delivered_is_asked_for_in_its_order_and_nothing_else() -> None:
    watch = Watch()
    watch.attempted("a", "b", "c")
    watch.attempted("b", is_ok=True)

    watch.look_at_deliveries()

    assert watch.app.redelivered == ["a", "c"]


def test_a_second_look_asks_for_nothing_that_arrived_or_was_just_asked_for() -> None:
    watch = Watch()
    watch.attempted("a", "b")
    watch.look_at_deliveries()
    watch.app.made.append(Attempt(99, "a", NOW, is_ok=True))

    watch.look_at_deliveries()

    assert watch.app.redelivered == ["a", "b"]


def test_a_host_that_dies_after_asking_does_not_make_it_two() -> None:
    watch = Watch()
    watch.attempted("a")
    with pytest.raises(Crashed):
        watch.look_at_deliveries(crash_in="redeliver a")

    watch.look_at_deliveries()

    assert watch.app.redelivered == ["a"]


def test_a_delivery_waits_where_the_forge_asks_for_patience_and_loses_no_try() -> None:
    watch = Watch(app=Moody(RATE_LIMITED))
    watch.attempted("a")

    context = watch.look_at_deliveries()

    assert context.waits == [RATE_LIMITED.retry_at]
    assert watch.app.redelivered == ["a"]


def test_a_request_whose_answer_was_lost_is_not_made_again_at_once() -> None:
    watch = Watch(app=Moody(BROKEN))
    watch.attempted("a", "b")

    watch.look_at_deliveries()

    assert watch.app.redelivered == ["b"]
    assert ["delivery a was asked for" in line for line in watch.told] == [True]


def test_a_delivery_that_the_forge_forgot_is_given_up_at_once_and_told() -> None:
    watch = Watch(app=Moody(Refused("there is no delivery 1")))
    watch.attempted("a")

    for _ in range(3):
        watch.look_at_deliveries()
        watch.now += timedelta(hours=1)

    assert watch.app.redelivered == []
    assert [line.split(":")[0] for line in watch.told] == [
        "delivery a cannot be had again",
    ]


def test_a_delivery_that_never_arrives_is_given_up_after_five_tries() -> None:
    watch = Watch()
    watch.attempted("a")

    for _ in range(9):
        watch.look_at_deliveries()
        watch.now += timedelta(hours=1)

    assert watch.app.redelivered == ["a"] * 5
    assert ["never arrived and is given up" in line for line in watch.told] == [True]


def test_many_missed_deliveries_are_left_to_further_jobs_of_the_round() -> None:
    watch = Watch()
    watch.attempted(*(f"guid-{n:03}" for n in range(MOST_AT_ONCE + 1)))

    watch.look_at_deliveries()

    (following,) = watch.jobs.jobs.values()
    assert len(watch.app.redelivered) == MOST_AT_ONCE
    watch.run(following)
    assert len(set(watch.app.redelivered)) == MOST_AT_ONCE + 1


def test_what_a_lost_database_had_is_asked_for_again() -> None:
    watch = Watch()
    watch.attempted("first", "kept", "lost", is_ok=True)
    for one in watch.app.made[:2]:
        watch.ledger.deliveries.accept(Delivery(one.guid, "push", "", one.at))

    watch.look_at_deliveries()

    assert watch.app.redelivered == ["lost"]


def test_each_installation_gets_a_job_of_its_own_and_so_does_learning() -> None:
    watch = Watch()
    watch.app.repos_of[9] = []

    watch.run(Schedule().due(NOW)[1])

    keys = {job.key for job in watch.jobs.jobs.values()}
    assert keys == {"reconcile:1", "reconcile:9", "reconcile:learning"}


def test_an_overlooked_pull_request_is_reviewed_once_however_often_one_looks() -> None:
    watch = Watch()

    for _ in range(3):
        watch.look_at_pulls()

    assert watch.submitted(JobKind.REVIEW) == [f"review:2:{NUMBER}:{HEAD}:main"]
    assert watch.ledger.pulls.load(watch.pull).sequence == 1
    assert watch.connections == 0


def test_a_head_with_our_check_is_left_alone() -> None:
    watch = Watch()
    watch.show(watch.open_pull(NUMBER, HeadCheck("run", CheckStatus.COMPLETED)))

    watch.look_at_pulls()

    assert watch.submitted(JobKind.REVIEW) == []


def test_a_head_that_the_ledger_knows_as_reviewed_is_left_alone() -> None:
    watch = Watch()
    head = Head(HEAD, HEAD, HEAD)
    run = RunRecord(RunId("r"), "j", watch.pull, "octo/shop", head, RunKind.REVIEW, NOW)
    watch.ledger.runs.begin(run)
    watch.ledger.runs.finish(run.run_id, RunEnding(Conclusion.SUCCESS, "{}", NOW))

    watch.look_at_pulls()

    assert watch.submitted(JobKind.REVIEW) == []


def test_a_pull_request_that_is_silent_for_a_reason_stays_so() -> None:
    watch = Watch()
    watch.ledger.silences.record(watch.pull, Silence("it is a draft", HEAD, NOW))

    watch.look_at_pulls()

    assert watch.submitted(JobKind.REVIEW) == []


def test_where_we_are_new_the_newest_are_reviewed_first_and_the_rest_later() -> None:
    watch = Watch()
    start = NOW - timedelta(hours=1)
    pulls = [
        replace(watch.open_pull(n), changed_at=start + timedelta(minutes=n)) for n in range(1, 31)
    ]
    watch.show(*pulls)

    watch.look_at_pulls()
    first = watch.submitted(JobKind.REVIEW)
    watch.look_at_pulls()

    numbers = [int(name.split(":")[2]) for name in watch.submitted(JobKind.REVIEW)]
    assert len(first) == MOST_REVIEWS
    assert numbers == list(range(30, 0, -1))


def test_the_next_page_of_repositories_is_for_the_next_job() -> None:
    watch = Watch()
    watch.app.page_size = 1
    watch.app.repos_of[1].append(SHOP_2)

    watch.look_at_pulls()

    assert watch.submitted(JobKind.RECONCILE) == ["reconcile:installation:1:2:now"]


def test_an_installation_that_is_gone_ends_its_job_in_peace() -> None:
    watch = Watch()
    watch.app.troubles[1] = Refused("the installation is suspended")

    watch.look_at_pulls()

    assert watch.told == ["installation 1 is left out: the installation is suspended"]


@pytest.mark.parametrize("trouble", [BROKEN, Refused("not accessible")])
def test_a_repository_that_cannot_be_read_keeps_no_other_waiting(trouble: PullwrightError) -> None:
    watch = Watch()
    watch.app.repos_of[1].insert(0, SHOP_2)
    watch.app.troubles[SHOP_2.id] = trouble

    watch.look_at_pulls()

    assert len(watch.submitted(JobKind.REVIEW)) == 1
    assert watch.told == [f"octo/second is left out of this round: {trouble}"]


def test_what_was_posted_before_a_crash_is_recorded() -> None:
    watch = Watch()
    run = watch.dead_review()
    watch.posted(run)

    watch.look_at_pulls()

    (thread,) = watch.forge.posted_threads[NUMBER]
    assert watch.known.thread == Thread(thread.id, thread.comment_id)
    recorded = watch.ledger.publications.find(summary_key(run))
    assert recorded is not None
    assert recorded.url == watch.forge.summary_of(NUMBER).url  # type: ignore[union-attr]


def test_the_thread_of_a_finding_is_not_taken_for_that_of_its_twin() -> None:
    watch = Watch()
    finding = watch.posted(watch.dead_review())
    watch.see(finding, replace(finding, location=Location("a.py", 9, 9)))

    watch.look_at_pulls()

    known = watch.ledger.findings.known(watch.pull)
    shown = {k.finding.location.start_line: k.thread is not None for k in known}
    assert shown == {1: True, 9: False}


@pytest.mark.parametrize("status", [JobStatus.STOPPED, JobStatus.FAILED, JobStatus.SUPERSEDED])
def test_the_check_of_a_run_that_died_says_that_it_did_not_end(status: JobStatus) -> None:
    watch = Watch()
    watch.dead_review(status)

    watch.look_at_pulls()

    (check,) = watch.forge.checks.values()
    assert (check.status, check.conclusion) == (CheckStatus.COMPLETED, CheckConclusion.NEUTRAL)
    assert "cut short" in check.summary


def test_a_check_whose_run_nobody_knows_any_more_is_ended_too() -> None:
    watch = Watch()
    watch.dead_review()
    watch.ledger = Watch().ledger

    watch.look_at_pulls()

    assert [c.conclusion for c in watch.forge.checks.values()] == [CheckConclusion.NEUTRAL]


@pytest.mark.parametrize("status", [JobStatus.QUEUED, JobStatus.RUNNING])
def test_what_still_runs_is_not_touched(status: JobStatus) -> None:
    watch = Watch()
    watch.dead_review(status)

    watch.look_at_pulls()

    assert [c.status for c in watch.forge.checks.values()] == [CheckStatus.IN_PROGRESS]
    assert watch.connections == 0


def test_a_verdict_is_never_taken_back() -> None:
    watch = Watch()
    run = watch.dead_review()
    (check,) = watch.forge.checks.values()
    verdict = replace(
        check, status=CheckStatus.COMPLETED, conclusion=CheckConclusion.FAILURE, external_id=run
    )
    watch.forge.publisher.check(verdict)

    watch.look_at_pulls()

    assert list(watch.forge.checks.values()) == [verdict]


def test_a_reply_that_promises_its_end_gets_one() -> None:
    watch = Watch()
    watch.show(watch.open_pull(NUMBER, HeadCheck("run", CheckStatus.COMPLETED)))
    watch.replied(watch.ended_command(), "Working on it: looking for patches.")

    watch.look_at_pulls()

    (reply,) = watch.forge.comments[NUMBER]
    assert reply.posted.body.startswith("Not finished: this command was cut short")
    assert reply.posted.body.splitlines()[-1].startswith("<!-- pullwright:v1 kind=reply")


def test_a_reply_that_has_its_end_stays_as_it_is() -> None:
    watch = Watch()
    watch.show(watch.open_pull(NUMBER, HeadCheck("run", CheckStatus.COMPLETED)))
    watch.replied(watch.ended_command(), "Committed something.")
    before = list(watch.forge.comments[NUMBER])

    watch.look_at_pulls()

    assert watch.forge.comments[NUMBER] == before


def test_the_thread_of_a_fixed_finding_is_resolved() -> None:
    watch = Watch()
    watch.posted(watch.dead_review())
    watch.look_at_pulls()
    watch.see()

    watch.look_at_pulls()

    assert [t.is_resolved for t in watch.forge.posted_threads[NUMBER]] == [True]
    assert watch.known.thread is not None
    assert watch.known.thread.is_resolved


def test_a_second_round_changes_nothing_and_asks_for_no_credentials() -> None:
    watch = Watch()
    watch.posted(watch.dead_review())
    watch.replied(watch.ended_command(), "Working on it: looking for patches.")
    watch.look_at_pulls()
    state, connections = watch.state(), watch.connections

    watch.look_at_pulls()

    assert watch.state() == state
    assert watch.connections == connections


def test_a_host_that_dies_while_it_tidies_up_leaves_it_to_the_next() -> None:
    watch = Watch()
    watch.posted(watch.dead_review())
    with pytest.raises(Crashed):
        watch.look_at_pulls(crash_in=f"mend 2#{NUMBER}")
    state = watch.state()

    watch.look_at_pulls()

    assert watch.state() == state
