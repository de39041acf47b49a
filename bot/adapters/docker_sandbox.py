"""One workspace on a Docker Engine: a holder that keeps it, and a fresh container per command.

The workspace is a sized tmpfs volume: it dies with its last user, so an idle holder that runs no
code of the pull request keeps it. Files go in and out through the holder, and come out only when
the container that ran the command is gone. Nothing of the host is ever mounted. An image needs
sh, sleep, find and chmod, and python3 where `{python}` is used.
"""

import contextlib
import secrets
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bot.adapters.docker_archive import read_file, read_nonce, tree_tar
from bot.adapters.docker_engine import DockerEngine, ExitState, Image
from bot.adapters.docker_flags import (
    OUT,
    TREE,
    USER,
    WORKSPACE,
    Container,
    DockerLimits,
    container_config,
    environment,
    volume_mount,
    volume_options,
)
from bot.adapters.docker_reaper import labels
from bot.adapters.docker_watch import Said, listen
from bot.adapters.sandbox_io import TREE_PREFIX, checked_path, with_places
from bot.domain.evidence import StopReason
from bot.domain.ports import CommandResult, SandboxFacts, SourceFile
from bot.errors import SandboxFailed, SandboxUnavailable

PYTHON_LABEL = "pullwright.python"
"""An image that carries it says which interpreter has the dependencies."""

_HOLDER_MEMORY_BYTES = 64 << 20
_HOLDER_PROCESSES = 16
_EMPTY_TIMEOUT_S = 20.0
_GRACE_S = 60.0
# Usually one pass is enough; folders that a hostile run shut take a second one.
_EMPTY = f"""cd {WORKSPACE} || exit 1
find tree out -mindepth 1 -delete 2>/dev/null && exit
chmod -R u+rwx tree out && find tree out -mindepth 1 -delete"""


@dataclass(frozen=True, slots=True)
class Station:
    """What a sandbox is opened with."""

    engine: DockerEngine
    image: Image
    facts: SandboxFacts
    limits: DockerLimits = field(default_factory=DockerLimits)
    runtime: str | None = None
    job: str = ""
    network: str = "none"
    extra_environment: Mapping[str, str] = field(default_factory=dict)
    extra_mounts: tuple[Mapping[str, object], ...] = ()
    imports_src: bool = True
    """Put the tree's `src` on the interpreter's path where the tree has one."""


class DockerSandbox:
    """A `Sandbox` in containers; opening it takes about half a second, each run as much."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._engine = station.engine
        self._lock = threading.Lock()
        self._runner: str | None = None
        self._is_closed = False
        self._nonce = ""
        self._has_src = False
        self._volume = self._holder = ""
        self._open()

    @property
    def facts(self) -> SandboxFacts:
        return self._station.facts

    @property
    def holder(self) -> str:
        """The container that keeps the workspace and runs nothing of the pull request."""
        return self._holder

    def put(self, files: Iterable[SourceFile]) -> None:
        self._check_open()
        if self._nonce:
            self._empty()
        self._nonce = secrets.token_hex(16)
        self._has_src = False
        tar = tree_tar(self._noting_src(files), nonce=self._nonce, limits=self._station.limits)
        self._engine.upload(self._holder, WORKSPACE, tar)
        self._check_nonce()

    def run(
        self, argv: Sequence[str], *, timeout_s: float, output_limit_bytes: int = 1 << 20
    ) -> CommandResult:
        self._check_open()
        if not self._nonce:
            self.put(())
        runner = self._create_runner(argv, timeout_s)
        try:
            result = self._watch(runner, timeout_s, output_limit_bytes)
        except SandboxFailed:
            if not self._is_closed:
                raise
            result = CommandResult(None, b"", b"", 0.0, StopReason.KILLED)
        finally:
            self._runner = None
            self._engine.remove(runner)
        if not self._is_closed:
            self._check_nonce()
        return result

    def get(self, name: str, *, limit_bytes: int) -> bytes | None:
        self._check_open()
        folder = TREE if name.startswith(TREE_PREFIX) else OUT
        path = checked_path(name.removeprefix(TREE_PREFIX))
        return read_file(self._engine, self._holder, folder, path, limit_bytes=limit_bytes)

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            runner = self._runner
        # What the engine does not remove now, the reaper of a later sandbox removes.
        with contextlib.suppress(SandboxFailed):
            if runner is not None:
                self._engine.remove(runner)
            self._discard()

    def _open(self) -> None:
        station = self._station
        sizes = (station.limits.workspace_bytes, station.limits.workspace_files)
        marks = self._marks(station.limits.lifetime_s)
        self._volume = self._engine.create_volume(volume_options(*sizes, owner=0), marks)
        try:
            self._holder = self._engine.create(self._holder_config(marks))
            self._engine.start(self._holder)
        except SandboxUnavailable:
            self.close()
            raise

    def _discard(self) -> None:
        if self._holder:
            self._engine.remove(self._holder)
        self._engine.remove_volume(self._volume)

    def _empty(self) -> None:
        """Wipe the workspace; a hostile run may have left anything, so else take a new one."""
        code = self._exit_code_in_holder(["sh", "-c", _EMPTY])
        if code != 0:
            self._discard()
            self._open()

    def _exit_code_in_holder(self, argv: list[str]) -> int | None:
        command, stream = self._engine.execute(self._holder, argv, user=USER)
        deadline = time.monotonic() + _EMPTY_TIMEOUT_S
        with contextlib.closing(stream):
            listen(stream, deadline_s=deadline, keep_bytes=0, most_bytes=1 << 20)
        return self._engine.exec_exit_code(command)

    def _create_runner(self, argv: Sequence[str], timeout_s: float) -> str:
        python = self._station.image.labels.get(PYTHON_LABEL, "python3")
        filled = spelled_in_utf8(with_places(argv, out=OUT, python=python))
        config = self._runner_config(filled, self._marks(timeout_s + _GRACE_S))
        with self._lock:
            self._check_open()
            self._runner = self._engine.create(config)
            return self._runner

    def _watch(self, runner: str, timeout_s: float, keep_bytes: int) -> CommandResult:
        with contextlib.closing(self._engine.attach(runner)) as stream:
            self._engine.start(runner)
            started = time.monotonic()
            deadline = started + timeout_s
            most_bytes = self._station.limits.output_bytes
            said = listen(stream, deadline_s=deadline, keep_bytes=keep_bytes, most_bytes=most_bytes)
        ended = None
        if said.stop is StopReason.EXITED:
            # Both outputs may be closed by a command that goes on in silence.
            left_s = deadline - time.monotonic()
            ended = self._engine.exit_state(runner, timeout_s=left_s)
        return self._result(said, ended, time.monotonic() - started)

    def _result(self, said: Said, ended: ExitState | None, seconds: float) -> CommandResult:
        stop = _stop_reason(said, ended)
        if self._is_closed:
            stop = StopReason.KILLED
        return CommandResult(
            exit_code=ended.exit_code if ended and stop is StopReason.EXITED else None,
            stdout=said.stdout.value(),
            stderr=said.stderr.value(),
            seconds=seconds,
            stop=stop,
            is_truncated=said.stdout.is_truncated or said.stderr.is_truncated,
        )

    def _check_nonce(self) -> None:
        if read_nonce(self._engine, self._holder) != self._nonce:
            raise SandboxFailed("the workspace was lost, so what ran in it is no evidence")

    def _check_open(self) -> None:
        if self._is_closed:
            raise SandboxFailed("the sandbox is closed")

    def _noting_src(self, files: Iterable[SourceFile]) -> Iterator[SourceFile]:
        for file in files:
            self._has_src = self._has_src or file.path.startswith("src/")
            yield file

    def _marks(self, seconds: float) -> dict[str, str]:
        return labels(job=self._station.job, deadline=time.time() + seconds)

    def _mounts(self) -> list[Mapping[str, object]]:
        return [volume_mount(self._volume, WORKSPACE), *self._station.extra_mounts]

    def _environment(self) -> dict[str, str]:
        has_src = self._has_src and self._station.imports_src
        fixed = environment(path=self._station.image.path, has_src=has_src)
        return {**fixed, **self._station.extra_environment}

    def _holder_config(self, marks: Mapping[str, str]) -> dict[str, object]:
        limits = self._station.limits
        holder = Container(
            image=self._station.image.id,
            argv=("sleep", str(int(limits.lifetime_s))),
            mounts=self._mounts(),
            labels=marks,
            environment=environment(path=self._station.image.path, has_src=False),
            memory_bytes=_HOLDER_MEMORY_BYTES,
            processes=_HOLDER_PROCESSES,
            working_dir="/",
            runtime=self._station.runtime,
        )
        return container_config(holder, limits)

    def _runner_config(self, argv: Sequence[str], marks: Mapping[str, str]) -> dict[str, object]:
        limits = self._station.limits
        runner = Container(
            image=self._station.image.id,
            argv=argv,
            mounts=self._mounts(),
            labels=marks,
            environment=self._environment(),
            memory_bytes=limits.runner_memory_bytes,
            processes=limits.processes,
            network=self._station.network,
            runtime=self._station.runtime,
        )
        return container_config(runner, limits)


def _stop_reason(said: Said, ended: ExitState | None) -> StopReason:
    if said.stop is not StopReason.EXITED:
        return said.stop
    if ended is None:
        return StopReason.TIMEOUT
    # Not by the exit code: when a child is killed for memory, its parent may exit with 0.
    return StopReason.OUT_OF_MEMORY if ended.is_out_of_memory else StopReason.EXITED


def spelled_in_utf8(argv: Sequence[str]) -> list[str]:
    """Return arguments that JSON can carry and that arrive as the same bytes.

    A file name need not be UTF-8, and the engine would replace what is not.
    """
    if all(arg.isascii() or _is_utf8(arg) for arg in argv):
        return list(argv)
    # The full stop keeps line feeds at the end, which a substitution would drop.
    sets = "".join(f"a{n}=$(printf '{_octal(arg)}.'); " for n, arg in enumerate(argv))
    words = " ".join(f'"${{a{n}%.}}"' for n in range(len(argv)))
    return ["sh", "-c", f"{sets}exec {words}"]


def _is_utf8(arg: str) -> bool:
    return not any("\udc80" <= char <= "\udcff" for char in arg)


def _octal(arg: str) -> str:
    return "".join(f"\\{byte:03o}" for byte in arg.encode("utf-8", "surrogateescape"))
