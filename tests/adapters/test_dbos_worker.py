"""Jobs in a real worker process, on both databases: order, stops, superseding, retries."""

import time

import pytest

from bot.domain.jobs import NO_INSTALLATION, Job, JobFilter, JobId, JobKind, JobStatus
from bot.errors import Refused
from tests.adapters.queue_processes import Queue, a_job, overlaps

PUSHES = 40


def test_forty_fast_jobs_of_one_pull_request_run_in_their_order(shared_queue: Queue) -> None:
    # The ids are in another order, and many share a tick of the clock of an old SQLite.
    jobs = [a_job(f"j{n * 7 % PUSHES}", key="order", sequence=n + 1) for n in range(PUSHES)]
    shared_queue.submit(*jobs)

    statuses = shared_queue.wait_for_end(*(job.id for job in jobs))

    assert set(statuses) == {JobStatus.DONE}
    assert shared_queue.order(*jobs) == [job.id for job in jobs]


def test_of_forty_fast_pushes_the_running_one_ends_early_and_only_the_last_is_reviewed(
    shared_queue: Queue,
) -> None:
    review = {"kind": JobKind.REVIEW, "key": "pushes", "payload": {"steps": 5, "sleep_s": 0.2}}
    pushes = [a_job(f"push-{n}", sequence=n, **review) for n in range(1, PUSHES + 1)]
    shared_queue.submit(pushes[0])
    shared_queue.wait_for_step(2, "push-1")
    shared_queue.submit(*pushes[1:])
    *others, last = shared_queue.wait_for_end(*(job.id for job in pushes))

    assert set(others) == {JobStatus.SUPERSEDED}
    assert last is JobStatus.DONE
    assert shared_queue.steps("begin", "push-1")[-1] < 5
    assert overlaps(shared_queue.of(*(job.id for job in pushes))) == 0


def test_a_push_does_not_end_the_command_that_somebody_asked_for(shared_queue: Queue) -> None:
    shared_queue.submit(
        a_job("fix", key="1#5"), a_job("push", key="1#5", kind=JobKind.REVIEW, sequence=2)
    )

    assert shared_queue.wait_for_end("fix", "push") == [JobStatus.DONE, JobStatus.DONE]


def test_other_pull_requests_do_not_wait(shared_queue: Queue) -> None:
    quick = [a_job(f"quick-{n}") for n in range(3)]
    shared_queue.submit(a_job("slow", payload={"sleep_s": 1.5}), *quick)

    shared_queue.wait_for_end("slow", *(job.id for job in quick))

    assert shared_queue.order(a_job("slow"), *quick)[-1] == "slow"


def test_one_installation_leaves_slots_to_the_others(shared_queue: Queue) -> None:
    greedy = [a_job(f"a{n}", installation_id=10**9, payload={"sleep_s": 0.4}) for n in range(3)]
    modest = a_job("b")
    shared_queue.submit(*greedy, modest)

    shared_queue.wait_for_end("b", *(job.id for job in greedy))

    assert shared_queue.order(*greedy, modest)[:2] in (["b", "a0"], ["a0", "b"])
    begun = shared_queue.times(*(job.id for job in greedy), event="begin")
    ended = shared_queue.times(*(job.id for job in greedy), event="end")
    assert begun[1] > ended[0]
    assert begun[2] > ended[1]


def test_one_installation_starts_only_so_many_jobs_in_a_while(shared_queue: Queue) -> None:
    names = [f"limited-{number}" for number in range(7)]
    shared_queue.submit(*(a_job(name, installation_id=10**10) for name in names))

    shared_queue.wait_for_end(*names)
    times = shared_queue.times(*names, event="begin")

    # A start and its effect are some polls apart, so the waves are not exactly a second apart.
    assert times[3] - times[0] > 0.7
    assert times[6] - times[3] > 0.7


def test_a_stop_in_the_middle_of_a_step_closes_its_sandbox_at_once(shared_queue: Queue) -> None:
    shared_queue.submit(a_job("stopped", payload={"steps": 3, "sleep_s": 20}))
    shared_queue.wait_for_step(1, "stopped")
    asked = time.time()

    assert shared_queue.jobs.stop(JobId("stopped"))

    assert shared_queue.wait_for_end("stopped") == [JobStatus.STOPPED]
    (closed,) = shared_queue.times("stopped", event="closed")
    assert closed - asked < 1
    assert shared_queue.steps("begin", "stopped") == [1]
    assert not shared_queue.jobs.stop(JobId("stopped"))


def test_a_step_is_tried_again_until_it_works_and_finished_ones_are_not_repeated(
    shared_queue: Queue,
) -> None:
    trouble = {"2": ["Retryable", "github is down", 2]}
    shared_queue.submit(a_job("tried", payload={"steps": 3, "trouble": trouble}))

    assert shared_queue.wait_for_end("tried") == [JobStatus.DONE]
    assert shared_queue.steps("begin", "tried") == [1, 2, 2, 2, 3]


def test_jobs_that_wait_for_the_forge_hold_no_slot(shared_queue: Queue) -> None:
    late = {"trouble": {"1": ["Later", "rate limited", 1]}}
    waiting = [a_job(f"waiting-{n}", payload=late) for n in range(4)]
    other = a_job("other", payload={"steps": 2})
    shared_queue.submit(*waiting)
    for job in waiting:
        shared_queue.wait_for_step(1, job.id)
    shared_queue.submit(other)

    shared_queue.wait_for_end("other", *(job.id for job in waiting))

    assert shared_queue.order(*waiting, other)[:2] == ["other", "other"]
    began, again = shared_queue.times("waiting-0", event="begin")
    assert again - began > 1.9


def test_a_job_whose_tries_are_used_up_is_a_dead_letter_until_somebody_retries_it(
    shared_queue: Queue,
) -> None:
    trouble = {"2": ["Retryable", "no route", 99]}
    shared_queue.submit(a_job("dead", payload={"steps": 3, "trouble": trouble}))
    shared_queue.wait_for_end("dead")
    wanted = JobFilter(frozenset({JobStatus.FAILED}), key="key of dead")
    (dead,) = shared_queue.admin.list(wanted)
    begun = shared_queue.steps("begin", "dead")

    shared_queue.mend("dead")
    assert shared_queue.admin.retry(JobId("dead")) == "dead"
    assert shared_queue.wait_for_end("dead") == [JobStatus.DONE]

    assert (dead.error, dead.attempts) == ("no route (tried 3 times)", 3)
    assert begun == [1, 2, 2, 2]
    assert shared_queue.steps("end", "dead") == [1, 2, 3]


@pytest.mark.parametrize("kind", ["bug", "Refused"])
def test_a_failed_step_is_the_one_that_a_retry_runs_again(shared_queue: Queue, kind: str) -> None:
    trouble = {"2": [kind, "what broke \udcff\0", 99]}
    shared_queue.submit(a_job(kind, payload={"steps": 3, "trouble": trouble}))
    shared_queue.wait_for_end(kind)
    (dead,) = shared_queue.admin.list(JobFilter(key=f"key of {kind}"))

    shared_queue.mend(kind)
    shared_queue.admin.retry(JobId(kind))
    assert shared_queue.wait_for_end(kind) == [JobStatus.DONE]

    assert "what broke" in dead.error
    assert dead.error.isprintable()
    assert shared_queue.steps("end", kind) == [1, 2, 3]


def test_a_refusal_that_the_handler_answers_fails_nothing(shared_queue: Queue) -> None:
    trouble = {"1": ["Refused", "the head moved", 99], "2": ["Retryable", "later", 1]}
    payload = {"steps": 2, "trouble": trouble, "is_refusal_final": False}
    shared_queue.submit(a_job("answered", payload=payload))

    assert shared_queue.wait_for_end("answered") == [JobStatus.DONE]
    replies = [e["why"] for e in shared_queue.of("answered") if e["event"] == "reply"]
    assert replies == ["the head moved"]


def test_only_failed_jobs_can_be_retried(shared_queue: Queue) -> None:
    shared_queue.submit(a_job("fine"))
    shared_queue.wait_for_end("fine")

    with pytest.raises(Refused, match="job fine is done: only failed jobs"):
        shared_queue.admin.retry(JobId("fine"))
    with pytest.raises(Refused, match="there is no job unknown"):
        shared_queue.admin.retry(JobId("unknown"))


def test_a_finished_job_is_forgotten_with_its_steps_and_one_that_waits_is_not(
    shared_queue: Queue,
) -> None:
    shared_queue.submit(a_job("over", payload={"steps": 2}))
    shared_queue.wait_for_end("over")
    assert len(shared_queue.admin.steps(JobId("over"))) == 2
    later = a_job("later", payload={"sleep_s": 60})
    shared_queue.submit(later)

    assert shared_queue.admin.forget([JobId("over"), later.id, JobId("unknown")]) == 1
    assert shared_queue.admin.find(JobId("over")) is None
    assert shared_queue.admin.find(later.id) is not None
    with pytest.raises(Refused, match="there is no job over"):
        shared_queue.admin.steps(JobId("over"))
    # Of the same name, it is a new one, and finds no step of the old one.
    shared_queue.submit(a_job("over", payload={"steps": 1}))
    shared_queue.wait_for_end("over")
    assert len(shared_queue.admin.steps(JobId("over"))) == 1
    shared_queue.jobs.stop(later.id)


def _round(name: str) -> Job:
    return a_job(
        name,
        kind=JobKind.RECONCILE,
        installation_id=NO_INSTALLATION,
        payload={"sleep_s": 0.3},
    )


def test_a_round_waits_until_nothing_else_may_begin(local_queue: Queue) -> None:
    other = [a_job(f"job-{number}") for number in range(3)]
    local_queue.submit(_round("round"), *other)

    local_queue.start(slots=1, poll_s=0.02)

    names = [job.id for job in other]
    local_queue.wait_for_end("round", *names)
    assert local_queue.order(event="begin") == [*names, "round"]


def test_rounds_take_one_slot_however_many_there_are(local_queue: Queue) -> None:
    rounds = [_round(f"round-{number}") for number in range(3)]
    local_queue.submit(*rounds)

    local_queue.start(slots=3, per_installation=3, poll_s=0.02)

    names = [job.id for job in rounds]
    local_queue.wait_for_end(*names)
    begun = local_queue.times(*names, event="begin")
    ended = local_queue.times(*names, event="end")
    assert all(start > end for start, end in zip(begun[1:], ended, strict=False))
