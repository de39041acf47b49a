"""Runs one command and ends everything it started; executed as a program of its own.

The process sandbox starts it as `python -I -S process_supervisor.py STATUS_FD LIMITS -- COMMAND`.
It adopts every orphan of the command (Linux), so a daemon that left the session is found and killed
too. Its standard input is a leash: when that closes, because the deadline passed or because the
sandbox's own process died, the command ends. Standard library only, and little of it: it is paid
for at every run.
"""

import contextlib
import ctypes
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Iterator, Sequence

PR_SET_CHILD_SUBREAPER = 36
NOT_FOUND = 127
GRACE_S = 10.0
LIMITS = (
    resource.RLIMIT_CPU,
    resource.RLIMIT_DATA,
    resource.RLIMIT_FSIZE,
    resource.RLIMIT_NOFILE,
    resource.RLIMIT_CORE,
)


def main(arguments: Sequence[str]) -> None:
    """Run the command, then write `exit N`, `signal N` or `stopped` to the status pipe."""
    status_fd, limits, _, *command = arguments
    os.set_inheritable(int(status_fd), False)
    _adopt_orphans()
    wake_fd = _wake_on_child()
    pid = _start(command, [int(limit) for limit in limits.split(",")])
    ending = _wait(pid, wake_fd)
    is_alone = _end_all(pid)
    os.write(int(status_fd), (ending if is_alone else "survivors").encode())


def _adopt_orphans() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _wake_on_child() -> int:
    """Return a file that becomes readable when a child ended."""
    wake_fd, signal_fd = os.pipe()
    os.set_blocking(wake_fd, False)
    os.set_blocking(signal_fd, False)
    signal.set_wakeup_fd(signal_fd, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda _signal, _frame: None)
    return wake_fd


def _start(command: Sequence[str], limits: Sequence[int]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        # Python ignores these two, and an ignored signal stays ignored in the command.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        for limit, value in zip(LIMITS, limits, strict=True):
            _lower(limit, value)
        os.execvp(command[0], list(command))  # noqa: S606 - no shell is wanted
    except (OSError, ValueError) as error:
        os.write(2, f"{command[0]}: {error}\n".encode("utf-8", "backslashreplace"))
    finally:
        os._exit(NOT_FOUND)


def _lower(limit: int, value: int) -> None:
    _, hard = resource.getrlimit(limit)
    if value >= 0 and (hard == resource.RLIM_INFINITY or value < hard):
        with contextlib.suppress(ValueError, OSError):  # macOS knows fewer limits
            resource.setrlimit(limit, (value, value))


def _wait(pid: int, wake_fd: int) -> str:
    """Return how the command ended, or `stopped` when the leash closed first."""
    while True:
        readable, _, _ = select.select([0, wake_fd], [], [])
        if wake_fd in readable:
            os.read(wake_fd, 4096)
        for child, status in _reap():
            if child == pid:
                code = os.waitstatus_to_exitcode(status)
                return f"exit {code}" if code >= 0 else f"signal {-code}"
        if 0 in readable:
            return "stopped"


def _reap() -> Iterator[tuple[int, int]]:
    """Yield the children that ended; raises ChildProcessError when there are none left."""
    while (ended := os.waitpid(-1, os.WNOHANG))[0]:
        yield ended


def _end_all(pid: int) -> bool:
    """Kill until no descendant is left; False when one does not die in time."""
    deadline = time.monotonic() + GRACE_S
    while time.monotonic() < deadline:
        try:
            for _ in _reap():
                pass
        except ChildProcessError:
            return True
        for victim in (-pid, *_descendants()):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(victim, signal.SIGKILL)
        time.sleep(0.003)
    return False


def _descendants() -> list[int]:
    """Return every process below this one, from /proc; none where there is no /proc."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():  # noqa: PTH208, PTH112 - pathlib is slow to import
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123 - likewise
                # "pid (name) state ppid": the name may hold spaces and parentheses.
                parent = int(file.read().rpartition(b")")[2].split()[1])
                children.setdefault(parent, []).append(int(name))
    found = [os.getpid()]
    for pid in found:
        found.extend(children.get(pid, ()))
    return found[1:]


if __name__ == "__main__":
    main(sys.argv[1:])
