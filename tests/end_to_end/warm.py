"""Starts our command as a fork of a Python that has imported it already.

To import the command costs a start most of a second of CPU, and the App twice that, hundreds of
times in a run of the tests. The fork is a process like any other: it has its own environment,
folder and streams, it ends as its interpreter ends, and `kill -9` finds nothing else. What it has
not is the environment in /proc, nor a seed of its own for the hashes of strings.
"""

import atexit
import ctypes
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, Self, TextIO, TypedDict

COMMAND = ("bot.cli",)
APP = ("bot.app_commands", "tests.end_to_end.quick")
OF_PYTHON = ("PYTHON", "LANG", "LC_")
"""How the variables begin that an interpreter reads at its start: who sets one starts his own."""
_ROOT = Path(__file__).parents[2]
_MESSAGE = 1 << 20
_DIE_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of Linux."""


class Wish(TypedDict):
    """What a fork is to be."""

    program: str
    argv: list[str]
    env: dict[str, str]
    cwd: str


@dataclass
class Fork:
    """One process of ours, with as much of `Popen` as the tests use."""

    args: Sequence[str]
    pid: int
    life: socket.socket
    stdout: TextIO | None = None
    stderr: TextIO | None = None
    returncode: int | None = None

    def poll(self) -> int | None:
        """Return how it ended, or None while it lives."""
        if self.returncode is None and select.select([self.life], [], [], 0)[0]:
            # It is only looked at, so that two threads may ask at a time.
            told = self.life.recv(_MESSAGE, socket.MSG_PEEK)
            assert told, "the server of forks is dead"
            self.returncode = int(told)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return how it ended."""
        if self.returncode is None:
            select.select([self.life], [], [], timeout)
        code = self.poll()
        if code is None:
            assert timeout is not None
            raise subprocess.TimeoutExpired(self.args, timeout)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float) -> tuple[str, str]:
        """Return what it prints until its end."""
        deadline = time.monotonic() + timeout
        said = ["", ""]
        readers = [
            threading.Thread(target=_read, args=(stream, said, place), daemon=True)
            for place, stream in enumerate((self.stdout, self.stderr))
        ]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join(max(deadline - time.monotonic(), 0))
        self.wait(max(deadline - time.monotonic(), 0))
        return said[0], said[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.wait()
        for opened in (self.stdout, self.stderr, self.life):
            if opened is not None:
                opened.close()


def _read(stream: TextIO | None, said: list[str], place: int) -> None:
    said[place] = stream.read() if stream is not None else ""


def start(
    program: str,
    arguments: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
) -> Fork:
    """Do what `python -c program arguments` does, and read what it prints."""
    out, err = os.pipe(), os.pipe()
    fork = _fork(COMMAND, program, arguments, streams=(out[1], err[1]), env=env, cwd=cwd)
    os.close(out[1])
    os.close(err[1])
    fork.stdout, fork.stderr = (
        os.fdopen(end, encoding="utf-8", errors="surrogateescape") for end in (out[0], err[0])
    )
    return fork


def start_app(
    program: str, arguments: Sequence[str], *, env: Mapping[str, str], log: IO[str]
) -> Fork:
    """Do what `python -u -c program arguments` does, with all that it prints in one file."""
    streams = (log.fileno(), log.fileno())
    return _fork(APP, program, arguments, streams=streams, env=env)


def _fork(
    modules: tuple[str, ...],
    program: str,
    arguments: Sequence[str],
    *,
    streams: tuple[int, int],
    env: Mapping[str, str],
    cwd: Path | None = None,
) -> Fork:
    life = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    life.connect(_server(modules))
    argv, folder = ["-c", *arguments], str(cwd or Path.cwd())
    wish = Wish(program=program, argv=argv, env=dict(env), cwd=folder)
    message = json.dumps(wish).encode()
    socket.send_fds(life, [message], streams)
    return Fork(argv, int(life.recv(_MESSAGE)), life)


@cache
def _server(modules: tuple[str, ...]) -> str:
    """Start the Python that is forked, and return the address where it listens."""
    flags = ["-u"] if modules == APP else []
    address = f"\0pullwright-tests-{os.getpid()}-{modules[0]}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(address)
        listener.listen(64)
        number = listener.fileno()
        server = subprocess.Popen(
            [sys.executable, *flags, "-c", _SERVE, str(number), *modules],
            cwd=_ROOT,
            env={"PATH": os.environ["PATH"]},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=[number],
        )
    atexit.register(server.communicate)
    return address


_SERVE = "from tests.end_to_end.warm import served; exec(served(), {'__name__': '__main__'})"


def served() -> str:
    """Fork for whoever asks, until the tests end; return in a fork, with its program."""
    for module in sys.argv[2:]:
        import_module(module)
    assert threading.active_count() == 1, "a fork of several threads has one of them"
    assert tempfile.tempdir is None, "a fork has the folder for temporary files of its environment"
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=int(sys.argv[1])) as listener:
        return _Server(listener).serve()


@dataclass
class _Server:
    listener: socket.socket
    lives: dict[int, tuple[int, socket.socket]] = field(default_factory=dict)
    """By the descriptor that tells when a process ends: its number, and who wants to know."""

    def serve(self) -> str:
        while True:
            ready, _, _ = select.select([0, self.listener.fileno(), *self.lives], [], [])
            for descriptor in self.lives.keys() & ready:
                self._bury(descriptor)
            if 0 in ready:
                sys.exit()
            if self.listener.fileno() in ready:
                program = self._born()
                if program is not None:
                    return program

    def _bury(self, descriptor: int) -> None:
        pid, life = self.lives.pop(descriptor)
        os.close(descriptor)
        _, status = os.waitpid(pid, 0)
        with life, suppress(BrokenPipeError):
            life.send(str(os.waitstatus_to_exitcode(status)).encode())

    def _born(self) -> str | None:
        """Fork, and return the program in the child alone."""
        life, _ = self.listener.accept()
        message, streams, _, _ = socket.recv_fds(life, _MESSAGE, 2)
        pid = os.fork()
        if pid == 0:
            life.close()
            return self._become(json.loads(message), streams)
        for stream in streams:
            os.close(stream)
        life.send(str(pid).encode())
        self.lives[os.pidfd_open(pid)] = (pid, life)
        return None

    def _become(self, wish: Wish, streams: Sequence[int]) -> str:
        """Let nothing here be left of the server but what it has imported."""
        # Tests that are killed end nothing themselves: the server goes with them, and this with it.
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        for descriptor, (_, life) in self.lives.items():
            os.close(descriptor)
            life.close()
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, given in enumerate((nothing, *streams)):
            os.dup2(given, number)
            os.close(given)
        os.chdir(wish["cwd"])
        os.environ.clear()
        os.environ.update(wish["env"])
        sys.argv[:] = wish["argv"]
        return wish["program"]
