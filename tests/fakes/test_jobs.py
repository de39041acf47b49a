import pytest

from bot.domain.jobs import Handler, Job, JobContext, JobId, JobStatus, Json
from bot.errors import Retryable
from tests.adapters.jobs_contract import (
    CONTEXT_CONTRACT,
    JOBS_CONTRACT,
    ContextClause,
    JobsClause,
    Steps,
)
from tests.adapters.queue_processes import a_job
from tests.fakes.job_context import Crashed, FakeJobContext
from tests.fakes.jobs import FakeJobs


class FakeEngine:
    """Runs contexts of the fake."""

    def __init__(self) -> None:
        self._contexts: dict[JobId, FakeJobContext] = {}

    def run(self, handler: Handler, job: Job) -> JobStatus:
        self._contexts[job.id] = FakeJobContext(job)
        return self._contexts[job.id].run(handler)

    def stop(self, job_id: JobId) -> None:
        self._contexts[job_id].stop()

    def supersede(self, job: Job) -> None:
        for context in self._contexts.values():
            if context.job.key == job.key:
                context.supersede()


@pytest.mark.parametrize("clause", JOBS_CONTRACT, ids=lambda clause: clause.__name__)
def test_the_fake_queue_keeps_the_contract(clause: JobsClause) -> None:
    clause(FakeJobs())


@pytest.mark.parametrize("clause", CONTEXT_CONTRACT, ids=lambda clause: clause.__name__)
def test_the_fake_context_keeps_the_contract(clause: ContextClause) -> None:
    clause(FakeEngine())


def test_the_fake_queue_can_be_down() -> None:
    with pytest.raises(Retryable):
        FakeJobs(is_down=True).submit(a_job())


def test_a_crash_repeats_the_step_whose_record_is_missing_and_no_other() -> None:
    steps = Steps()

    def handler(context: JobContext) -> Json:
        for name in "abc":
            context.step(name, steps.work(name))
        return {}

    context = FakeJobContext(a_job(), crash_in="b")
    with pytest.raises(Crashed):
        context.run(handler)

    assert context.run(handler) is JobStatus.DONE
    assert steps.ran == ["a", "b", "b", "c"]
