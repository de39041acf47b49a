"""`repair` in the loop: red tests are mended by search, proved, and never guessed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from bot.agent.fix import Asked, fix
from bot.agent.linting import Linter
from bot.agent.loop import Loop
from bot.agent.prove import Prover
from bot.agent.review import Episode, review
from bot.agent.state import State
from bot.agent.testing import Suite
from bot.agent.tools.bisect import Bisect
from bot.agent.tools.finish import Finish
from bot.agent.tools.lint import Lint
from bot.agent.tools.repair import Repair, Wish
from bot.agent.tools.test import Test
from bot.agent.tools.verify import Verify
from bot.agent.trying import Benches, OpenBench
from bot.domain.evidence import Grade, Outcome
from bot.domain.repo_config import RepoConfig
from bot.errors import Refused
from bot.policy.selection import HAND_WEIGHTS, Greedy
from bot.repair.search import Budget
from tests.agent.toys import Heard, ToyAnalyzer, ToyClock
from tests.fakes.sandbox import FakeSandboxes
from tests.fakes.test_runner import FakeTestRunner
from tests.fakes.workspace import FakeWorkspace

RIGHT = b"def first(rows, n):\n    return [row for row in rows if row < n]\n"
WRONG = RIGHT.replace(b"row < n", b"row <= n")
TESTS = {"tests/test_shop.py": b"# judged by the fake\n"}
BELOW, NONE = "tests/test_shop.py::test_below", "tests/test_shop.py::test_none"


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


def _judge(tree: Mapping[str, bytes]) -> dict[str, Outcome]:
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

    def __post_init__(self) -> None:
        self.workspace = FakeWorkspace(self.base, self.head)
        reach = {"shop.py": {2: frozenset({BELOW, NONE})}}
        runner, sandboxes = FakeTestRunner(_judge, reach=reach), FakeSandboxes()
        suite = Suite(self.workspace, sandboxes, runner)
        clock, syntax = ToyClock(), PythonSyntax()
        linter = Linter(sandboxes, [ToyAnalyzer()], syntax)
        self.prover, self.heard = Prover(linter, suite, syntax, clock), Heard()
        self.suite = suite
        tools = (Lint(linter), Test(suite), Bisect(suite), Verify(self.prover), Finish())
        repair = Repair(self._open, clock, self.wish)
        self.loop = Loop((*tools, repair), Greedy(HAND_WEIGHTS), clock, self.heard)

    @contextmanager
    def _open(self, state: State) -> Iterator[OpenBench]:
        if self.refused:
            raise Refused(self.refused)
        with Benches(self.suite).open(state) as bench:
            yield bench

    def review(self) -> Episode:
        return review(self.workspace, self.loop, RepoConfig(), run_id="run1")


def test_a_regression_gets_a_repair_in_place_of_its_revert() -> None:
    room = Room()

    (finding,) = room.review().review.open_findings

    assert finding.suggestion is not None
    assert finding.suggestion.source == "repair"
    assert room.heard.started.index("bisect") < room.heard.started.index("repair")


def test_a_repair_is_proved_like_any_other_patch() -> None:
    (finding,) = Room().review().review.open_findings

    proof = finding.suggestion.proof if finding.suggestion else None
    assert proof is not None
    assert proof.fail_to_pass == (BELOW,)
    assert proof.is_target_back


def test_green_tests_need_no_repair() -> None:
    room = Room(head={"shop.py": RIGHT + b"# new\n", **TESTS})

    room.review()

    assert "repair" not in room.heard.started


def test_tests_that_the_person_did_not_name_are_left_alone() -> None:
    room = Room(wish=Wish(failing=frozenset({NONE})))

    review = room.review().review

    (finding,) = review.open_findings
    assert finding.suggestion is not None
    assert finding.suggestion.source == "bisect"
    assert f"{NONE} passes at head, so there is nothing to repair" in review.all_notes


def test_what_cannot_be_searched_says_why_in_one_sentence() -> None:
    review = Room(refused="the suite cannot be imported").review().review

    assert "no repair was searched for: the suite cannot be imported" in review.all_notes


def test_no_small_edit_leaves_the_revert_as_it_was() -> None:
    room = Room(wish=Wish(Budget(candidates=1)))

    (finding,) = room.review().review.open_findings

    assert finding.suggestion is not None
    assert finding.suggestion.source == "bisect"
    assert any("none of" in decision.observation for decision in room.heard.finished)


def test_a_proved_repair_is_committed() -> None:
    room = Room()

    outcome = fix(room.workspace, room.prover, room.review(), Asked())

    (patch,) = outcome.patches
    assert patch.proof.grade is Grade.PROVED
    assert outcome.commit is not None


def test_a_repair_is_never_committed_where_the_tests_allow_another_meaning() -> None:
    room = Room()
    episode = room.review()
    (finding,) = episode.review.open_findings
    assert finding.suggestion is not None
    unsure = replace(finding.suggestion, is_ambiguous=True, distinguishing_input="([3], 3)")
    told = replace(episode.review, findings=(replace(finding, suggestion=unsure),))

    outcome = fix(room.workspace, room.prover, replace(episode, review=told), Asked())

    assert outcome.commit is None
    assert room.workspace.commits == []
    assert outcome.patches[0].is_ambiguous
    assert outcome.patches[0].distinguishing_input == "([3], 3)"
