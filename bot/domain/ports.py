"""What the agent asks of the world: small protocols, spoken in our words.

An adapter translates its library's types and errors; none of them crosses a port. Each port has a
fake with state in `tests/fakes` that passes the same contract test as the real adapter.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from bot.domain.diff import Diff
from bot.domain.evidence import StopReason, TestReport
from bot.domain.findings import Finding
from bot.domain.pull_request import PullRequest, Sha


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One regular file of a tree. A symlink arrives as a text file that holds its target."""

    path: str
    data: bytes
    is_executable: bool = False


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """What a tree says of one file, without its contents."""

    path: str
    mode: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class CommitMessage:
    """Subject under 60 characters, body, and trailers in order."""

    subject: str
    body: str
    trailers: tuple[tuple[str, str], ...]


class Workspace(Protocol):
    """One change, read from git objects; no working tree exists on the host."""

    @property
    def change(self) -> PullRequest:
        """The three commits."""
        ...

    def diff(self) -> Diff:
        """Return the diff from merge base to head; the same object at every call."""
        ...

    def entries(self, sha: Sha) -> Sequence[TreeEntry]:
        """Return every file of a commit, sorted by path."""
        ...

    def files(self, sha: Sha, paths: Iterable[str] | None = None) -> Iterable[SourceFile]:
        """Yield the files of a commit, or those of `paths` that it has, one at a time."""
        ...

    def commit(self, files: Mapping[str, bytes], *, message: CommitMessage) -> Sha:
        """Commit the new contents of existing regular files on the head and move its branch.

        Raises Refused when the branch moved, is not checked out cleanly, or cannot be written.
        """
        ...


class Purpose(StrEnum):
    """Which image a sandbox needs."""

    TOOLS = "tools"
    """Analyzers; no code of the repository runs."""
    TESTS = "tests"
    """The project's tests; everything in it is hostile."""


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What the tests need installed, from the base side of the change."""

    lock_files: Mapping[str, bytes] = field(default_factory=dict)
    setup: str | None = None
    """`tests.setup` of the base configuration: a shell command in place of the detected one."""


@dataclass(frozen=True, slots=True)
class SandboxFacts:
    """Which sandbox this is and why, for receipts and for `doctor`."""

    kind: str
    """`docker` or `process`."""
    image: str
    """`sha256:...` of the image; `process` where there is none."""
    reason: str
    """Why this kind was picked, one sentence."""
    notes: tuple[str, ...] = ()
    """What a reader of the verdict must know, such as dependencies that were not installed."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """How a command in the sandbox ended."""

    exit_code: int | None
    """None when it was killed."""
    stdout: bytes
    """Head and tail around a line that says how much is missing, where the limit was met."""
    stderr: bytes
    seconds: float
    stop: StopReason
    is_truncated: bool = False


class Sandbox(Protocol):
    """A throw-away place that holds one tree and runs commands on it, without network or secrets.

    Commands run in the tree's root. `{out}` in an argument is replaced by the folder for results,
    `{python}` by the interpreter that has the project's dependencies.
    """

    @property
    def facts(self) -> SandboxFacts:
        """Which sandbox this is and why."""
        ...

    def put(self, files: Iterable[SourceFile]) -> None:
        """Make the tree hold exactly these files, and empty the folder for results.

        Raises SandboxFailed when they did not arrive, TooLarge when they do not fit, Refused for
        a path that leaves the tree.
        """
        ...

    def run(
        self, argv: Sequence[str], *, timeout_s: float, output_limit_bytes: int = 1 << 20
    ) -> CommandResult:
        """Run one command to its end or its limits; nothing of it is alive afterwards.

        Standard input is empty. A program that is not there exits 127, and one that a signal
        ended exits 128 and the signal's number, as in a shell.
        Raises SandboxFailed when the sandbox itself broke.
        """
        ...

    def get(self, name: str, *, limit_bytes: int) -> bytes | None:
        """Return a regular file of the folder for results, or None when there is none.

        A name `tree:PATH` is a file of the tree instead. Links are not followed.
        Raises Refused when it is larger than the limit or is not a regular file.
        """
        ...

    def close(self) -> None:
        """Remove everything; safe to call twice."""
        ...


class Sandboxes(Protocol):
    """Opens sandboxes of the kind that the operator chose."""

    def open(self, purpose: Purpose, dependencies: Dependencies | None = None) -> Sandbox:
        """Return an empty sandbox.

        Raises SandboxUnavailable with what to install or start.
        """
        ...


@dataclass(frozen=True, slots=True)
class Analysis:
    """What one analyzer says of some files."""

    findings: tuple[Finding, ...]
    unread: Mapping[str, str] = field(default_factory=dict)
    """Path to reason: files that it was given and could not read, so they are not seen by it."""


class Analyzer(Protocol):
    """One static analyzer, run in a sandbox of the tools image."""

    @property
    def name(self) -> str:
        """The tool's name, as in `Finding.source`."""
        ...

    @property
    def is_language_aware(self) -> bool:
        """False for a spell checker: to read the words of a hunk is not to have seen its code."""
        ...

    def understands(self, path: str) -> bool:
        """Tell whether the analyzer has rules for this file."""
        ...

    def analyze(self, sandbox: Sandbox, files: Mapping[str, bytes]) -> Analysis:
        """Return all findings in these files, which the sandbox's tree holds, fixes included.

        What is said of a file may not depend on others, because a file that is the same is not read
        again; `domain.reading` knows the exception, scripts that source each other.
        Raises AnalyzerFailed when it could not look.
        """
        ...


class TestRunner(Protocol):
    """Finds and runs the project's tests in a sandbox of the test image."""

    def plan(
        self, entries: Sequence[TreeEntry], files: Mapping[str, bytes]
    ) -> "TestPlan | NoTests":
        """Return how to run the tests of a tree; `files` holds its small configuration files."""
        ...

    def run(
        self,
        sandbox: Sandbox,
        plan: "TestPlan",
        *,
        only: Sequence[str] = (),
        traced_paths: Sequence[str] = (),
    ) -> TestReport:
        """Run all tests, or `only` those ids, on the sandbox's tree.

        The report says which tests reach which line of `traced_paths`, where coverage is available.
        """
        ...


@dataclass(frozen=True, slots=True)
class TestPlan:
    """How this project's tests are run."""

    framework: str
    """`pytest`, `unittest`, `node`, `go`, `cargo` or `command`."""
    command: tuple[str, ...]
    """May hold `{python}` and `{out}`."""
    junit_file: str | None
    """Name of the JUnit file in the folder for results, or a path in the tree."""
    reason: str
    """What the choice was made by, such as `pytest: tests/ and pyproject.toml`."""
    timeout_s: float


@dataclass(frozen=True, slots=True)
class NoTests:
    """There is nothing to run, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Symbol:
    """A function or class, decorators included."""

    name: str
    """Dotted, from the module down."""
    first_line: int
    last_line: int

    @property
    def last_name(self) -> str:
        """What a caller writes."""
        return self.name.rpartition(".")[2]


class Syntax(Protocol):
    """Parsers of programming languages."""

    def parses(self, path: str, data: bytes) -> bool | None:
        """Tell whether the file parses, or None when no parser knows its language."""
        ...

    def enclosing_symbol(self, path: str, data: bytes, line: int) -> str:
        """Return the dotted name of the function or class around a line, or an empty string."""
        ...

    def complexity(self, path: str, data: bytes) -> int | None:
        """Return how hard the flow of a file is to follow, or None when no parser knows it."""
        ...


class Outline(Protocol):
    """What a file defines and calls, as far as a parser knows its language."""

    def symbols(self, path: str, data: bytes) -> Sequence[Symbol]:
        """Return the functions and classes of a file, in the order of their first lines."""
        ...

    def calls(self, path: str, data: bytes, *, first_line: int, last_line: int) -> frozenset[str]:
        """Return the last names of what is called on these lines: `add` for `cart.add(x)`."""
        ...


class Clock(Protocol):
    """Time that only goes forward."""

    def seconds(self) -> float:
        """Return seconds since an arbitrary start."""
        ...
