"""Forked children: what they report, when they hang, and that nothing of them is left."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import secrets
import select
import signal
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from bot.adapters.inside.guarding import Caught, Progress

if TYPE_CHECKING:
    from collections.abc import Callable

TICK_S = 0.02
GRACE_CPU_S = 0.3
"""CPU time over its limit after which a test is not stopped by its timer: it is in C code."""
NOTED = 32
"""So many lines that are not urgent are written together."""
_SUBREAPER = 36
_CLOCK = os.sysconf("SC_CLK_TCK")


class End(NamedTuple):
    """How a child ended."""

    number: int
    """The trial that was running, or -1."""
    is_stalled: bool
    """It was killed, because its test was over every limit."""
    is_clean: bool
    """It ended by itself, at its own end."""
    cpu_s: float


class Pipe:
    """Carries JSON lines from a child; lines without its nonce are noise of mutated code."""

    def __init__(self) -> None:
        self.read_fd, self._write_fd = os.pipe()
        self._nonce = secrets.token_hex(8).encode()
        self._rest = b""
        self._owner = 0
        self._noted: list[Any] = []

    def own(self) -> None:
        """Become the one process that may write."""
        os.close(self.read_fd)
        self._owner = os.getpid()

    def send(self, *values: Any) -> None:
        """Write one line; a fork of a fork, made by mutated code, ends here."""
        if os.getpid() != self._owner:
            os._exit(0)
        self._noted.append(values)
        line = self._nonce + json.dumps(self._noted).encode() + b"\n"
        self._noted = []
        while line:
            line = line[os.write(self._write_fd, line) :]

    def note(self, *values: Any) -> None:
        """Write one line with the next ones; it is lost where the process is ended before."""
        if len(self._noted) >= NOTED - 1 or os.getpid() != self._owner:
            self.send(*values)
        else:
            self._noted.append(values)

    def listen(self) -> None:
        """Become the reading end."""
        os.close(self._write_fd)
        os.set_blocking(self.read_fd, False)

    def lines(self) -> tuple[list[Any], bool]:
        """Return what has arrived, and whether the writing end is closed."""
        is_closed = False
        with contextlib.suppress(BlockingIOError):
            while True:
                piece = os.read(self.read_fd, 1 << 16)
                if not piece:
                    is_closed = True
                    break
                self._rest += piece
        *whole, self._rest = self._rest.split(b"\n")
        size = len(self._nonce)
        own = [line[size:] for line in whole if line[:size] == self._nonce]
        return [values for line in own for values in json.loads(line)], is_closed


class Limits(NamedTuple):
    """When a child counts as stalled."""

    idle_s: float
    """Wall time for which one test may sleep without using the processor."""
    wall_s: float = 600.0


def adopt() -> None:
    """Let orphans below this process become its children, so that they can be found."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def run_child(
    work: Callable[[Pipe], None], progress: Progress, limits: Limits, hear: Callable[[Any], None]
) -> End:
    """Fork, work in the child, and hear its lines until it ends or stalls."""
    pipe = Pipe()
    progress.set(-1)
    pid = os.fork()
    if not pid:
        _work(work, pipe)
    pipe.listen()
    try:
        return _watch(pid, pipe, progress, limits, hear)
    finally:
        os.close(pipe.read_fd)
        sweep(pid)


def _work(work: Callable[[Pipe], None], pipe: Pipe) -> None:
    code = 1
    try:
        with Caught() as caught:
            os.setsid()
            pipe.own()
            work(pipe)
            pipe.send("end")
        code = 0 if caught.error is None else 1
    finally:
        os._exit(code)


class _Stall:
    """Tells from outside when a child does not come back to us."""

    def __init__(self, pid: int, progress: Progress, limits: Limits) -> None:
        self._pid = pid
        self._progress = progress
        self._limits = limits
        self._test: tuple[int, int] = (-1, -1)
        self._cpu_s = self._begun_cpu_s = 0.0
        self._since = self._begun = self._looked = time.monotonic()

    def is_over(self) -> bool:
        """Tell whether the running test is over a limit; looks once in a tick."""
        now = time.monotonic()
        if now - self._looked < TICK_S:
            return False
        self._looked = now
        state, cpu_s = process_state(self._pid)
        test, limit_s = (self._progress.number, self._progress.test), self._progress.limit_s
        if test != self._test:
            self._test, self._begun_cpu_s = test, cpu_s
            self._since = now
        elif limit_s and cpu_s - self._begun_cpu_s > limit_s + GRACE_CPU_S:
            return True
        if cpu_s != self._cpu_s or state not in "SD":
            self._cpu_s, self._since = cpu_s, now
        if now - self._begun > self._limits.wall_s:
            return True
        return bool(limit_s) and now - self._since > self._limits.idle_s


def _watch(
    pid: int, pipe: Pipe, progress: Progress, limits: Limits, hear: Callable[[Any], None]
) -> End:
    stall = _Stall(pid, progress, limits)
    is_stalled = is_finished = False
    while True:
        select.select([pipe.read_fd], [], [], TICK_S)
        ended, status, usage = os.wait4(pid, os.WNOHANG)
        lines, is_closed = pipe.lines()
        for line in lines:
            is_finished = is_finished or line == ["end"]
            hear(line)
        if ended:
            cpu_s = usage.ru_utime + usage.ru_stime
            is_clean = is_finished and status == 0 and not is_stalled
            return End(progress.number, is_stalled, is_clean, cpu_s)
        if is_closed:
            time.sleep(TICK_S / 4)  # select would not wait
        if not is_stalled and stall.is_over():
            is_stalled = True
            os.kill(pid, signal.SIGKILL)


def process_state(pid: int) -> tuple[str, float]:
    """Return the state letter of a process and the CPU time it has used."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        fields = _stat(pid)
        return fields[0].decode(), (int(fields[11]) + int(fields[12])) / _CLOCK
    return "?", 0.0


def _stat(pid: int | str) -> list[bytes]:
    """Return what /proc says of a process, from its state on."""
    file = os.open(f"/proc/{pid}/stat", os.O_RDONLY)
    try:
        # "pid (name) state ppid": the name may hold spaces and parentheses.
        return os.read(file, 4096).rpartition(b")")[2].split()
    finally:
        os.close(file)


def sweep(group: int) -> None:
    """Kill what a child left behind: its process group, and orphans that came to us."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
        left = _descendants(os.getpid())
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not left:
            return
        time.sleep(0.002)


def _descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for name in filter(str.isdigit, os.listdir("/proc") if os.path.isdir("/proc") else ()):
        with contextlib.suppress(OSError, IndexError, ValueError):
            children.setdefault(int(_stat(name)[1]), []).append(int(name))
    found = [pid]
    for parent in found:
        found.extend(children.get(parent, ()))
    return found[1:]
