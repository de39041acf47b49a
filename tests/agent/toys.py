"""A toy language for the loop: an analyzer and tests that read real bytes from a fake sandbox.

A line with `BUG` is a finding, and `BUG?` one whose fix breaks something. A test file holds one
test per line: `NAME PATH TEXT` passes while the file PATH of the tree contains TEXT.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.agent.linting import Linter
from bot.agent.loop import Loop
from bot.agent.prove import Prover
from bot.agent.review import Episode, review
from bot.agent.testing import Suite
from bot.agent.tool import Tool
from bot.agent.tools.autofix import Autofix
from bot.agent.tools.bisect import Bisect
from bot.agent.tools.finish import Finish
from bot.agent.tools.lint import Lint
from bot.agent.tools.rewrite import Rewrite
from bot.agent.tools.test import Test
from bot.agent.tools.verify import Verify
from bot.domain.edits import Edit, Patch
from bot.domain.evidence import Outcome, TestReport
from bot.domain.findings import Category, Finding, Location, Severity
from bot.domain.model import Model
from bot.domain.ports import Analysis, NoTests, Sandbox, TestPlan, TreeEntry
from bot.domain.repo_config import RepoConfig
from bot.domain.review import Decision
from bot.errors import AnalyzerFailed
from bot.policy.selection import HAND_WEIGHTS, Greedy
from tests.fakes.sandbox import FakeSandbox, FakeSandboxes
from tests.fakes.workspace import FakeWorkspace
from tests.situations import Tree


@dataclass
class ToyAnalyzer:
    """Finds `BUG` on any line of a `.toy` file and would write `fine` instead."""

    name: str = "toy"
    is_language_aware: bool = True
    is_broken: bool = False
    also_replaces: tuple[str, str] = ("BUG", "fine")
    """What else its fixes write, and instead of what."""
    looks: list[dict[str, bytes]] = field(default_factory=list)

    def understands(self, path: str) -> bool:
        return path.endswith(".toy")

    def analyze(self, sandbox: Sandbox, files: Mapping[str, bytes]) -> Analysis:
        if self.is_broken:
            raise AnalyzerFailed("toy could not look: it crashed")
        self.looks.append(dict(files))
        return Analysis(tuple(f for path, data in files.items() for f in self._bugs(path, data)))

    def _bugs(self, path: str, data: bytes) -> list[Finding]:
        lines = data.decode().splitlines(keepends=True)
        bugs = [(i, line) for i, line in enumerate(lines, 1) if "BUG" in line]
        return [_bug(path, i, line, self._fixed(line)) for i, line in bugs]

    def _fixed(self, line: str) -> str:
        old, new = self.also_replaces
        return line.replace("BUG", "fine").replace(old, new)


def _bug(path: str, number: int, line: str, fixed: str) -> Finding:
    return Finding(
        rule="toy-bug",
        severity=Severity.MEDIUM,
        category=Category.BUG,
        title="A bug",
        body="It is a bug.",
        location=Location(path, number, number),
        snippet=line,
        source="toy",
        confidence=0.9,
        fix=Patch((Edit(path, number, number, line, fixed),)),
        is_fix_safe=True,
    )


@dataclass
class ToyRunner:
    """Runs the lines of `*.tests` files against the sandbox's tree."""

    runs: list[tuple[str, ...]] = field(default_factory=list)
    flaky: set[str] = field(default_factory=set)
    """Names of tests that fail at their first run."""
    problem_with: str | None = None
    """A text that makes any run on a tree with it prove nothing."""

    def plan(self, entries: Sequence[TreeEntry], files: Mapping[str, bytes]) -> TestPlan | NoTests:
        if not any(entry.path.endswith(".tests") for entry in entries):
            return NoTests("no tests were found")
        return TestPlan("toy", ("toy", "test"), None, "there are .tests files", 60)

    def run(
        self,
        sandbox: Sandbox,
        plan: TestPlan,
        *,
        only: Sequence[str] = (),
        traced_paths: Sequence[str] = (),
    ) -> TestReport:
        assert isinstance(sandbox, FakeSandbox)
        self.runs.append(tuple(only))
        outcomes: dict[str, Outcome] = {}
        reach: dict[str, dict[int, frozenset[str]]] = {}
        for name, path, text in _tests(sandbox.tree):
            if only and name not in only:
                continue
            content = sandbox.tree.get(path, b"").decode()
            outcomes[name] = Outcome.PASSED if text in content else Outcome.FAILED
            if name.partition("::")[2] in self.flaky:
                self.flaky.discard(name.partition("::")[2])
                outcomes[name] = Outcome.FAILED
            if path in traced_paths:
                numbers = range(1, content.count("\n") + 1)
                reach[path] = {n: reach.get(path, {}).get(n, frozenset()) | {name} for n in numbers}
        report = TestReport(plan.command, 0, outcomes, 0.1, reach=reach, image="sha256:toy")
        return replace(report, problem=self._problem(sandbox))

    def _problem(self, sandbox: FakeSandbox) -> str | None:
        bad = (self.problem_with or "\0").encode()
        return "it hangs" if any(bad in data for data in sandbox.tree.values()) else None


def _tests(tree: Mapping[str, bytes]) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    for path in sorted(p for p in tree if p.endswith(".tests")):
        for line in tree[path].decode().splitlines():
            name, target, text = line.split(" ", 2)
            found.append((f"{path}::{name}", target, text))
    return found


@dataclass
class ToySyntax:
    """`.toy` files parse unless they say `SYNTAX`; nothing else is known."""

    parsed: list[str] = field(default_factory=list)
    """The paths, in order."""

    def parses(self, path: str, data: bytes) -> bool | None:
        self.parsed.append(path)
        return b"SYNTAX" not in data if path.endswith(".toy") else None

    def enclosing_symbol(self, path: str, data: bytes, line: int) -> str:
        return ""

    def complexity(self, path: str, data: bytes) -> int | None:
        return None


@dataclass
class ToyClock:
    """A second passes whenever somebody looks."""

    now: float = 0.0

    def seconds(self) -> float:
        self.now += 1
        return self.now


@dataclass
class Heard:
    """A listener that remembers."""

    started: list[str] = field(default_factory=list)
    finished: list[Decision] = field(default_factory=list)

    def step_started(self, tool: str) -> None:
        self.started.append(tool)

    def step_finished(self, decision: Decision) -> None:
        self.finished.append(decision)


@dataclass
class Bench:
    """The whole agent over toys."""

    base: Tree
    head: Tree
    config: RepoConfig = field(default_factory=RepoConfig)
    sandboxes: FakeSandboxes = field(default_factory=FakeSandboxes)
    runner: ToyRunner = field(default_factory=ToyRunner)
    analyzer: ToyAnalyzer = field(default_factory=ToyAnalyzer)
    heard: Heard = field(default_factory=Heard)
    syntax: ToySyntax = field(default_factory=ToySyntax)
    more_tools: Callable[[FakeWorkspace], tuple[Tool, ...]] = lambda _workspace: ()
    model: Model | None = None
    """Mends what it can, where there is one."""

    def __post_init__(self) -> None:
        self.workspace = FakeWorkspace(self.base, self.head)
        clock, syntax = ToyClock(), self.syntax
        linter = Linter(self.sandboxes, [self.analyzer], syntax)
        suite = Suite(self.workspace, self.sandboxes, self.runner)
        self.prover = Prover(linter, suite, syntax, clock)
        tools: tuple[Tool, ...] = (
            Lint(linter),
            Test(suite),
            Bisect(suite),
            Autofix(),
            Verify(self.prover),
            *self.more_tools(self.workspace),
            *((Rewrite(self.model, self.prover),) if self.model is not None else ()),
            Finish(),
        )
        self.loop = Loop(tools, Greedy(HAND_WEIGHTS), clock, self.heard)

    def review(self) -> Episode:
        return review(self.workspace, self.loop, self.config, run_id="run1")
