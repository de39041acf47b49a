"""The worker process: takes jobs from the queue and does them."""

import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from types import FrameType

from bot import app_wiring
from bot.adapters.dbos_worker import WorkerOptions, run_worker
from bot.settings import AppSettings, Settings

say = partial(print, flush=True)
"""A line that nobody waits for because it stands in a buffer."""


def check(settings: Settings, app: AppSettings) -> None:
    """Raise Refused for settings with which no worker starts."""
    app_wiring.refuse_process_sandbox(settings)
    app_wiring.key_file(app)


def work(
    settings: Settings,
    app: AppSettings,
    *,
    slots: int = 2,
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
    app_wiring.refuse_process_sandbox(settings)
    if app.is_paused:
        # Not even the engine is started: it would go on with what it was in the middle of.
        announce("paused by PULLWRIGHT_PAUSED: jobs are kept, and none is done")
        stop.wait()
        return
    with ExitStack() as stack:
        desk = app_wiring.build_desk(settings, app, stack)
        announce(f"working with {slots} slots")
        options = WorkerOptions(slots=slots, chores=(lambda: app_wiring.forget_old(desk),))
        run_worker(app.database_url, app_wiring.handlers(desk), options, stop)
