"""What every queue promises to the web process, run on the fake and on the real one."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from bot.adapters.dbos_admin import DbosJobsAdmin
from bot.adapters.dbos_jobs import DbosJobs
from bot.domain.board import QueueBoard
from bot.domain.jobs import Job, JobFilter, JobId, JobKind, Jobs, JobStatus
from bot.errors import Refused, Retryable
from tests.fakes.jobs import FakeJobs, FakeJobsAdmin


@pytest.fixture(params=["fake", "sqlite"])
def jobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Jobs]:
    if request.param == "fake":
        yield FakeJobs()
        return
    queue = DbosJobs(f"sqlite:///{tmp_path / 'queue.db'}")
    yield queue
    queue.close()


def _fake_down(_: Path) -> Jobs:
    return FakeJobs(is_down=True)


def _real_down(folder: Path) -> Jobs:
    (folder / "file").write_text("a file where a folder should be")
    return DbosJobs(f"sqlite:///{folder / 'file' / 'queue.db'}")


def job(name: str, sequence: int = 1, kind: JobKind = JobKind.REVIEW, key: str = "1#7") -> Job:
    return Job(JobId(name), kind, key, sequence, 5, {"number": 7})


def test_a_job_is_taken_once(jobs: Jobs) -> None:
    assert jobs.submit(job("a"))
    assert not jobs.submit(job("a", sequence=2))
    assert jobs.status(JobId("a")) is JobStatus.QUEUED


def test_twenty_copies_at_once_are_taken_once(jobs: Jobs) -> None:
    with ThreadPoolExecutor(20) as pool:
        taken = list(pool.map(lambda _: jobs.submit(job("a")), range(20)))

    assert taken.count(True) == 1


def test_a_newer_review_ends_the_ones_that_wait_and_nothing_else(jobs: Jobs) -> None:
    for older in (
        job("old", 1),
        job("command", 2, JobKind.COMMAND),
        job("reconsider", 2, JobKind.RECONSIDER),
        job("other", 1, key="1#8"),
    ):
        jobs.submit(older)

    jobs.submit(job("new", 3))

    assert jobs.status(JobId("old")) is JobStatus.SUPERSEDED
    for name in ("command", "reconsider", "other", "new"):
        assert jobs.status(JobId(name)) is JobStatus.QUEUED


def test_a_job_that_waits_is_stopped_once(jobs: Jobs) -> None:
    jobs.submit(job("a"))

    assert [jobs.stop(JobId("a")), jobs.stop(JobId("a"))] == [True, False]
    assert jobs.status(JobId("a")) is JobStatus.STOPPED


def test_a_stopped_job_is_not_taken_again(jobs: Jobs) -> None:
    jobs.submit(job("a"))
    jobs.stop(JobId("a"))

    assert not jobs.submit(job("a"))


def test_of_an_unknown_job_nothing_is_known(jobs: Jobs) -> None:
    assert jobs.status(JobId("nobody")) is None
    assert not jobs.stop(JobId("nobody"))


@pytest.mark.parametrize("down", [_fake_down, _real_down])
def test_a_queue_that_is_down_says_so(down: Callable[[Path], Jobs], tmp_path: Path) -> None:
    jobs = down(tmp_path)

    for call in (
        lambda: jobs.submit(job("a")),
        lambda: jobs.status(JobId("a")),
        lambda: jobs.stop(JobId("a")),
    ):
        with pytest.raises(Retryable):
            call()


@pytest.fixture(params=["fake", "sqlite"])
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Jobs, QueueBoard]]:
    if request.param == "fake":
        fake = FakeJobs()
        yield fake, FakeJobsAdmin(fake)
        return
    url = f"sqlite:///{tmp_path / 'queue.db'}"
    with closing(DbosJobs(url)) as queue, closing(DbosJobsAdmin(url)) as admin:
        yield queue, admin


def test_jobs_are_listed_newest_first_by_key_and_status(both: tuple[Jobs, QueueBoard]) -> None:
    queue, admin = both
    for number in range(4):
        queue.submit(job(f"job-{number}", number, JobKind.COMMAND, key=f"1#{number % 2}"))
    queue.stop(JobId("job-2"))

    def listed(wanted: JobFilter) -> list[str]:
        return [info.job.id for info in admin.list(wanted)]

    assert listed(JobFilter(limit=2)) == ["job-3", "job-2"]
    assert listed(JobFilter(key="1#0")) == ["job-2", "job-0"]
    assert listed(JobFilter(frozenset({JobStatus.STOPPED}))) == ["job-2"]


def test_only_what_failed_can_be_tried_again(both: tuple[Jobs, QueueBoard]) -> None:
    queue, admin = both
    queue.submit(job("a"))

    with pytest.raises(Refused):
        admin.retry(JobId("a"))


def test_jobs_are_counted_by_status_and_found_by_id(both: tuple[Jobs, QueueBoard]) -> None:
    queue, admin = both
    assert dict(admin.counts()) == {}
    for number in range(3):
        queue.submit(job(f"job-{number}", number, JobKind.COMMAND))
    queue.stop(JobId("job-2"))

    found = admin.find(JobId("job-2"))

    assert dict(admin.counts()) == {JobStatus.QUEUED: 2, JobStatus.STOPPED: 1}
    assert found is not None
    assert (found.job.id, found.status) == ("job-2", JobStatus.STOPPED)
    assert admin.find(JobId("nobody")) is None
