"""Runs one program of the tools image over many files, and tells looking from failing."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from bot.domain.evidence import StopReason
from bot.domain.ports import CommandResult, Sandbox
from bot.errors import AnalyzerFailed

T = TypeVar("T")

TIMEOUT_S = 120.0
_OUTPUT_LIMIT_BYTES = 32 << 20
# A sandbox replaces these in every argument, so a file of that name would become another one.
_PLACES = ("{out}", "{python}")
# Linux takes 128 KiB per argument and 2 MiB in all; the rest of a command line is ours to fill.
_BATCH_BYTES = 256 << 10
_BATCH_FILES = 1_000
# Two culprits among a thousand files are found with twice ten halvings.
_MAX_FAILURES = 24


@dataclass(frozen=True, slots=True)
class Runs:
    """What came of a program over many files."""

    results: tuple[CommandResult, ...]
    unread: dict[str, str]
    """Path to reason: files over which the program broke down each time."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program by name, the arguments that come before the files, and how it ends when well."""

    name: str
    argv: tuple[str, ...]
    good_exit_codes: frozenset[int] = frozenset({0})

    def run(self, sandbox: Sandbox, paths: Sequence[str], *, and_also: str | None = None) -> Runs:
        """Run over all paths; where it breaks down, halve the files until the culprit is known.

        `and_also` is one more path for each command line. Raises AnalyzerFailed when no run is
        evidence that files were looked at, or when it breaks down too often.
        """
        results: list[CommandResult] = []
        unread: dict[str, str] = {}
        queue = deque(batches(paths))
        failures = 0
        while queue:
            batch = queue.popleft()
            result = self._run_one(sandbox, [*batch, and_also] if and_also else batch)
            reason = self._problem(result)
            if reason is None:
                results.append(result)
                continue
            failures += 1
            if failures > _MAX_FAILURES or result.stop is StopReason.TIMEOUT:
                raise AnalyzerFailed(reason)
            if len(batch) == 1:
                unread[batch[0]] = reason
            else:
                middle = len(batch) // 2
                queue.extend((batch[:middle], batch[middle:]))
        if unread and not results:
            raise AnalyzerFailed(next(iter(unread.values())))
        return Runs(tuple(results), unread)

    def parse(self, shape: TypeAdapter[T], output: bytes) -> T:
        """Return the output as a value; raises AnalyzerFailed when it has another shape."""
        try:
            return shape.validate_json(output)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]["msg"]
            raise AnalyzerFailed(f"{self.name} wrote unreadable output: {first}") from None

    def _run_one(self, sandbox: Sandbox, paths: Sequence[str]) -> CommandResult:
        argv = (self.name, *self.argv, *(f"./{path}" for path in paths))
        return sandbox.run(argv, timeout_s=TIMEOUT_S, output_limit_bytes=_OUTPUT_LIMIT_BYTES)

    def _problem(self, result: CommandResult) -> str | None:
        """Return why this run proves nothing, or None; raises where no other run could."""
        if result.exit_code in (126, 127):
            raise AnalyzerFailed(f"{self.name} is not installed in the sandbox")
        if result.stop is not StopReason.EXITED:
            return f"{self.name} did not finish: {result.stop}"
        if result.exit_code not in self.good_exit_codes:
            last = _last_line(result.stderr)
            return f"{self.name} failed with exit code {result.exit_code}: {last}"
        if result.is_truncated:
            return f"{self.name} printed more than {_OUTPUT_LIMIT_BYTES >> 20} MiB"
        return None


def batches(paths: Sequence[str]) -> Iterator[list[str]]:
    """Split paths into lists that fit one command line."""
    batch: list[str] = []
    size = 0
    for path in paths:
        length = len(path.encode("utf-8", "surrogateescape")) + 3
        if batch and (len(batch) == _BATCH_FILES or size + length > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(path)
        size += length
    if batch:
        yield batch


def readable(files: Mapping[str, bytes], *, name: str) -> tuple[dict[str, bytes], dict[str, str]]:
    """Return the files a tool can take, and for the others the reason.

    The tools either die of a name or text that is not UTF-8 or pass over it in silence.
    """
    taken: dict[str, bytes] = {}
    unread: dict[str, str] = {}
    for path, data in files.items():
        if not _is_utf8_name(path):
            unread[path] = f"{name} cannot open a name that is not UTF-8"
        elif any(place in path for place in _PLACES):
            unread[path] = f"{name} cannot be given a name that holds one of {', '.join(_PLACES)}"
        elif not _is_utf8(data):
            unread[path] = f"{name} cannot read text that is not UTF-8"
        else:
            taken[path] = data
    return taken, unread


def relative(path: str) -> str:
    """Return a path as we gave it, without the `./` in front."""
    while path.startswith("./"):
        path = path[2:]
    return path


def _is_utf8_name(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _last_line(stderr: bytes) -> str:
    lines = stderr.decode("utf-8", "replace").split("\n")
    said = [line.strip() for line in lines if line.strip()]
    return said[-1][:200] if said else "it said nothing"
