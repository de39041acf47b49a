"""`repair` in the loop: red tests are mended by search, proved, and never guessed."""

from collections.abc import Iterable, Iterator, Mapping
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
from bot.domain.ports import Sandbox, SourceFile, TestPlan
from bot.domain.repo_config import RepoConfig
from bot.errors import Refused
from bot.policy.selection import HAND_WEIGHTS, Greedy
from bot.repair.search import Budget
from tests.agent.toys import Heard, ToyAnalyzer, ToyClock
from tests.fakes.sandbox import FakeSandboxes
from tests.fakes.test_runner import FakeTestRunner
from tests.fakes.validator import FakeValidator
from tests.fakes.workspace import FakeWorkspace

RIGHT = b"def first(rows, n):\n    return [row for row in rows if row < n]\n"
WRONG = RIGHT.replace(b"row < n", b"row <= n")
WHOLE = b"""\
from shop import first


def test_below():
    assert first([1, 3, 2, 4], 3) == [1, 2]
    assert first([4, 5], 5) == [4]


def test_none():
    assert first([], 3) == []
"""
VAGUE = WHOLE.replace(b"[1, 3, 2, 4]", b"[1, 3, 2]")
"""Nothing is above the limit: `<` and `!=` both pass."""
TESTS = {"tests/test_shop.py": WHOLE}
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

    def complexity(self, path: str, data: bytes) -> int | None:
        return None


def _judge(tree: Mapping[str, bytes]) -> dict[str, Outcome]:
    try:
        green = _validator(tree).spectrum([]).green
    except Exception:  # noqa: BLE001  (the candidate's)
        green = frozenset()
    return {t: Outcome.PASSED if t in green else Outcome.FAILED for t in (BELOW, NONE)}


def _validator(tree: Mapping[str, bytes]) -> FakeValidator:
    return FakeValidator({path: data.decode() for path, data in tree.items()})


def _engine(_sandbox: Sandbox, files: Iterable[SourceFile], _plan: TestPlan) -> FakeValidator:
    return _validator({file.path: file.data for file in files})


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
        with Benches(self.suite, _engine).open(state) as bench:
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


def test_what_the_tests_leave_open_is_shown_with_arguments_for_which_repairs_differ() -> None:
    vague = {"tests/test_shop.py": VAGUE}
    room = Room(base={"shop.py": RIGHT, **vague}, head={"shop.py": WRONG, **vague})
    episode = room.review()

    outcome = fix(room.workspace, room.prover, episode, Asked())

    (patch,) = outcome.patches
    assert outcome.commit is None
    assert patch.is_ambiguous
    assert patch.distinguishing_input is not None
    assert patch.distinguishing_input.startswith("first([")
    assert any(patch.distinguishing_input in note for note in episode.review.all_notes)


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
