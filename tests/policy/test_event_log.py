"""The door of the log: what is written is read back, and what is wrong is refused."""

import json
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.outcomes import Outcome
from bot.domain.record_json import RecordUnreadable
from bot.policy.event_log import (
    BadEvent,
    DecisionLogged,
    OutcomeSeen,
    canonical,
    read,
    read_log,
    written,
)
from bot.policy.vectors import BadFeatures, Layout
from tests.policy.worlds import START, decision, history, outcome

LAYOUT = Layout(("a", "b"))
NAN, INFINITY = float("nan"), float("inf")


def decided(**changes: object) -> DecisionLogged:
    made = decision(0, LAYOUT, np.random.default_rng(0), **changes)
    assert isinstance(made, DecisionLogged)
    return made


@given(st.integers(0, 50))
def test_what_is_written_is_read_back(seed: int) -> None:
    events = history(3, LAYOUT, seed=seed)

    assert [read(written(event)) for event in events] == events


def test_a_line_that_was_cut_off_waits_for_its_end() -> None:
    events = history(3, LAYOUT)
    text = "".join(written(event) + "\n" for event in events)

    assert list(read_log(text)) == events
    assert list(read_log(text[:-30])) == events[:-1]
    assert list(read_log("")) == []


@pytest.mark.parametrize(
    ("change", "value"),
    [("v", 2), ("v", None), ("kind", "wish"), ("body", {}), ("body", None), ("more", 1)],
)
def test_an_event_of_another_version_is_refused(change: str, value: object) -> None:
    line = json.loads(written(decided()))

    with pytest.raises(RecordUnreadable):
        read(json.dumps({**line, change: value}))


@pytest.mark.parametrize("line", ["", "1", "[]", "{", '{"v":1}', "null"])
def test_a_line_that_is_no_event_is_refused(line: str) -> None:
    with pytest.raises(RecordUnreadable):
        read(line)


def test_an_unknown_field_is_refused() -> None:
    line = json.loads(written(decided()))
    line["body"]["mood"] = "good"

    with pytest.raises(RecordUnreadable, match="mood"):
        read(json.dumps(line))


@pytest.mark.parametrize("bad", [NAN, INFINITY, -INFINITY, 1.0000001, -2.0])
def test_a_feature_that_is_not_in_the_unit_interval_is_refused(bad: float) -> None:
    for place in range(3):
        rows = [[0.5, 0.0], [0.0, 0.0], [0.0, 0.1]]
        rows[place][place % 2] = bad
        with pytest.raises(BadEvent):
            decided(features=tuple(tuple(row) for row in rows))
    with pytest.raises(BadFeatures):
        LAYOUT.vector({"a": bad})


@pytest.mark.parametrize("bad", [NAN, INFINITY, 1.5, -1.0001])
def test_a_reward_that_is_not_in_the_unit_interval_is_refused(bad: float) -> None:
    with pytest.raises(BadEvent):
        outcome(0, None, reward=bad)


@pytest.mark.parametrize(
    "changes",
    [
        {"propensities": (0.5, 0.5, 0.5)},
        {"propensities": (NAN, 0.5, 0.5)},
        {"propensities": (0.5, 0.5)},
        {"propensities": (0.0, 0.5, 0.5), "chosen": 0},
        {"propensities": (-0.5, 0.5, 1.0)},
        {"propensities": (5e-324, 0.5, 0.5), "chosen": 0},
        {"policy_version": "\ud800"},
        {"repo": "\0"},
        {"tools": ("\ud800", "b", "c")},
        {"chosen": 3},
        {"chosen": -1},
        {"features": ((0.0,), (0.0, 0.0), (0.0,))},
        {"features": ((0.0,),)},
        {"tools": (), "features": (), "propensities": ()},
        {"occurred_at": datetime(2026, 1, 1)},  # noqa: DTZ001 - that is what is refused
    ],
)
def test_a_decision_whose_parts_do_not_fit_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(BadEvent):
        decided(**changes)


def test_only_a_measured_outcome_has_a_reward() -> None:
    with pytest.raises(BadEvent):
        outcome(0, Outcome.APPLIED, reward=1.0)
    with pytest.raises(BadEvent):
        outcome(0, None)


@given(st.permutations(history(6, LAYOUT)), st.integers(0, 6))
def test_the_order_is_one_whatever_arrived_when_and_how_often(
    events: list[DecisionLogged | OutcomeSeen], again: int
) -> None:
    assert canonical([*events, *events[:again]]) == canonical(history(6, LAYOUT))


def test_events_of_the_same_moment_are_ordered_by_their_ids() -> None:
    first = decided()
    second = replace(first, event_id="decision:zzz", occurred_at=START)

    assert canonical([second, first]) == [first, second]
