"""The order of the tools is drawn, and nothing that a review needs is left out by chance."""

from dataclasses import replace

import pytest

from bot.agent.loop import Pick
from bot.agent.picking import Sampling, candidates
from bot.agent.review import review, start
from bot.domain.ledger import RunId
from bot.policy.choosing import TOOLS_BY_HAND
from bot.policy.selection import HAND_WEIGHTS, VERSION, Greedy
from bot.policy.softmax import Shape
from tests.agent.toys import Bench

BASE = {"a.toy": b"fine\n", "b.toy": b"one\n", "all.tests": b"works a.toy fine\n"}
HEAD = {"a.toy": b"gone\n", "b.toy": b"one\nBUG 1\nBUG 2\n"}
EVEN = replace(TOOLS_BY_HAND, shape=Shape(temperature=1e6, floor=0.0))
"""Draws as if nothing were known of any tool."""


def drawn(run: str, sampler: object = EVEN) -> tuple[Bench, tuple[str, ...]]:
    bench = Bench(BASE, HEAD)
    loop = bench.loop.picking(lambda greedy: Sampling(sampler, RunId(run), "1", greedy).pick)  # type: ignore[arg-type]  # any sampler
    done = review(bench.workspace, loop, bench.config, run_id=run)
    bench.heard.finished.clear()
    findings = {(f.rule, f.location, f.suggestion is not None) for f in done.review.findings}
    bench.found = findings, done.review.verdict.conclusion  # type: ignore[attr-defined]
    return bench, done.state.tools_run


def test_whatever_is_drawn_a_review_says_the_same() -> None:
    bench = Bench(BASE, HEAD)
    done = bench.review()
    findings = {(f.rule, f.location, f.suggestion is not None) for f in done.review.findings}

    runs = [drawn(f"run{number}") for number in range(24)]

    assert len({tools for _, tools in runs}) > 2
    for other, tools in runs:
        assert other.found == (findings, done.review.verdict.conclusion)  # type: ignore[attr-defined]
        assert set(tools) == set(done.state.tools_run)
        assert tools[-1] == "finish"


def test_a_run_that_is_resumed_draws_the_same() -> None:
    assert drawn("run7")[1] == drawn("run7")[1]


def test_nothing_ends_a_run_while_a_tool_is_needed() -> None:
    first = start(Bench(BASE, HEAD).workspace, Bench(BASE, HEAD).config)
    eligible = {"finish": {}, "lint": {"unseen": 1.0}, "test": {"seconds": 1.0}}

    assert candidates(first, eligible) == {"lint": {"unseen": 1.0}}
    assert candidates(first, {"finish": {}, "test": {"seconds": 1.0}}) == {"finish": {}}


@pytest.mark.parametrize(
    ("tool", "first_one"),
    [("rewrite", "bisect"), ("rewrite", "verify"), ("repair", "bisect"), ("critique", "reproduce")],
)
def test_what_would_take_another_tool_s_work_away_waits_for_it(tool: str, first_one: str) -> None:
    state = start(Bench(BASE, HEAD).workspace, Bench(BASE, HEAD).config)
    eligible = {tool: {"fixable": 1.0}, first_one: {"fixable": 0.5}, "finish": {}}

    assert set(candidates(state, eligible)) == {first_one}


def test_what_mends_a_finding_waits_for_what_locates_it() -> None:
    first = start(Bench(BASE, HEAD).workspace, Bench(BASE, HEAD).config)
    eligible = {"rewrite": {"fixable": 1.0}, "bisect": {"unlocated": 1.0}, "finish": {}}

    assert set(candidates(first, eligible)) == {"bisect"}
    assert set(candidates(first, {"rewrite": {"fixable": 1.0}, "finish": {}})) == {"rewrite"}


def test_a_tool_that_was_needed_has_its_turn_though_others_saw_everything() -> None:
    bench = Bench(BASE, HEAD)
    first = start(bench.workspace, bench.config)
    loop = bench.loop.picking(lambda greedy: Sampling(EVEN, RunId("r"), "1", greedy).pick)
    step = loop.step(first)
    state = first.after(step.decision, step.observation)
    needed = next(n for n, is_open in step.decision.eligible.items() if is_open)
    other = next(n for n in ("lint", "test") if n != step.decision.tool)

    found = candidates(state, {other: {"seconds": 1.0}, "finish": {}})

    assert needed in ("lint", "test")
    assert set(found) == {other}


@pytest.mark.parametrize(("left", "version"), [(1.0, VERSION), (1800.0, f"{VERSION}-sampled")])
def test_who_is_short_of_time_does_not_draw(left: float, version: str) -> None:
    bench = Bench(BASE, HEAD)
    first = replace(start(bench.workspace, bench.config), seconds_left=left)
    greedy: Pick = lambda _state, eligible: Greedy(HAND_WEIGHTS).pick(eligible)  # noqa: E731 - a port

    choice = Sampling(TOOLS_BY_HAND, RunId("r"), "1", greedy).pick(
        first, {"lint": {"unseen": 1.0}, "finish": {}}
    )

    assert choice.policy_version == version
