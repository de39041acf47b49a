"""No flood of events becomes a flood of runs, and whoever is left out can see why."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.admission import AUTOMATIC_RUNS
from bot.domain.events import CommentPlace
from bot.domain.intake import immediate_key, pull_key
from bot.domain.jobs import Job, JobId, JobKind
from bot.domain.ledger import Head, RunId, RunKind, RunRecord
from bot.domain.requests import CommentCommand, to_payload
from tests.agent.office import ADA, NUMBER, Office


def begin_runs(office: Office, count: int, *, job_id: str = "review:x") -> None:
    change = office.bench.workspace.change
    head = Head(change.base_sha, change.merge_base_sha, change.base_sha)
    for number in range(count):
        office.ledger.runs.begin(
            RunRecord(
                RunId(f"run-{number}"), job_id, office.pull, "octo/shop", head, RunKind.REVIEW,
                started_at=office.now - timedelta(minutes=number),
            )
        )  # fmt: skip


def queue(office: Office, *lines: str, is_immediate: bool = False) -> None:
    key = (immediate_key if is_immediate else pull_key)(office.fake.repo.id, NUMBER)
    for number, line in enumerate(lines, 1):
        request = CommentCommand(
            office.fake.repo, NUMBER, ADA, line, number, CommentPlace.CONVERSATION, in_reply_to=None
        )
        job_id = JobId(f"{line} {number}")
        office.queue.submit(Job(job_id, JobKind.COMMAND, key, number, 1, to_payload(request)))


def test_only_so_many_automatic_reviews_begin_in_an_hour() -> None:
    office = Office()
    begin_runs(office, AUTOMATIC_RUNS)

    office.review()

    assert office.fake.checks == {}
    assert "12 automatic reviews began within an hour" in office.reply_to("/agent why")
    assert "Reviewed" in office.reply_to("/agent review")


def test_the_next_automatic_review_begins_when_the_hour_is_over() -> None:
    office = Office()
    begin_runs(office, AUTOMATIC_RUNS)
    office.now += timedelta(minutes=55)

    office.review()

    assert len(office.fake.checks) == 1


def test_reviews_that_people_asked_for_do_not_count() -> None:
    office = Office()
    begin_runs(office, AUTOMATIC_RUNS, job_id="command:conversation:1")

    office.review()

    assert len(office.fake.checks) == 1


def test_why_and_status_tell_which_commands_were_left_out() -> None:
    office = Office()
    queue(office, *["/agent review"] * 500)
    queue(office, *["/agent status"] * 3, is_immediate=True)

    for words in ("/agent why", "/agent status"):
        reply = office.reply_to(words)
        assert "501 commands were left out: the same command of the same person was" in reply


def test_one_run_waits_whatever_calls_it_by_name() -> None:
    office = Office()

    queue(office, "/agent review", "@pullwright review", "/agent review")

    assert len([s for s in office.queue.statuses.values() if s == "queued"]) == 1


def test_a_finding_in_another_thread_is_another_command() -> None:
    office = Office()
    request = CommentCommand(
        office.fake.repo, NUMBER, ADA, "/agent fix", 1, CommentPlace.THREAD, in_reply_to=50
    )
    for number, thread in enumerate((50, 51, 51), 1):
        payload = to_payload(replace(request, in_reply_to=thread))
        job = Job(JobId(f"c{number}"), JobKind.COMMAND, "2#1", number, 1, payload)
        office.queue.submit(job)

    assert [str(s) for s in office.queue.statuses.values()] == ["queued", "queued", "superseded"]
