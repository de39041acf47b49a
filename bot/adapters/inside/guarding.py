"""Holds a forked child: its memory, output, time, forks and the files and processes it may touch.

It stops accidents of mutated code, not an attacker: that is what the sandbox around it is for.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import resource
import signal
import struct
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FrameType, TracebackType

SPARE_BYTES = 1 << 30
FORKS_PER_TRIAL = 24
ALARM_S = 0.01
"""The alarm ticks so often, and a limit is so many ticks: a timer for each test would be slow."""
REPEATED = 5
"""An alarm that was swallowed rings again after so many ticks."""
_FORKS = ("os.fork", "os.forkpty", "os.posix_spawn", "subprocess.Popen", "os.system")
_REMOVALS = ("os.remove", "os.rmdir", "os.rename", "os.truncate", "shutil.rmtree", "shutil.move")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


class Hung(BaseException):
    """The timer of a test rang; no `except Exception` of the project stops it."""


class Forbidden(OSError):
    """The guard refused what mutated code wanted to do."""


class Caught:
    """Keeps whatever a block raises, so that it becomes an outcome."""

    def __init__(self) -> None:
        self.error: BaseException | None = None

    def __enter__(self) -> Caught:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> bool:
        self.error = error
        return True


class Progress:
    """What a child is at, in memory that its parent reads without asking."""

    _LAYOUT = "qqqq"

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 64)
        self._test = 0
        self.set(-1)

    def set(self, number: int) -> None:
        """Begin trial `number`; no test of it runs yet."""
        struct.pack_into(self._LAYOUT, self._memory, 0, number, 0, self._test, 0)

    @property
    def number(self) -> int:
        """The trial that runs, or -1."""
        return int(struct.unpack_from(self._LAYOUT, self._memory)[0])

    def begin_test(self, limit_s: float) -> None:
        """Note that another test runs, and the CPU time that it may take."""
        self._test += 1
        struct.pack_into("qq", self._memory, 8, int(limit_s * 1e6), self._test)

    @property
    def limit_s(self) -> float:
        """The CPU time that the running test may take; 0 where there is no limit."""
        return float(struct.unpack_from("q", self._memory, 8)[0]) / 1e6

    @property
    def test(self) -> int:
        """A number that is another one for each test."""
        return int(struct.unpack_from("q", self._memory, 16)[0])

    def count_fork(self) -> int:
        """Count a fork of this trial, wherever below the child it happens."""
        forks = int(struct.unpack_from("q", self._memory, 24)[0]) + 1
        struct.pack_into("q", self._memory, 24, forks)
        return forks


class Alarm:
    """Raises Hung in the main thread of a process, where something took more than its CPU time."""

    def __init__(self) -> None:
        self._ticks = self._last = 0

    def start(self) -> None:
        """Begin to tick; forks of this process do not."""
        self.clear()
        signal.signal(signal.SIGPROF, self._tick)
        signal.setitimer(signal.ITIMER_PROF, ALARM_S, ALARM_S)

    def set(self, limit_s: float) -> None:
        """Ring after so much CPU time, and a tick at most."""
        self._last = self._ticks + int(limit_s / ALARM_S) + 1

    def clear(self) -> None:
        """Do not ring."""
        self._last = 0

    def _tick(self, _signal: int, _frame: FrameType | None) -> None:
        self._ticks += 1
        over = self._ticks - self._last
        if self._last and over >= 0 and not over % REPEATED:
            raise Hung


ALARM = Alarm()


@contextlib.contextmanager
def within(limit_s: float) -> Any:
    """Raise Hung in the block when it has used so much CPU time."""
    ALARM.set(limit_s)
    try:
        yield
    finally:
        ALARM.clear()


def confine(progress: Progress, root: Path, spared: tuple[int, ...]) -> None:
    """Make this process, a fresh fork, one that mutated code may run in."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    os.close(null)
    _limit_memory()
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    sys.addaudithook(_Hook(progress, root, spared))
    ALARM.start()


def _limit_memory() -> None:
    """Leave room for SPARE_BYTES, or half of what the container has, above what is in use."""
    spare = SPARE_BYTES
    with contextlib.suppress(OSError, ValueError):
        spare = min(spare, int(Path("/sys/fs/cgroup/memory.max").read_text("ascii")) // 2)
    with contextlib.suppress(OSError, ValueError, IndexError):
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        limit = pages * resource.getpagesize() + spare
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        if hard == resource.RLIM_INFINITY or limit < hard:
            resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


class _Hook:
    """Sees what the interpreter is about to do, and refuses what would harm others."""

    def __init__(self, progress: Progress, root: Path, spared: tuple[int, ...]) -> None:
        self._progress = progress
        self._spared = frozenset((*spared, -1, 0, 1))
        places = (str(root), tempfile.gettempdir(), "/tmp", "/dev", str(Path.home()))  # noqa: S108
        self._places = tuple(os.path.realpath(place) + os.sep for place in places)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _FORKS:
            if self._progress.count_fork() > FORKS_PER_TRIAL:
                raise Forbidden(f"more than {FORKS_PER_TRIAL} processes were started")
        elif event in ("os.kill", "os.killpg"):
            if arguments[0] in self._spared:
                raise Forbidden(f"process {arguments[0]} is not the test's own")
        elif event in _REMOVALS or (event == "open" and self._is_write(arguments)):
            self._check(arguments[0])

    @staticmethod
    def _is_write(arguments: tuple[Any, ...]) -> bool:
        flags = arguments[2]
        return isinstance(flags, int) and bool(flags & _WRITES)

    def _check(self, path: object) -> None:
        if isinstance(path, (str, bytes, os.PathLike)):
            real = os.path.realpath(os.fsdecode(path))
            if not (real + os.sep).startswith(self._places):
                raise Forbidden(f"{real} is not the test's own")
