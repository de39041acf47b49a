"""Another tool may mend a finding first, and chance takes nothing away from a review."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

import pytest

from bot.agent.loop import Loop
from bot.agent.picking import Sampling
from bot.agent.review import Episode, review, start
from bot.agent.rivals import MOST, rivals
from bot.agent.state import State
from bot.agent.tools.autofix import fitting
from bot.domain.edits import Edit, Patch
from bot.domain.evidence import Grade
from bot.domain.findings import Severity
from bot.domain.ledger import RunId
from bot.domain.model_edits import ProposedEdit, RewriteReply
from bot.errors import ModelFailed
from bot.policy.choosing import FIXERS_BY_HAND, TOOLS_BY_HAND
from bot.policy.fixing import fixers
from bot.policy.softmax import Shape
from tests.agent.model_toys import Answer, ToyModel
from tests.agent.toys import Bench

BASE = {"a.toy": b"one\n", "all.tests": b"works a.toy one\n"}
HEAD = {"a.toy": b"one\nBUG 1\nBUG 2\n", "all.tests": b"works a.toy one\n"}
EVEN = replace(TOOLS_BY_HAND, shape=Shape(temperature=1e6, floor=0.0))


def mended(text: str) -> RewriteReply:
    line = text.partition("It is a bug.\n")[2].partition("\n")[0]
    edit = ProposedEdit(
        path="a.toy", search=f"{line}\n", replace=line.replace("BUG", "good") + "\n"
    )
    return RewriteReply(edits=(edit,), explanation="so")


def nothing(_: str) -> RewriteReply:
    return RewriteReply(edits=(), explanation="no idea")


def worse(_: str) -> RewriteReply:
    edit = ProposedEdit(path="a.toy", search="one\n", replace="BUG 3\n")
    return RewriteReply(edits=(edit,), explanation="so")


def fails(_: str) -> ModelFailed:
    return ModelFailed("the model does not answer")


def bench(answer: Answer, head: Mapping[str, bytes] = HEAD) -> Bench:
    return Bench(BASE, dict(head), model=ToyModel({"RewriteReply": answer}))


def first(tool: str) -> Callable[[State, Collection[str]], Mapping[str, str]]:
    return lambda state, tools: dict.fromkeys(rivals(state, tools), tool)


def run(made: Bench, around: Callable[[Loop], Loop]) -> Episode:
    return review(made.workspace, around(made.loop), made.config, run_id="r")


def by(tool: str, name: str = "r") -> Callable[[Loop], Loop]:
    """Let a tool go first, and draw the order of the tools as if nothing were known of them."""

    def around(loop: Loop) -> Loop:
        drawn = loop.picking(lambda greedy: Sampling(EVEN, RunId(name), "1", greedy).pick)
        return drawn.taking_turns(first(tool))

    return around


def proved(done: Episode) -> dict[str, str]:
    found = ((f.snippet, f.suggestion) for f in done.review.findings)
    return {
        snippet: s.source for snippet, s in found if s and s.proof and s.proof.grade is Grade.PROVED
    }


def test_a_greedy_review_takes_the_analyzer_s_fix_and_asks_no_model() -> None:
    made = bench(mended)

    assert set(proved(made.review()).values()) == {"autofix"}
    assert isinstance(made.model, ToyModel)
    assert made.model.prompts == []


def test_who_goes_first_mends_it_and_the_other_is_not_tried() -> None:
    made = bench(mended)

    done = run(made, lambda loop: loop.taking_turns(first("rewrite")))

    assert set(proved(done).values()) == {"rewrite"}
    assert "autofix" not in done.state.tools_run


@pytest.mark.parametrize("answer", [mended, nothing, worse, fails])
@pytest.mark.parametrize("tool", ["autofix", "rewrite"])
def test_whoever_goes_first_all_that_is_proved_else_is_proved(tool: str, answer: Answer) -> None:
    usual = set(proved(bench(answer).review()))

    for number in range(6):
        done = run(bench(answer), by(tool, f"run{number}"))

        assert set(proved(done)) == usual
        assert done.state.tools_run[-1] == "finish"


def test_what_the_first_one_does_not_mend_is_the_other_s_turn() -> None:
    done = run(bench(nothing), lambda loop: loop.taking_turns(first("rewrite")))

    tools = done.state.tools_run
    assert set(proved(done).values()) == {"autofix"}
    assert tools.index("rewrite") < tools.index("autofix")


def test_the_step_that_found_them_tells_who_goes_first() -> None:
    done = run(bench(nothing), lambda loop: loop.taking_turns(first("rewrite")))

    [told] = [d.observation for d in done.review.decisions if "first" in d.observation]
    assert told.endswith("; first rewrite: toy-bug a.toy:2, toy-bug a.toy:3")


def test_where_no_tests_tool_is_there_nobody_else_goes_first() -> None:
    made = bench(mended)
    state = run(made, by("autofix")).state

    assert rivals(replace(state, tools_run=(), first={}), ("autofix", "rewrite", "verify")) == {}


def test_who_is_short_of_time_or_steps_waits_for_nobody() -> None:
    made = bench(mended)
    tools = ("lint", "test", "autofix", "verify", "rewrite", "finish")
    first_one = start(made.workspace, made.config)
    step = made.loop.step(first_one)
    state = first_one.after(step.decision, step.observation)

    assert len(rivals(state, tools)) == 2
    assert rivals(replace(state, seconds_left=1.0), tools) == {}
    assert rivals(replace(state, steps_left=3), tools) == {}


def test_a_run_that_gets_short_of_time_lets_everybody_mend() -> None:
    made = bench(mended)

    def hurried(state: State, tools: Collection[str]) -> Mapping[str, str]:
        return first("rewrite")(replace(state, seconds_left=1e9), tools)

    short = made.config.model_copy(
        update={"budget": made.config.budget.model_copy(update={"seconds": 10_000})}
    )
    begun = replace(start(made.workspace, short), seconds_left=100.0)
    last = made.loop.taking_turns(hurried).run(begun)

    assert last.first
    assert {f.suggestion.source for f in last.findings if f.suggestion} == {"autofix"}


def test_only_a_few_findings_of_a_run_may_cost_more_than_usual() -> None:
    head = {**HEAD, "a.toy": b"one\n" + b"".join(b"BUG %d\n" % n for n in range(3, 12))}

    done = run(bench(nothing, head), by("rewrite"))

    assert len(done.state.first) == MOST
    assert len(proved(done)) == 9


def test_who_waits_keeps_the_lines_of_its_fix() -> None:
    made = bench(nothing)
    state = start(made.workspace, made.config)
    found = made.loop.step(state).observation.findings
    assert found
    other = Patch((Edit("a.toy", 2, 2, "BUG 1\n", "else\n"),))
    rival = replace(found[0], rule="other", severity=Severity.LOW, fix=other)
    state = replace(state, findings=(rival, found[0]), first={found[0].fingerprint: "rewrite"})

    assert fitting(state) == [found[0]]
    assert fitting(replace(state, tools_run=("lint", "autofix"))) == [found[0]]


@pytest.mark.parametrize("severity", ["critical", "low"])
@pytest.mark.parametrize("is_safe", [True, False])
def test_by_hand_the_analyzer_s_own_fix_goes_first(severity: str, is_safe: bool) -> None:
    made = bench(mended)
    step = made.loop.step(start(made.workspace, made.config))
    found = step.observation.findings
    assert found

    finding = replace(found[0], severity=Severity(severity), is_fix_safe=is_safe)
    choice = FIXERS_BY_HAND.pick(fixers(finding, ("autofix", "rewrite")), decision_id="d", repo="1")

    assert choice.utilities["autofix"] > choice.utilities["rewrite"] + 0.1
    assert choice.propensities["rewrite"] >= 0.005 * (1 - 1e-9)
