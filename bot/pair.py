"""Two processes that live and die together: what answers deliveries, and what does the work.

They are two, because a review must never slow an acknowledgement. Where one of them ends, for
whatever reason, so does the other: whoever started them starts both again.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import FrameType

from bot.errors import Retryable
from bot.guard import guarded

Command = tuple[Callable[..., None], tuple[object, ...]]
"""A function of a module, and what it is called with."""

PATIENCE_S = 30.0
"""From the polite signal to the other one; a worker lets its current steps end."""
_LOOK_S = 0.5


def run_together(commands: Sequence[Command], *, bug_folder: Path) -> None:
    """Run each command in a process of its own until SIGTERM, Ctrl-C or the end of one of them.

    Raises Retryable where one ended that nobody had asked to.
    """
    stop = threading.Event()

    def leave(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for polite in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(polite, leave)
    # A fork would copy this process in the middle of whatever it does.
    context = multiprocessing.get_context("spawn")
    processes = [
        context.Process(target=_run, args=(*command, bug_folder), name=command[0].__name__)
        for command in commands
    ]
    try:
        for process in processes:
            process.start()
        _wait_for_one(processes, stop)
    finally:
        _end(processes)
    if not stop.is_set():
        codes = ", ".join(f"{p.name} with {p.exitcode}" for p in processes)
        raise Retryable(f"one of two processes ended, so both did: {codes}")


def _wait_for_one(processes: Sequence[SpawnProcess], stop: threading.Event) -> None:
    while not stop.is_set():
        # A signal ends no wait of its own accord.
        if wait([process.sentinel for process in processes], timeout=_LOOK_S):
            return


def _end(processes: Sequence[SpawnProcess]) -> None:
    started = [process for process in processes if process.pid is not None]
    for process in started:
        process.terminate()
    for process in started:
        process.join(PATIENCE_S)
        if process.is_alive():
            process.kill()
            process.join()


def _run(function: Callable[..., None], arguments: tuple[object, ...], bug_folder: Path) -> None:
    """Be one of the processes."""
    threading.Thread(target=_follow, name="follow", daemon=True).start()
    raise SystemExit(guarded(lambda: function(*arguments), bug_folder=bug_folder))


def _follow() -> None:
    """End this process, politely, where the one that began it was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        # To the process, not to this thread: the main one has to wake up.
        os.kill(os.getpid(), signal.SIGTERM)
