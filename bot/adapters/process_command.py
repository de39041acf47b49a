"""One command as a child of our own process: its output read, its limits kept, its end certain."""

import contextlib
import os
import secrets
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.adapters import process_supervisor
from bot.adapters.sandbox_io import HeadAndTail
from bot.domain.evidence import StopReason
from bot.domain.ports import CommandResult
from bot.errors import SandboxFailed

STREAM_CAP_BYTES = 64 << 20
"""A command that writes more than this to one stream is killed; far less of it is kept."""
READ_BYTES = 1 << 16
END_GRACE_S = 15.0
"""How long the supervisor may take to end everything before we do it ourselves."""
MARKER = "PULLWRIGHT_SANDBOX_ID"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one command gets."""

    timeout_s: float
    output_bytes: int
    """Kept of each stream."""
    limits: tuple[int, ...]
    """In the order of `process_supervisor.LIMITS`."""
    environment: Mapping[str, str]
    """All of it: nothing is inherited."""


def run_command(command: Sequence[str], *, cwd: Path, allowance: Allowance) -> CommandResult:
    """Run one command to its end or its limits; nothing of it is alive afterwards."""
    marker = secrets.token_hex(16)
    environment = {**allowance.environment, MARKER: marker}
    try:
        with _Leash(command, cwd, environment, allowance.limits) as leash:
            return _Watch(leash, allowance.output_bytes).until(allowance.timeout_s)
    finally:
        _sweep(marker)


class _Leash:
    """The supervisor's process with its three pipes; leaving the block ends it."""

    def __init__(
        self,
        command: Sequence[str],
        cwd: Path,
        environment: Mapping[str, str],
        limits: Sequence[int],
    ) -> None:
        self._status_fd, status_fd = os.pipe()
        program = [sys.executable, "-I", "-S", process_supervisor.__file__, str(status_fd)]
        listed = ",".join(str(limit) for limit in limits)
        try:
            self._process = subprocess.Popen(
                [*program, listed, "--", *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=cwd,
                env=environment,
                pass_fds=(status_fd,),
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            os.close(self._status_fd)
            raise SandboxFailed(f"could not start the command: {error}") from error
        finally:
            os.close(status_fd)

    def __enter__(self) -> "_Leash":
        return self

    def __exit__(self, *_exception: object) -> None:
        self.pull()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_GRACE_S)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
        os.close(self._status_fd)

    @property
    def pipes(self) -> dict[int, str]:
        """The three files to read and what each carries."""
        process = self._process
        if process.stdout is None or process.stderr is None:
            raise SandboxFailed("the command has no output pipes")
        return {
            process.stdout.fileno(): "stdout",
            process.stderr.fileno(): "stderr",
            self._status_fd: "status",
        }

    def pull(self) -> None:
        """Tell the supervisor to end everything; safe to call twice."""
        if self._process.stdin is not None:
            self._process.stdin.close()


class _Watch:
    """Reads the pipes of one command until it ended or met a limit."""

    def __init__(self, leash: _Leash, output_limit_bytes: int) -> None:
        self._leash = leash
        self._outputs = {
            "stdout": HeadAndTail(output_limit_bytes),
            "stderr": HeadAndTail(output_limit_bytes),
            "status": HeadAndTail(64),
        }
        self._stop: StopReason | None = None
        self._is_over = False

    def until(self, timeout_s: float) -> CommandResult:
        start = time.monotonic()
        self._read(start + timeout_s)
        seconds = time.monotonic() - start
        stop, exit_code = self._ending()
        stdout, stderr = self._outputs["stdout"], self._outputs["stderr"]
        return CommandResult(
            exit_code=exit_code,
            stdout=stdout.value(),
            stderr=stderr.value(),
            seconds=seconds,
            stop=stop,
            is_truncated=stdout.is_truncated or stderr.is_truncated,
        )

    def _read(self, deadline: float) -> None:
        with selectors.DefaultSelector() as selector:
            for pipe, name in self._leash.pipes.items():
                selector.register(pipe, selectors.EVENT_READ, name)
            while selector.get_map():
                for key, _ in selector.select(max(0.0, deadline - time.monotonic())):
                    chunk = os.read(key.fd, READ_BYTES)
                    self._outputs[key.data].feed(chunk)
                    if not chunk:
                        selector.unregister(key.fd)
                        deadline = self._closed(key.data, deadline)
                if time.monotonic() >= deadline and (self._is_over or self._stop):
                    return
                deadline = self._enforce(deadline)

    def _closed(self, name: str, deadline: float) -> float:
        """Return the new deadline now that a pipe is closed."""
        if name != "status":
            return deadline
        # The supervisor is gone; an output pipe that is still open is held by an escapee.
        self._is_over = True
        return min(deadline, time.monotonic() + 1)

    def _enforce(self, deadline: float) -> float:
        """Pull the leash where a limit was met, and return the deadline for the rest."""
        if self._is_over or self._stop:
            return deadline
        if time.monotonic() >= deadline:
            self._stop = StopReason.TIMEOUT
        elif max(output.total_bytes for output in self._outputs.values()) > STREAM_CAP_BYTES:
            self._stop = StopReason.OUTPUT_LIMIT
        else:
            return deadline
        self._leash.pull()
        return time.monotonic() + END_GRACE_S

    def _ending(self) -> tuple[StopReason, int | None]:
        word, _, number = self._outputs["status"].value().decode().partition(" ")
        if word == "survivors":
            raise SandboxFailed("a process of the command could not be killed: end it by hand")
        if self._stop is not None:
            return self._stop, None
        match word, number:
            case "exit", code:
                return StopReason.EXITED, int(code)
            case "signal", code if int(code) == signal.SIGXCPU:
                return StopReason.TIMEOUT, None
            case "signal", code:
                return StopReason.EXITED, 128 + int(code)
            case _:  # the supervisor itself was killed
                return StopReason.KILLED, None


def _sweep(marker: str) -> None:
    """Kill what still carries this run's marker, in case the supervisor was killed itself."""
    needle = f"{MARKER}={marker}".encode()
    deadline = time.monotonic() + END_GRACE_S
    while pids := _holding(needle):
        if time.monotonic() > deadline:
            raise SandboxFailed(f"process {pids[0]} could not be killed: end it by hand")
        for pid in pids:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.003)


def _holding(needle: bytes) -> list[int]:
    """Return the processes whose environment holds a text; none where there is no /proc."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if needle in entry.read_bytes().split(b"\0"):
                found.append(int(entry.parent.name))
    return found
