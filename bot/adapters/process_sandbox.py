"""A sandbox made of ordinary processes, for a person's own checkout where there is no Docker.

It holds time, output, file sizes and stray processes, and hands over nothing of our environment.
It does not hold a hostile program: network, files and processes of the same user are within reach.
"""

import contextlib
import errno
import functools
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.adapters.process_command import Allowance, run_command
from bot.adapters.process_folder import private_folder, remove
from bot.adapters.sandbox_io import TREE_PREFIX, checked_path, with_places
from bot.domain.ports import (
    CommandResult,
    Dependencies,
    Purpose,
    Sandbox,
    SandboxFacts,
    SourceFile,
)
from bot.domain.pull_request import printable
from bot.errors import Refused, SandboxFailed, SandboxUnavailable, TooLarge


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """What one command may use; every figure but the last holds per process."""

    memory_bytes: int = 4 << 30
    """Private writable memory. Address space is left alone: node and go reserve far more."""
    file_bytes: int = 1 << 30
    open_files: int = 4096
    tree_bytes: int = 1 << 30


@dataclass(frozen=True, slots=True)
class ProcessSetup:
    """What a process sandbox is made of."""

    python: Path
    """Stands for `{python}`."""
    path: str
    """PATH of the commands."""
    facts: SandboxFacts
    variables: Mapping[str, str] = field(default_factory=dict)
    """Added to the fixed environment, such as RUSTUP_HOME."""
    limits: ProcessLimits = ProcessLimits()
    parent: Path | None = None
    """Where the private folder is made; None for the system's temporary folder."""


class ProcessSandbox:
    """Implements `Sandbox` with a private folder and one process group per command."""

    def __init__(self, setup: ProcessSetup) -> None:
        self._setup = setup
        self._root, self._lock = private_folder(setup.parent)
        self._tree = self._root / "tree"
        self._out = self._root / "out"
        self._empty()

    @property
    def facts(self) -> SandboxFacts:
        return self._setup.facts

    def put(self, files: Iterable[SourceFile]) -> None:
        self._empty()
        room = self._setup.limits.tree_bytes
        for file in files:
            room -= len(file.data)
            if room < 0:
                raise TooLarge(
                    f"the tree is larger than {self._setup.limits.tree_bytes} bytes: "
                    "raise the workspace size"
                )
            self._write(file)

    def run(
        self, argv: Sequence[str], *, timeout_s: float, output_limit_bytes: int = 1 << 20
    ) -> CommandResult:
        command = with_places(argv, out=str(self._out), python=str(self._setup.python))
        allowance = self._allowance(timeout_s, output_limit_bytes)
        return run_command(command, cwd=self._tree, allowance=allowance)

    def get(self, name: str, *, limit_bytes: int) -> bytes | None:
        is_of_tree = name.startswith(TREE_PREFIX)
        path = checked_path(name.removeprefix(TREE_PREFIX))
        with contextlib.ExitStack() as stack:
            try:
                file = _open_below(stack, self._tree if is_of_tree else self._out, path)
            except FileNotFoundError:
                return None
            except OSError as error:
                # A link says ELOOP or ENOTDIR, a socket ENXIO, a locked file EACCES.
                reason = errno.errorcode.get(error.errno or 0, "unreadable")
                raise Refused(f"{printable(name)} is not a regular file ({reason})") from error
            return _read(file, name, limit_bytes)

    def close(self) -> None:
        remove(self._root)
        self._lock.close()

    def _empty(self) -> None:
        for name in ("tree", "out", "home", "tmp"):
            remove(self._root / name)
            (self._root / name).mkdir(mode=0o700)

    def _write(self, file: SourceFile) -> None:
        target = self._tree / checked_path(file.path)
        mode = 0o755 if file.is_executable else 0o644
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(target, flags, mode), "wb") as handle:
                handle.write(file.data)
        except OSError as error:
            name = printable(file.path)
            raise SandboxFailed(f"could not write {name}: {error.strerror}") from error

    def _allowance(self, timeout_s: float, output_limit_bytes: int) -> Allowance:
        limits = self._setup.limits
        # A backstop for the deadline: nothing can use more than all cores until then.
        cpu_s = int(timeout_s + 10) * (os.cpu_count() or 1)
        return Allowance(
            timeout_s=timeout_s,
            output_bytes=output_limit_bytes,
            limits=(cpu_s, limits.memory_bytes, limits.file_bytes, limits.open_files, 0),
            environment={
                "PATH": self._setup.path,
                "HOME": str(self._root / "home"),
                "TMPDIR": str(self._root / "tmp"),
                "LANG": "C.UTF-8",
                "LC_ALL": "C.UTF-8",
                "PYTHONDONTWRITEBYTECODE": "1",
                "PYTHONHASHSEED": "0",
                **self._setup.variables,
            },
        )


class ProcessSandboxes:
    """Implements `Sandboxes` for a person's own checkout."""

    def __init__(
        self,
        *,
        reason: str,
        checkout: Path | None = None,
        home: Path | None = None,
        search_path: str = os.defpath,
        limits: ProcessLimits | None = None,
    ) -> None:
        self._reason = reason
        self._checkout = checkout
        self._home = home
        self._search_path = search_path
        self._limits = limits or ProcessLimits()

    def open(self, purpose: Purpose, dependencies: Dependencies | None = None) -> Sandbox:
        own = Path(sys.executable)
        python = own if purpose is Purpose.TOOLS else self._project_python()
        notes = () if purpose is Purpose.TOOLS else _notes(dependencies)
        setup = ProcessSetup(
            python=python,
            path=os.pathsep.join((str(python.parent), self._search_path)),
            facts=SandboxFacts("process", "process", self._reason, notes),
            variables={} if purpose is Purpose.TOOLS else self._toolchains(),
            limits=self._limits,
        )
        try:
            return ProcessSandbox(setup)
        except OSError as error:
            raise SandboxUnavailable(f"no temporary folder: {error}") from error

    def _project_python(self) -> Path:
        """Return the interpreter of the checkout's virtualenv, or one that has pytest.

        A virtualenv that is active comes first on PATH; our own install has no pytest in it.
        """
        for name in (".venv", "venv", "env") if self._checkout else ():
            python = Path(self._checkout or "") / name / "bin" / "python"
            if os.access(python, os.X_OK):
                return python
        own = Path(sys.executable)
        on_path = shutil.which("python3", path=self._search_path)
        candidates = [Path(on_path), own] if on_path else [own]
        return next((python for python in candidates if _has_pytest(python)), candidates[0])

    def _toolchains(self) -> dict[str, str]:
        """Name the folders that rustup, cargo and go look for in the real home folder."""
        if self._home is None:
            return {}
        folders = {
            "RUSTUP_HOME": self._home / ".rustup",
            "CARGO_HOME": self._home / ".cargo",
            "GOMODCACHE": self._home / "go" / "pkg" / "mod",
        }
        return {name: str(folder) for name, folder in folders.items() if folder.is_dir()}


@functools.cache
def _has_pytest(python: Path) -> bool:
    # -I: what lies in the current folder, or in PYTHONPATH, must not answer.
    looking = "import sys, importlib.util as u; sys.exit(u.find_spec('pytest') is None)"
    try:
        done = subprocess.run([python, "-I", "-c", looking], timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _notes(dependencies: Dependencies | None) -> tuple[str, ...]:
    notes = ["the tests ran as you, on this machine, and the network was not blocked"]
    if dependencies is not None and (dependencies.lock_files or dependencies.setup):
        notes.append("the tests ran on this machine's installed packages, not on the lock files")
    return tuple(notes)


def _open_below(stack: contextlib.ExitStack, folder: Path, path: str) -> int:
    """Open a file below a folder, following no link on the way."""
    *parents, last = path.split("/")
    place = _open(stack, str(folder), os.O_DIRECTORY, None)
    for parent in parents:
        place = _open(stack, parent, os.O_DIRECTORY, place)
    # O_NONBLOCK: opening a FIFO for reading must not wait for a writer.
    return _open(stack, last, os.O_NONBLOCK, place)


def _open(stack: contextlib.ExitStack, name: str, flags: int, place: int | None) -> int:
    opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | flags, dir_fd=place)
    stack.callback(os.close, opened)
    return opened


def _read(file: int, name: str, limit_bytes: int) -> bytes:
    facts = os.fstat(file)
    if not stat.S_ISREG(facts.st_mode):
        raise Refused(f"{printable(name)} is not a regular file")
    if facts.st_size > limit_bytes:
        raise Refused(f"{printable(name)} is larger than {limit_bytes} bytes")
    with os.fdopen(os.dup(file), "rb") as handle:
        data = handle.read(limit_bytes + 1)
    if len(data) > limit_bytes:
        raise Refused(f"{printable(name)} is larger than {limit_bytes} bytes")
    return data
