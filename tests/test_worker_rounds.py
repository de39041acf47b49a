"""When a worker asks for rounds; each test looks at what is in the queue afterwards."""

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.domain.jobs import Job
from bot.domain.rounds import Schedule
from bot.worker import begin_rounds, rounds_kept
from tests.fakes.jobs import FakeJobs

NOW = datetime(2026, 11, 26, 8, 30, tzinfo=UTC)
PERIODS = ["reconcile:deliveries:2026-11-26T06", "reconcile:pulls:2026-11-26T08"]


@dataclass
class Heard(FakeJobs):
    """Says when it was asked."""

    submitted: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def submit(self, job: Job) -> bool:
        try:
            return super().submit(job)
        finally:
            self.submitted.release()


def test_the_first_worker_of_a_period_asks_for_its_round() -> None:
    jobs = FakeJobs()

    begin_rounds(jobs, Schedule(), NOW)

    assert list(jobs.jobs) == PERIODS


def test_a_worker_that_comes_back_within_the_period_looks_again_because_it_was_away() -> None:
    jobs = FakeJobs()
    begin_rounds(jobs, Schedule(), NOW)

    for seconds in (40, 45):
        begin_rounds(jobs, Schedule(), NOW + timedelta(minutes=3, seconds=seconds))

    assert list(jobs.jobs)[2:] == [
        "reconcile:deliveries:start:2026-11-26T08:33",
        "reconcile:pulls:start:2026-11-26T08:33",
    ]


def test_a_running_worker_asks_once_in_each_period() -> None:
    jobs = Heard()
    times = [NOW, NOW, NOW + timedelta(minutes=29), NOW + timedelta(minutes=30)]

    def now() -> datetime:
        return times.pop(0) if len(times) > 1 else times[0]

    with rounds_kept(jobs, Schedule(), now=now, look_every_s=0.01):
        for _ in range(3):
            assert jobs.submitted.acquire(timeout=30)

    assert list(jobs.jobs) == [*PERIODS, "reconcile:pulls:2026-11-26T09"]


def test_a_queue_that_is_down_is_asked_again() -> None:
    jobs = Heard(is_down=True)

    with rounds_kept(jobs, Schedule(), now=lambda: NOW, look_every_s=0.01):
        assert jobs.submitted.acquire(timeout=30)
        jobs.is_down = False
        for _ in range(2):
            assert jobs.submitted.acquire(timeout=30)

    assert set(PERIODS) <= set(jobs.jobs)
