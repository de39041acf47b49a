"""The agent with `repair` over Python that runs in this process, to be set up as one likes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from bot.agent.attempt import Ask, unasked
from bot.agent.linting import Linter
from bot.agent.loop import Loop
from bot.agent.prove import Prover
from bot.agent.review import Episode, review
from bot.agent.state import State
from bot.agent.testing import Suite
from bot.agent.tool import Tool
from bot.agent.tools.bisect import Bisect
from bot.agent.tools.finish import Finish
from bot.agent.tools.lint import Lint
from bot.agent.tools.repair import Repair, Wish
from bot.agent.tools.test import Test
from bot.agent.tools.verify import Verify
from bot.agent.trying import Benches, MakeValidator, OpenBench
from bot.domain.evidence import Outcome
from bot.domain.repo_config import RepoConfig
from bot.errors import Interrupted, Refused
from bot.policy.selection import HAND_WEIGHTS, Greedy
from bot.repair.candidates import Spectrum
from bot.repair.search import Budget
from tests.agent.toys import Heard, ToyAnalyzer, ToyClock
from tests.fakes.sandbox import FakeSandboxes
from tests.fakes.test_runner import FakeTestRunner, Judge
from tests.fakes.validator import FakeValidator
from tests.fakes.workspace import FakeWorkspace

RIGHT = b"def first(rows, n):\n    return [row for row in rows if row < n]\n"
WRONG = RIGHT.replace(b"row < n", b"row <= n")
TESTS = {"tests/test_shop.py": b"# judged by the fake\n"}
BELOW, NONE = "tests/test_shop.py::test_below", "tests/test_shop.py::test_none"

REACH = {"shop.py": {2: frozenset({BELOW, NONE})}}


class Unable(FakeValidator):
    """An engine that cannot run these tests."""

    def __init__(self) -> None:
        super().__init__({})

    def spectrum(self, paths: Sequence[str]) -> Spectrum:
        raise Refused("too many tests end the test process")


@dataclass
class PythonSyntax:
    """Knows Python by compiling it."""

    def parses(self, path: str, data: bytes) -> bool | None:
        try:
            compile(data, path, "exec")
        except SyntaxError:
            return False
        return True

    def enclosing_symbol(self, path: str, data: bytes, line: int) -> str:
        return ""

    def complexity(self, path: str, data: bytes) -> int | None:
        return None


def judge_of(tree: Mapping[str, bytes]) -> dict[str, Outcome]:
    names: dict[str, object] = {}
    try:
        exec(tree["shop.py"], names)  # noqa: S102  (our own text)
        first = names["first"]
        assert callable(first)
        below = first([1, 3, 2], 3) == [1, 2]
        none = first([], 3) == []
    except Exception:  # noqa: BLE001  (the candidate's)
        below = none = False
    said = {True: Outcome.PASSED, False: Outcome.FAILED}
    return {BELOW: said[below], NONE: said[none]}


@dataclass
class Room:
    """The agent with `repair`, over Python that runs in this process."""

    base: dict[str, bytes] = field(default_factory=lambda: {"shop.py": RIGHT, **TESTS})
    head: dict[str, bytes] = field(default_factory=lambda: {"shop.py": WRONG, **TESTS})
    wish: Wish = field(default_factory=lambda: Wish(Budget(candidates=400, batch=20, enough=2)))
    refused: str | None = None
    tools: tuple[str, ...] = ()
    """Only these; empty for all."""
    judge: Judge = judge_of
    cpu: Callable[[Mapping[str, bytes]], Mapping[str, float]] = lambda _tree: {}
    make: MakeValidator | None = None
    ask: Ask = unasked
    around: Callable[[Tool], Tool] = lambda tool: tool
    is_interrupted: bool = False
    reaches_all: bool = False
    """The survey knows more files than those of the change."""

    def __post_init__(self) -> None:
        self.workspace = FakeWorkspace(self.base, self.head)
        runner, sandboxes = FakeTestRunner(self.judge, reach=REACH, cpu=self.cpu), FakeSandboxes()
        suite = Suite(self.workspace, sandboxes, runner)
        clock, syntax = ToyClock(), PythonSyntax()
        linter = Linter(sandboxes, [ToyAnalyzer()], syntax)
        self.prover, self.heard = Prover(linter, suite, syntax, clock), Heard()
        self.suite = suite
        tools = (Lint(linter), Test(suite), Bisect(suite), Verify(self.prover), Finish())
        repair = Repair(self._open, clock, self.wish, ask=self.ask)
        asked = (*self.tools, "finish")
        wanted = [self.around(t) for t in (*tools, repair) if not self.tools or t.name in asked]
        self.loop = Loop(wanted, Greedy(HAND_WEIGHTS), clock, self.heard)

    @contextmanager
    def _open(self, state: State) -> Iterator[OpenBench]:
        if self.refused:
            raise Refused(self.refused)
        if self.is_interrupted:
            raise Interrupted
        with Benches(self.suite, self.make).open(state) as bench:
            spectrum = replace(bench.spectrum, reach=REACH) if self.reaches_all else bench.spectrum
            yield replace(bench, spectrum=spectrum)

    def review(self) -> Episode:
        return review(self.workspace, self.loop, RepoConfig(), run_id="run1")
