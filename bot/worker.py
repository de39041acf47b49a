"""The worker process: takes jobs from the queue and does them."""

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from types import FrameType

from bot import app_wiring, machine_wiring
from bot.adapters.dbos_worker import LEASE_S, WorkerOptions, run_worker
from bot.domain.jobs import Job, Jobs
from bot.domain.rounds import Occasion, Schedule, unscheduled
from bot.errors import Retryable
from bot.settings import AppSettings, Settings, load_model_settings

_LOG = logging.getLogger("pullwright.rounds")
LOOK_EVERY_S = 20.0

say = partial(print, flush=True)
"""A line that nobody waits for because it stands in a buffer."""


def check(settings: Settings, app: AppSettings) -> None:
    """Raise Refused for settings with which no worker starts."""
    app_wiring.refuse_process_sandbox(settings)
    machine_wiring.refuse_unsafe(settings)
    app_wiring.check_key(app)


def work(
    settings: Settings,
    app: AppSettings,
    *,
    slots: int = 2,
    lease_s: float = LEASE_S,
    announce: Callable[[str], object] = say,
) -> None:
    """Run jobs until SIGTERM or Ctrl-C, which let the current steps end.

    Paused, it does none: they stay queued, and whoever starts it again unpaused does them all.
    """
    stop = threading.Event()

    def leave(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for polite in (signal.SIGTERM, signal.SIGINT):
        signal.signal(polite, leave)
    check(settings, app)
    app_wiring.warn_of_open_key(app)
    if app.is_paused:
        # Not even the engine is started: it would go on with what it was in the middle of.
        announce("paused by PULLWRIGHT_PAUSED: jobs are kept, and none is done")
        stop.wait()
        return
    with ExitStack() as stack:
        github = app_wiring.find_github(settings, app, stack)
        desk = app_wiring.build_desk(settings, app, github, stack, load_model_settings())
        outlook = app_wiring.build_outlook(github)
        announce(f"working with {slots} slots")
        options = WorkerOptions(
            slots=slots, lease_s=lease_s, chores=(lambda: app_wiring.forget_old(desk, settings),)
        )
        with rounds_kept(desk.jobs, app.schedule):
            run_worker(app.database_url, app_wiring.handlers(desk, outlook), options, stop)


@contextmanager
def rounds_kept(
    jobs: Jobs,
    schedule: Schedule,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    look_every_s: float = LOOK_EVERY_S,
) -> Iterator[None]:
    """Submit the jobs of rounds in time while the block runs; any number of workers may do so."""
    is_over = threading.Event()
    keeper = _Keeper(jobs, schedule, now)

    def keep() -> None:
        keeper.look()
        while not is_over.wait(look_every_s):
            keeper.look()

    thread = threading.Thread(target=keep, name="rounds", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join(timeout=10)


@dataclass
class _Keeper:
    """Knows for which periods rounds were asked for."""

    jobs: Jobs
    schedule: Schedule
    now: Callable[[], datetime]
    asked: tuple[Job, ...] = ()

    def look(self) -> None:
        """Ask for the rounds of a new period; where the queue is down, the next look does."""
        now = self.now()
        due = self.schedule.due(now)
        try:
            if not self.asked:
                begin_rounds(self.jobs, self.schedule, now)
            else:
                for job in due:
                    if job not in self.asked:
                        self.jobs.submit(job)
            self.asked = due
        except Retryable as trouble:
            _LOG.warning("nobody looks for what was missed: %s", trouble)


def begin_rounds(jobs: Jobs, schedule: Schedule, now: datetime) -> None:
    """Submit the jobs of this period; where they ran already, others, since we were away."""
    starting = unscheduled(Occasion.START, now)
    for due, other in zip(schedule.due(now), starting, strict=True):
        if not jobs.submit(due):
            jobs.submit(other)
