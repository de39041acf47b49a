"""What every queue and every context of a job promise. Test modules run every clause on theirs."""

import threading
from collections.abc import Callable
from typing import Protocol

from bot.domain.crowding import LATELY, WAITING
from bot.domain.events import CommentPlace, Person
from bot.domain.forge import RepoId
from bot.domain.jobs import Handler, Job, JobContext, JobId, JobKind, Jobs, JobStatus, Json
from bot.domain.requests import CommentCommand, to_payload
from bot.errors import PullwrightError, Refused, Retryable
from tests.adapters.queue_processes import a_job

JobsClause = Callable[[Jobs], None]


def a_job_is_accepted_once(jobs: Jobs) -> None:
    assert jobs.submit(a_job("once"))
    assert not jobs.submit(a_job("once", sequence=2))
    assert jobs.status(JobId("once")) is JobStatus.QUEUED


def an_unknown_job_has_no_status(jobs: Jobs) -> None:
    assert jobs.status(JobId("nobody")) is None


def a_stopped_job_stays_stopped(jobs: Jobs) -> None:
    jobs.submit(a_job("stopped"))

    assert jobs.stop(JobId("stopped"))
    assert jobs.status(JobId("stopped")) is JobStatus.STOPPED
    assert not jobs.stop(JobId("stopped"))
    assert not jobs.submit(a_job("stopped"))


def nobody_can_stop_what_is_unknown(jobs: Jobs) -> None:
    assert not jobs.stop(JobId("nobody"))


def many_threads_submit_one_job_once(jobs: Jobs) -> None:
    accepted: list[bool] = []

    def submit() -> None:
        accepted.append(jobs.submit(a_job("many")))

    work = [threading.Thread(target=submit) for _ in range(8)]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()

    assert sorted(accepted) == [False] * 7 + [True]


def a_command(number: int, line: str, *, by: int = 1, key: str = "1#7") -> Job:
    request = CommentCommand(
        RepoId(5, 1, "octo/repo"), 7, Person(by, f"p{by}"), line, number,
        CommentPlace.CONVERSATION, in_reply_to=None,
    )  # fmt: skip
    return a_job(f"c{number}", key=key, sequence=number, payload=to_payload(request))


def taken(jobs: Jobs, *commands: Job) -> list[JobId]:
    """Return which of them wait for their turn."""
    assert all(jobs.submit(command) for command in commands)
    return [c.id for c in commands if jobs.status(c.id) is JobStatus.QUEUED]


def five_hundred_times_the_same_command_is_one_that_waits(jobs: Jobs) -> None:
    flood = [a_command(n, "/agent review") for n in range(1, 501)]

    assert taken(jobs, *flood) == ["c1"]
    assert jobs.status(JobId("c500")) is JobStatus.SUPERSEDED
    assert not jobs.submit(flood[-1])


def a_command_of_somebody_else_is_another_one(jobs: Jobs) -> None:
    both = a_command(1, "/agent review", by=1), a_command(2, "/agent review", by=2)

    assert taken(jobs, *both) == ["c1", "c2"]


def the_order_of_commands_is_kept(jobs: Jobs) -> None:
    lines = ("/agent pause", "/agent resume", "/agent pause")
    commands = [a_command(n, line) for n, line in enumerate(lines, 1)]

    assert taken(jobs, *commands) == ["c1", "c2", "c3"]


def only_so_many_different_commands_of_a_person_wait(jobs: Jobs) -> None:
    commands = [a_command(n, f"/agent fix F{n}") for n in range(1, WAITING + 3)]

    assert taken(jobs, *commands) == [c.id for c in commands[:WAITING]]
    assert taken(jobs, a_command(90, "/agent fix F1", by=2)) == ["c90"]
    assert taken(jobs, a_command(91, "/agent fix F1", key="1#8")) == ["c91"]


def only_so_many_commands_of_a_person_are_taken_in_a_minute(jobs: Jobs) -> None:
    for number in range(1, LATELY + 1):
        command = a_command(number, f"/agent dismiss F{number}")
        assert taken(jobs, command) == [command.id]
        jobs.stop(command.id)

    assert taken(jobs, a_command(90, "/agent dismiss F90")) == []


def one_look_that_waits_sees_all_that_happened_before_it(jobs: Jobs) -> None:
    def look(name: str, key: str = "1#7~") -> Job:
        return Job(JobId(name), JobKind.OBSERVE, key, 1, 5, {"number": 7})

    assert all(jobs.submit(look(f"look-{n}")) for n in range(30))
    assert jobs.submit(look("elsewhere", "1#8~"))

    names = [JobId(f"look-{n}") for n in range(30)]
    assert [name for name in names if jobs.status(name) is JobStatus.QUEUED] == ["look-0"]
    assert jobs.status(JobId("elsewhere")) is JobStatus.QUEUED


def a_stop_is_always_taken(jobs: Jobs) -> None:
    taken(jobs, *(a_command(n, f"/agent fix F{n}") for n in range(1, WAITING + 3)))

    assert taken(jobs, a_command(90, "/agent stop"), a_command(91, "/agent stop")) == ["c90"]


JOBS_CONTRACT: tuple[JobsClause, ...] = (
    a_job_is_accepted_once,
    an_unknown_job_has_no_status,
    a_stopped_job_stays_stopped,
    nobody_can_stop_what_is_unknown,
    many_threads_submit_one_job_once,
    five_hundred_times_the_same_command_is_one_that_waits,
    a_command_of_somebody_else_is_another_one,
    the_order_of_commands_is_kept,
    only_so_many_different_commands_of_a_person_wait,
    only_so_many_commands_of_a_person_are_taken_in_a_minute,
    a_stop_is_always_taken,
    one_look_that_waits_sees_all_that_happened_before_it,
)


class Engine(Protocol):
    """Runs one job at a time to its end, and lets a test interfere."""

    def run(self, handler: Handler, job: Job) -> JobStatus:
        """Run the handler as often as it takes, and return how the job ended."""
        ...

    def stop(self, job_id: JobId) -> None:
        """Stop a running job."""
        ...

    def supersede(self, job: Job) -> None:
        """Accept a newer review of the same key."""
        ...


ContextClause = Callable[[Engine], None]


class Steps:
    """Counts what ran."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def work(self, name: str, result: Json | None = None) -> Callable[[], Json]:
        def run() -> Json:
            self.ran.append(name)
            return result or {}

        return run

    def trouble(self, name: str, error: Exception, *, times: int) -> Callable[[], Json]:
        def run() -> Json:
            self.ran.append(name)
            if self.ran.count(name) <= times:
                raise error
            return {}

        return run


def steps_return_what_json_makes_of_them(engine: Engine) -> None:
    seen: list[Json] = []

    def handler(context: JobContext) -> Json:
        seen.append(context.step("a", lambda: {"pair": (1, 2), "text": "NUL \0 \udcff \u202e"}))
        return {}

    assert engine.run(handler, a_job("json")) is JobStatus.DONE
    assert seen == [{"pair": [1, 2], "text": "NUL \0 \udcff \u202e"}]


def a_handler_that_is_run_again_repeats_no_finished_step(engine: Engine) -> None:
    steps, seen = Steps(), list[Json]()

    def handler(context: JobContext) -> Json:
        seen.append(context.step("a", steps.work("a", {"n": 1})))
        context.step("b", steps.trouble("b", Retryable("down"), times=2))
        return {}

    assert engine.run(handler, a_job("again")) is JobStatus.DONE
    assert steps.ran == ["a", "b", "b", "b"]
    assert seen == [{"n": 1}] * 3


def a_retryable_error_outside_of_steps_is_tried_again_too(engine: Engine) -> None:
    steps, tries = Steps(), list[int]()

    def handler(context: JobContext) -> Json:
        context.step("a", steps.work("a"))
        tries.append(1)
        if len(tries) < 2:
            raise Retryable("no workspace yet")
        context.step("b", steps.work("b"))
        return {}

    assert engine.run(handler, a_job("outside")) is JobStatus.DONE
    assert steps.ran == ["a", "b"]


def tries_have_a_limit(engine: Engine) -> None:
    steps = Steps()

    def handler(context: JobContext) -> Json:
        return context.step("a", steps.trouble("a", Retryable("down"), times=99))

    assert engine.run(handler, a_job("limit")) is JobStatus.FAILED
    assert steps.ran == ["a"] * 3


def each_step_has_its_own_tries(engine: Engine) -> None:
    steps = Steps()

    def handler(context: JobContext) -> Json:
        for name in "abc":
            context.step(name, steps.trouble(name, Retryable("down"), times=2))
        return {}

    assert engine.run(handler, a_job("each")) is JobStatus.DONE


def a_refusal_is_the_same_before_and_after_a_crash(engine: Engine) -> None:
    class Moved(Refused):
        """A kind of refusal."""

    steps, seen = Steps(), list[str]()

    def handler(context: JobContext) -> Json:
        try:
            context.step("a", steps.trouble("a", Moved("the head moved"), times=99))
        except Refused as refused:
            seen.append(f"{type(refused).__name__}: {refused}")
        context.step("b", steps.trouble("b", Retryable("down"), times=1))
        return {}

    assert engine.run(handler, a_job("refusal")) is JobStatus.DONE
    assert seen == ["Refused: the head moved"] * 2
    assert steps.ran == ["a", "b", "b"]


def any_other_error_fails_the_job(engine: Engine) -> None:
    def with_error(error: Exception) -> Handler:
        def handler(context: JobContext) -> Json:
            try:
                return context.step("a", Steps().trouble("a", error, times=99))
            except (ValueError, PullwrightError):
                return {"it": "went on after a step that left no record"}

        return handler

    for number, error in enumerate((ValueError("bug"), PullwrightError("no docker"))):
        assert engine.run(with_error(error), a_job(f"error-{number}")) is JobStatus.FAILED


def a_step_returns_small_json_only(engine: Engine) -> None:
    values: tuple[Json, ...] = ({"log": "x" * 70_000}, {"file": b"bytes"}, {"n": float("nan")})
    for number, value in enumerate(values):

        def handler(context: JobContext, value: Json = value) -> Json:
            return context.step("a", lambda: value)

        assert engine.run(handler, a_job(f"large-{number}")) is JobStatus.FAILED


def a_stop_closes_what_runs_and_ends_the_job(engine: Engine) -> None:
    closed, steps = threading.Event(), Steps()

    def work() -> Json:
        engine.stop(JobId("stop"))
        assert closed.wait(10)
        raise PullwrightError("the sandbox is gone")

    def handler(context: JobContext) -> Json:
        with context.on_stop(closed.set):
            context.step("a", work)
        context.step("b", steps.work("b"))
        return {}

    assert engine.run(handler, a_job("stop")) is JobStatus.STOPPED
    assert steps.ran == []


def what_is_no_longer_open_is_not_closed(engine: Engine) -> None:
    closed = threading.Event()

    def handler(context: JobContext) -> Json:
        with context.on_stop(closed.set):
            context.step("a", dict)
        context.step("b", stop)
        context.step("c", dict)
        return {}

    def stop() -> Json:
        engine.stop(JobId("closed"))
        return {}

    assert engine.run(handler, a_job("closed")) is JobStatus.STOPPED
    assert not closed.is_set()


def a_newer_review_ends_an_older_one_at_its_next_step(engine: Engine) -> None:
    steps = Steps()
    newer = a_job("new", key="1#1", sequence=2, kind=JobKind.REVIEW)

    def handler(context: JobContext) -> Json:
        context.step("a", supersede)
        context.step("b", steps.work("b"))
        return {}

    def supersede() -> Json:
        engine.supersede(newer)
        return {}

    old = a_job("old", key="1#1", kind=JobKind.REVIEW)
    assert engine.run(handler, old) is JobStatus.SUPERSEDED
    assert steps.ran == []


CONTEXT_CONTRACT: tuple[ContextClause, ...] = (
    steps_return_what_json_makes_of_them,
    a_handler_that_is_run_again_repeats_no_finished_step,
    a_retryable_error_outside_of_steps_is_tried_again_too,
    tries_have_a_limit,
    each_step_has_its_own_tries,
    a_refusal_is_the_same_before_and_after_a_crash,
    any_other_error_fails_the_job,
    a_step_returns_small_json_only,
    a_stop_closes_what_runs_and_ends_the_job,
    what_is_no_longer_open_is_not_closed,
    a_newer_review_ends_an_older_one_at_its_next_step,
)
