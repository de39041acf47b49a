"""A sandbox without a process: files in dictionaries, and a script that answers commands."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.adapters.sandbox_io import TREE_PREFIX, HeadAndTail, checked_path, with_places
from bot.domain.evidence import StopReason
from bot.domain.ports import (
    CommandResult,
    Dependencies,
    Purpose,
    Sandbox,
    SandboxFacts,
    SourceFile,
)
from bot.errors import Refused, SandboxFailed, SandboxUnavailable, TooLarge

FACTS = SandboxFacts("docker", "sha256:" + "0" * 64, "a fake for tests")


@dataclass(frozen=True)
class Answer:
    """What a scripted command does: exits so, prints so, writes so."""

    stdout: bytes = b""
    stderr: bytes = b""
    exit_code: int = 0
    seconds: float = 0.01
    """More than the caller's limit means it is killed at the limit."""
    stop: StopReason = StopReason.EXITED
    results: Mapping[str, bytes | None] = field(default_factory=dict)
    """Written to the folder for results; None stands for what is not a regular file."""
    tree: Mapping[str, bytes] = field(default_factory=dict)
    """Written to the tree."""


Script = Callable[[tuple[str, ...], Mapping[str, bytes]], Answer]
"""Takes the arguments, places filled in, and the tree's files by path."""


def silent(argv: tuple[str, ...], files: Mapping[str, bytes]) -> Answer:
    return Answer()


@dataclass
class FakeSandbox:
    script: Script = silent
    facts: SandboxFacts = FACTS
    capacity_bytes: int = 1 << 30
    files: dict[str, SourceFile] = field(default_factory=dict)
    """The tree by path."""
    results: dict[str, bytes | None] = field(default_factory=dict)
    runs: list[tuple[str, ...]] = field(default_factory=list)
    """Every command, places filled in, in order."""
    is_closed: bool = False

    @property
    def tree(self) -> dict[str, bytes]:
        """The contents of the tree by path."""
        return {path: file.data for path, file in self.files.items()}

    def put(self, files: Iterable[SourceFile]) -> None:
        self._check_open()
        given = {checked_path(file.path): file for file in files}
        if sum(len(file.data) for file in given.values()) > self.capacity_bytes:
            raise TooLarge(f"the files do not fit in {self.capacity_bytes} bytes")
        self.files, self.results = given, {}

    def run(
        self, argv: Sequence[str], *, timeout_s: float, output_limit_bytes: int = 1 << 20
    ) -> CommandResult:
        self._check_open()
        filled = tuple(with_places(argv, out="/ws/out", python="python3"))
        self.runs.append(filled)
        answer = self.script(filled, self.tree)
        self.results |= answer.results
        self.files |= {path: SourceFile(path, data) for path, data in answer.tree.items()}
        return _result(answer, timeout_s, output_limit_bytes)

    def get(self, name: str, *, limit_bytes: int) -> bytes | None:
        self._check_open()
        held: Mapping[str, bytes | None] = self.results
        if name.startswith(TREE_PREFIX):
            name, held = name.removeprefix(TREE_PREFIX), self.tree
        if checked_path(name) not in held:
            return None
        data = held[name]
        if data is None:
            raise Refused(f"{name} is not a regular file")
        if len(data) > limit_bytes:
            raise Refused(f"{name} has {len(data)} bytes, more than {limit_bytes}")
        return data

    def close(self) -> None:
        self.is_closed = True

    def _check_open(self) -> None:
        if self.is_closed:
            raise SandboxFailed("the sandbox is closed")


def _result(answer: Answer, timeout_s: float, limit_bytes: int) -> CommandResult:
    is_late = answer.seconds > timeout_s
    stop = StopReason.TIMEOUT if is_late else answer.stop
    out, err = HeadAndTail(limit_bytes), HeadAndTail(limit_bytes)
    out.feed(answer.stdout)
    err.feed(answer.stderr)
    return CommandResult(
        exit_code=answer.exit_code if stop is StopReason.EXITED else None,
        stdout=out.value(),
        stderr=err.value(),
        seconds=min(answer.seconds, timeout_s),
        stop=stop,
        is_truncated=out.is_truncated or err.is_truncated,
    )


@dataclass
class FakeSandboxes:
    """Opens fakes by purpose, or refuses with `unavailable`."""

    scripts: Mapping[Purpose, Script] = field(default_factory=dict)
    unavailable: str | None = None
    notes: tuple[str, ...] = ()
    opened: list[FakeSandbox] = field(default_factory=list)
    dependencies: list[Dependencies | None] = field(default_factory=list)

    def open(self, purpose: Purpose, dependencies: Dependencies | None = None) -> Sandbox:
        if self.unavailable is not None:
            raise SandboxUnavailable(self.unavailable)
        facts = replace(FACTS, notes=self.notes)
        sandbox = FakeSandbox(self.scripts.get(purpose, silent), facts)
        self.opened.append(sandbox)
        self.dependencies.append(dependencies)
        return sandbox
