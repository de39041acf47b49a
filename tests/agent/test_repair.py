"""`repair` in the loop: red tests are mended by search, proved, and never guessed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from bot.agent.attempt import Ask, unasked
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
from bot.agent.trying import Benches, MakeValidator, OpenBench
from bot.domain.evidence import Grade, Outcome
from bot.domain.ports import Sandbox, SourceFile, TestPlan
from bot.domain.repo_config import RepoConfig
from bot.errors import Interrupted, Refused
from bot.policy.selection import HAND_WEIGHTS, Greedy
from bot.repair.candidates import Spectrum, Validator
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
    tools: tuple[str, ...] = ()
    """Only these; empty for all."""
    judge: Judge = _judge
    make: MakeValidator | None = None
    ask: Ask = unasked
    is_interrupted: bool = False
    reaches_all: bool = False
    """The survey knows more files than those of the change."""

    def __post_init__(self) -> None:
        self.workspace = FakeWorkspace(self.base, self.head)
        runner, sandboxes = FakeTestRunner(self.judge, reach=REACH), FakeSandboxes()
        suite = Suite(self.workspace, sandboxes, runner)
        clock, syntax = ToyClock(), PythonSyntax()
        linter = Linter(sandboxes, [ToyAnalyzer()], syntax)
        self.prover, self.heard = Prover(linter, suite, syntax, clock), Heard()
        self.suite = suite
        tools = (Lint(linter), Test(suite), Bisect(suite), Verify(self.prover), Finish())
        repair = Repair(self._open, clock, self.wish, ask=self.ask)
        wanted = [
            t for t in (*tools, repair) if not self.tools or t.name in (*self.tools, "finish")
        ]
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


def test_the_suspicious_lines_are_known_with_a_search_and_without() -> None:
    with_search, without = Room().review().review, Room(tools=("test",)).review().review

    for told in (with_search, without):
        assert (told.suspects[0].path, told.suspects[0].line) == ("shop.py", 2)
        assert told.suspects[0].ochiai > 0


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


def test_what_the_engine_refuses_is_tried_by_the_test_command_and_that_is_said() -> None:
    def make(_sandbox: Sandbox, _files: Iterable[SourceFile], _plan: TestPlan) -> Validator:
        raise Refused("candidates are tried on Python tests only")

    review = Room(make=make).review().review

    (finding,) = review.open_findings
    assert finding.suggestion is not None
    assert finding.suggestion.source == "repair"
    assert any("slow: candidates are tried on Python tests only" in n for n in review.all_notes)


def test_what_the_engine_refuses_only_when_it_looks_is_tried_too() -> None:
    def make(_sandbox: Sandbox, _files: Iterable[SourceFile], _plan: TestPlan) -> Validator:
        return Unable()

    review = Room(make=make).review().review

    assert review.open_findings[0].suggestion is not None
    assert review.open_findings[0].suggestion.source == "repair"
    assert any("slow: too many tests end the test process" in n for n in review.all_notes)


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


def test_what_was_red_before_is_no_search_and_says_how_to_ask_for_one() -> None:
    room = Room(base={"shop.py": WRONG, **TESTS}, head={"shop.py": WRONG + b"# new\n", **TESTS})

    review = room.review().review

    assert review.open_findings == ()
    assert any("test_below failed before this change too" in note for note in review.all_notes)
    assert any("--failing TEST" in note for note in review.all_notes)


def test_what_was_red_before_is_mended_where_a_person_names_it() -> None:
    wish = Wish(Budget(candidates=400, batch=20, enough=2), frozenset({BELOW}))
    room = Room(
        base={"shop.py": WRONG, **TESTS}, head={"shop.py": WRONG + b"# new\n", **TESTS}, wish=wish
    )

    (finding,) = room.review().review.open_findings

    assert finding.title == "test_below failed before this change too"
    assert finding.suggestion is not None
    assert finding.suggestion.source == "repair"
    assert finding.suggestion.proof is not None
    assert finding.suggestion.proof.fail_to_pass == (BELOW,)


def test_a_file_that_the_change_does_not_touch_can_be_mended_too() -> None:
    wish = Wish(Budget(candidates=400, batch=20, enough=2), frozenset({BELOW}))
    room = Room(
        base={"shop.py": WRONG, **TESTS}, head={"shop.py": WRONG, "x.py": b"", **TESTS}, wish=wish
    )
    room.reaches_all = True

    episode = room.review()

    (finding,) = episode.review.open_findings
    assert finding.location.path == "shop.py"
    assert finding.suggestion is not None
    assert episode.review.patch_text(finding.suggestion)
    assert episode.state.head["shop.py"] == WRONG


def test_a_name_that_no_test_has_is_said() -> None:
    review = Room(wish=Wish(failing=frozenset({"tests/test_shop.py::tset"}))).review().review

    assert any("no test ran at head by the name tests/test_shop.py::tset" in n
               for n in review.all_notes)  # fmt: skip


def test_a_flaky_test_is_no_aim() -> None:
    said = iter([Outcome.PASSED, Outcome.FAILED] + [Outcome.PASSED] * 50)

    def judge(tree: Mapping[str, bytes]) -> dict[str, Outcome]:
        return {BELOW: next(said), NONE: Outcome.PASSED}

    room = Room(judge=judge, wish=Wish(failing=frozenset({BELOW})))
    review = room.review().review

    assert "repair" not in room.heard.started
    assert any("test_below" in limit for limit in review.verdict.limits)


def test_a_flaky_test_that_is_named_beside_a_red_one_is_said() -> None:
    said = iter([Outcome.PASSED, Outcome.FAILED] + [Outcome.PASSED] * 500)

    def judge(tree: Mapping[str, bytes]) -> dict[str, Outcome]:
        return {BELOW: _judge(tree)[BELOW], NONE: next(said)}

    review = Room(judge=judge, wish=Wish(failing=frozenset({NONE}))).review().review

    assert any("fails in one run and passes in another" in note for note in review.all_notes)


def test_a_search_that_has_no_more_time_says_so_and_where_to_look() -> None:
    def judge(tree: Mapping[str, bytes]) -> dict[str, Outcome]:
        is_old = tree["shop.py"] == RIGHT
        return {BELOW: Outcome.PASSED if is_old else Outcome.FAILED, NONE: Outcome.PASSED}

    hopeless = {"shop.py": b"def first(rows, n):\n    return [n + 1, n + 2, n + 3]\n", **TESTS}
    room = Room(judge=judge, head=hopeless, wish=Wish(Budget(cpu_seconds=2.0, batch=1)))

    review = room.review().review

    (note,) = [n for n in review.all_notes if n.startswith("No repair for")]
    assert "the time for the search is spent" in note
    assert "The most suspicious places are shop.py:2" in note


def test_ctrl_c_while_the_tests_are_surveyed_ends_the_search_and_not_the_run() -> None:
    room = Room(is_interrupted=True)

    review = room.review().review

    assert any("was stopped" in note for note in review.all_notes)
    (finding,) = review.open_findings
    assert finding.suggestion is not None
    assert finding.suggestion.source == "bisect"
