"""`implement` and `cover` over real pytest: what a model writes is offered only with its proof."""

import os
from collections.abc import Mapping, Sequence

import pytest

from bot.adapters.analyzers.catalog import analyzers
from bot.adapters.junit_runner import JunitRunner
from bot.adapters.process_sandbox import ProcessSandboxes
from bot.adapters.tree_sitter_outline import TreeSitterOutline
from bot.adapters.tree_sitter_syntax import TreeSitterSyntax
from bot.agent.cover import Cover
from bot.agent.implement import Implement
from bot.agent.linting import Linter
from bot.agent.loop import Loop
from bot.agent.review import review
from bot.agent.state import State
from bot.agent.surroundings import Surroundings
from bot.agent.testing import Suite
from bot.agent.tools.finish import Finish
from bot.agent.tools.test import Test as RunTests
from bot.agent.workshop import Workshop
from bot.domain.model_edits import ProposedEdit
from bot.domain.model_findings import Lookup
from bot.domain.repo_config import RepoConfig
from bot.domain.written import CoverReply, ImplementReply, NewFile
from bot.errors import Refused, ReplyUnusable
from bot.policy.selection import HAND_WEIGHTS, Greedy
from tests.agent.model_toys import Answer, ToyModel
from tests.agent.toys import Heard, ToyClock
from tests.fakes.workspace import FakeWorkspace

"""Of an interpreter that has pytest and coverage."""
BASE = {
    "shop.py": b"def total(prices):\n    return sum(prices)\n",
    "test_shop.py": (
        b"from shop import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n"
    ),
}
HEAD = {
    "shop.py": BASE["shop.py"] + b"\n\ndef mean(prices):\n    return total(prices) / len(prices)\n"
}
MEDIAN = "\n\ndef most(prices):\n    return max(prices)\n"
MOST_TEST = "from shop import most\n\n\ndef test_most():\n    assert most([1, 3, 2]) == 3\n"


class Studio:
    """One change, its suite run once, and a workshop on it."""

    def __init__(self, head: Mapping[str, bytes] = HEAD) -> None:
        self.workspace = FakeWorkspace(BASE, head)
        self.syntax = TreeSitterSyntax()
        sandboxes = ProcessSandboxes(reason="a test", search_path=os.environ["PATH"])
        suite = Suite(self.workspace, sandboxes, JunitRunner())
        linter = Linter(sandboxes, analyzers((), enabled=("ruff",), base_files={}), self.syntax)
        self.workshop = Workshop(self.workspace, suite, linter, self.syntax)
        loop = Loop([RunTests(suite), Finish()], Greedy(HAND_WEIGHTS), ToyClock(), Heard())
        self.state: State = review(self.workspace, loop, RepoConfig(), run_id="r").state

    def implement(self, answer: Answer, *, attempts: int = 1) -> Implement:
        surroundings = Surroundings(self.workspace, TreeSitterOutline())
        self.model = ToyModel({"ImplementReply": answer})
        return Implement(self.model, self.workshop, surroundings, attempts=attempts)

    def cover(self, text: str) -> Cover:
        reply = CoverReply(text=text, explanation="Tests mean.")
        model = ToyModel({"CoverReply": lambda _: reply})
        return Cover(model, self.workshop, TreeSitterOutline(), self.syntax)


@pytest.fixture(scope="module")
def studio() -> Studio:
    return Studio()


def _reply(
    *,
    edits: Sequence[ProposedEdit] = (),
    new_files: Sequence[NewFile] = (),
    tests: Sequence[NewFile] = (NewFile(path="test_most.py", text=MOST_TEST),),
    lookups: Sequence[Lookup] = (),
) -> ImplementReply:
    return ImplementReply(
        lookups=tuple(lookups),
        edits=tuple(edits),
        new_files=tuple(new_files),
        tests=tuple(tests),
        subject="Add most",
        explanation="most returns the highest price.",
    )


def _edit(replace: str) -> ProposedEdit:
    search = "    return total(prices) / len(prices)"
    return ProposedEdit(path="shop.py", search=search, replace=search + replace)


def test_written_code_comes_with_tests_that_fail_without_it(studio: Studio) -> None:
    written = studio.implement(lambda _: _reply(edits=[_edit(MEDIAN)])).run(
        studio.state, "add most"
    )

    assert set(written.files) == {"shop.py", "test_most.py"}
    assert b"def most" in written.files["shop.py"]
    assert written.receipt.startswith("proved: 1 new test failed before and pass now")


def test_what_failed_is_told_and_the_next_attempt_may_succeed(studio: Studio) -> None:
    texts: list[str] = []

    def answer(text: str) -> ImplementReply:
        texts.append(text)
        wrong = MEDIAN.replace("max", "min")
        return _reply(edits=[_edit(wrong if len(texts) == 1 else MEDIAN)])

    studio.implement(answer, attempts=2).run(studio.state, "add most")

    assert len(texts) == 2
    assert "new tests fail" in texts[1]
    assert "assert 1 == 3" in texts[1]


def _file(path: str, text: str = "X = 1\n") -> NewFile:
    return NewFile(path=path, text=text)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (_reply(), "there is no code"),
        (_reply(edits=[_edit(MEDIAN)], tests=()), "there is no new test"),
        (
            _reply(
                edits=[_edit(MEDIAN)],
                tests=[_file("test_x.py", "def test_x():\n    assert True\n")],
            ),
            "pass without the code too",
        ),
        (_reply(edits=[_edit("\n\n\ndef most(:")]), "does not parse"),
        (_reply(edits=[_edit("\n\n\nimport os" + MEDIAN)]), "linters report"),
        (_reply(edits=[_edit(MEDIAN + "    # noqa")]), "silences a check"),
        (_reply(new_files=[_file("../shop.py")]), "no path inside"),
        (_reply(new_files=[_file(".github/workflows/x.yml")]), "no change of ours writes"),
        (_reply(new_files=[_file("shop.py")]), "there already"),
        (_reply(new_files=[_file("conftest.py")]), "no change of ours writes"),
        (_reply(new_files=[_file(f"m{i}.py") for i in range(9)]), "more than 6 new files"),
        (_reply(edits=[_edit(MEDIAN)], tests=[_file("most.py", MOST_TEST)]), "where or how tests"),
        (
            _reply(
                edits=[
                    ProposedEdit(
                        path="test_shop.py",
                        search="    assert total([1, 2]) == 3",
                        replace="    pass",
                    )
                ]
            ),
            "decides what the tests say",
        ),
    ],
)
def test_what_is_not_proved_or_not_allowed_is_not_offered(
    studio: Studio, reply: ImplementReply, reason: str
) -> None:
    with pytest.raises(Refused, match=reason):
        studio.implement(lambda _: reply).run(studio.state, "add most")


def test_code_that_breaks_a_test_is_not_offered(studio: Studio) -> None:
    breaking = ProposedEdit(
        path="shop.py", search="    return sum(prices)", replace="    return 0" + MEDIAN
    )
    with pytest.raises(Refused, match="tests break: test_total"):
        studio.implement(lambda _: _reply(edits=[breaking])).run(studio.state, "add most")


def test_a_model_may_look_before_it_writes(studio: Studio) -> None:
    texts: list[str] = []
    lookup = Lookup(kind="read", path="test_shop.py", first_line=1, last_line=5, text="")

    def answer(text: str) -> ImplementReply:
        texts.append(text)
        return _reply(lookups=[lookup]) if len(texts) == 1 else _reply(edits=[_edit(MEDIAN)])

    studio.implement(answer).run(studio.state, "add most")

    assert "assert total([1, 2]) == 3" in texts[1]


GOOD = "from shop import mean\n\n\ndef test_mean():\n    assert mean([1, 3]) == 2\n"


def test_a_test_for_an_unreached_line_is_offered_with_the_mutant_that_it_catches(
    studio: Studio,
) -> None:
    (written,) = studio.cover(GOOD).run(studio.state)

    (path,) = written.files
    assert path == "test_pullwright_1.py"
    assert "reaches line 6" in written.receipt
    assert "in shop.py:6" in written.receipt
    assert written.subject == "Test mean"


@pytest.mark.parametrize(
    "text",
    [
        "from shop import mean\n\n\ndef test_mean():\n    mean([1, 3])\n",
        "from shop import total\n\n\ndef test_other():\n    assert total([]) == 0\n",
        "from shop import mean\n\n\ndef test_mean():\n    assert mean([1, 3]) == 7\n",
        "def test_mean(:\n",
        "",
    ],
    ids=["checks nothing", "reaches nothing", "fails", "no python", "nothing"],
)
def test_a_test_that_catches_nothing_is_not_offered(studio: Studio, text: str) -> None:
    with pytest.raises(Refused, match="caught a mutant"):
        studio.cover(text).run(studio.state)


def test_where_every_changed_line_is_reached_there_is_nothing_to_write() -> None:
    head = {"shop.py": b"def total(prices):\n    return sum(prices) + 0\n"}
    studio = Studio(head)

    with pytest.raises(Refused, match="a test reaches every changed line"):
        studio.cover(GOOD).run(studio.state)


def test_a_model_that_is_down_is_the_reason_that_is_given(studio: Studio) -> None:
    with pytest.raises(ReplyUnusable, match="no JSON"):
        studio.implement(lambda _: ReplyUnusable("no JSON")).run(studio.state, "add most")
