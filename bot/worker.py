"""The worker process: takes jobs from the queue and does them."""

import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType

from bot import app_wiring
from bot.adapters.dbos_worker import LEASE_S, WorkerOptions, run_worker
from bot.settings import AppSettings, Settings


def work(
    settings: Settings,
    app: AppSettings,
    *,
    slots: int = 2,
    lease_s: float = LEASE_S,
    announce: Callable[[str], object] = print,
) -> None:
    """Run jobs until SIGTERM or Ctrl-C, which let the current steps end."""
    stop = threading.Event()

    def leave(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for polite in (signal.SIGTERM, signal.SIGINT):
        signal.signal(polite, leave)
    app_wiring.refuse_process_sandbox(settings)
    with ExitStack() as stack:
        desk = app_wiring.build_desk(settings, app, stack)
        announce(f"working with {slots} slots")
        options = WorkerOptions(slots=slots, lease_s=lease_s)
        run_worker(app.database_url, app_wiring.handlers(desk), options, stop)
