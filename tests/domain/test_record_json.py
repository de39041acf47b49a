"""Whatever a step observed is what a resumed run reads."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.agent.state import Observation
from bot.domain.diff import Side
from bot.domain.edits import Edit, Patch
from bot.domain.evidence import Counts, Outcome, Proof, StopReason, TestReport
from bot.domain.findings import (
    Category,
    Finding,
    FindingId,
    FindingState,
    Location,
    Severity,
    Suggestion,
)
from bot.domain.ledger import Dismissal
from bot.domain.ports import SandboxFacts, SourceFile
from bot.domain.record_json import RecordUnreadable, dump, load
from bot.domain.review import Decision
from bot.domain.verdict import Conclusion, Cost, Coverage, SkippedFile, Verdict

AWKWARD = [
    "\0",
    "\ud83d\ude00",
    "\ud83d",
    "\udcff",
    "\ufdd0",
    "\ufdd01",
    "\ufdd0\ufdd0",
    "🙂",
    "\n",
]
TEXT = st.one_of(
    st.text(st.characters(), max_size=8),
    st.lists(st.sampled_from(AWKWARD), max_size=4).map("".join),
)
WHOLE = st.integers(-(2**70), 2**70)
REAL = st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
COUNTS = st.builds(Counts, WHOLE, WHOLE)


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), values)


def one_patch(path: str, lines: list[str]) -> Patch:
    old = "".join(f"{line}\n" for line in lines)
    return Patch((Edit(path, 3, 2 + old.count("\n"), old, f"{path}\n"),))


PATCH = st.builds(one_patch, TEXT, st.lists(TEXT, max_size=3))
PROOF = st.builds(
    Proof, target=TEXT, is_applied=st.booleans(), is_parsed=maybe(st.booleans()),
    new_lint=maybe(TEXTS), is_target_gone=st.booleans(), is_target_back=st.booleans(),
    before=maybe(COUNTS), after=maybe(COUNTS), fail_to_pass=TEXTS, pass_to_fail=TEXTS,
    reaching=maybe(WHOLE), is_self_reported=st.booleans(), image=TEXT, quality=maybe(REAL),
    seconds=REAL, run_id=TEXT, problem=maybe(TEXT),
)  # fmt: skip
FINDING = st.builds(
    Finding, rule=TEXT, severity=st.sampled_from(Severity), category=st.sampled_from(Category),
    title=TEXT, body=TEXT,
    location=st.builds(Location, TEXT, WHOLE, WHOLE, st.sampled_from(Side)), snippet=TEXT,
    source=TEXT, confidence=REAL, symbol=TEXT, evidence=TEXTS, fix=maybe(PATCH),
    is_fix_safe=st.booleans(), suggestion=maybe(st.builds(Suggestion, PATCH, TEXT, maybe(PROOF))),
    state=st.sampled_from(FindingState), id=TEXT.map(FindingId),
)  # fmt: skip
REPORT = st.builds(
    TestReport, command=TEXTS, exit_code=maybe(WHOLE),
    outcomes=st.dictionaries(TEXT, st.sampled_from(Outcome), max_size=3), seconds=REAL,
    stop=st.sampled_from(StopReason), problem=maybe(TEXT),
    messages=st.dictionaries(TEXT, TEXT, max_size=2),
    reach=st.dictionaries(
        TEXT, st.dictionaries(WHOLE, st.frozensets(TEXT, max_size=3), max_size=2), max_size=2
    ),
    is_self_reported=st.booleans(), image=TEXT, flaky=st.frozensets(TEXT, max_size=3),
)  # fmt: skip
FACTS = st.builds(SandboxFacts, TEXT, TEXT, TEXT, TEXTS)
OBSERVATION = st.builds(
    Observation, summary=TEXT, findings=maybe(st.lists(FINDING, max_size=2).map(tuple)),
    seen=st.frozensets(st.tuples(TEXT, st.integers(0, 99)), max_size=4),
    base_tests=maybe(REPORT), head_tests=maybe(REPORT),
    sandboxes=st.lists(FACTS, max_size=2).map(tuple), limits=TEXTS, notes=TEXTS,
    is_final=st.booleans(),
)  # fmt: skip
FIGURES = st.dictionaries(TEXT, REAL, max_size=3)
DECISION = st.builds(
    Decision, step=WHOLE, tool=TEXT, eligible=st.dictionaries(TEXT, st.booleans(), max_size=3),
    features=st.dictionaries(TEXT, FIGURES, max_size=2), utilities=FIGURES,
    contributions=st.dictionaries(TEXT, FIGURES, max_size=2), propensities=FIGURES,
    policy_version=TEXT, seconds=REAL, observation=TEXT,
)  # fmt: skip
ORDER_PROBE = """
from bot.agent.state import Observation
from bot.domain.record_json import dump
seen = frozenset((f"file{n}.py", n % 3) for n in range(40))
print(dump(Observation("x", seen=seen)))
"""


@settings(max_examples=150, deadline=None)
@given(OBSERVATION)
def test_an_observation_comes_back_as_it_was(observation: Observation) -> None:
    text = dump(observation)

    assert load(Observation, text) == observation
    assert dump(load(Observation, text)) == text


@settings(max_examples=80, deadline=None)
@given(DECISION)
def test_a_decision_comes_back_as_it_was(decision: Decision) -> None:
    assert load(Decision, dump(decision)) == decision


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*AWKWARD, "0", "1", "\\u", "a"]), max_size=8).map("".join))
@example("\ud83d\ufdd01\ude00")
def test_every_text_comes_back_and_every_database_takes_it(text: str) -> None:
    stored = dump(text)

    assert stored.isascii()
    assert stored.isprintable()
    assert load(str, stored) == text


@given(st.dictionaries(TEXT, st.booleans(), max_size=6))
def test_mappings_keep_their_order(eligible: dict[str, bool]) -> None:
    # State goes into comments by iterating over it, so a resumed run has to meet the same order.
    decision = Decision(1, "lint", eligible, {}, {}, {}, {}, "v", 0.0, "")

    assert list(load(Decision, dump(decision)).eligible) == list(eligible)


def test_none_and_empty_stay_apart() -> None:
    assert load(Observation, dump(Observation("x", findings=()))).findings == ()
    assert load(Observation, dump(Observation("x", findings=None))).findings is None


def test_one_value_has_one_text_in_every_process() -> None:
    outputs = {
        subprocess.run(
            [sys.executable, "-c", ORDER_PROBE], check=True, capture_output=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip

    assert len(outputs) == 1


def test_verdicts_and_times_come_back() -> None:
    coverage = Coverage(1, 2, (SkippedFile("a\udcff", "why", is_exempt=True),))
    verdict = Verdict(Conclusion.PARTIAL, coverage, ("slow",), ("lint",), Cost(0.5))
    dismissal = Dismissal("noise", "octocat", datetime(2026, 10, 1, 12, 0, 0, 5, tzinfo=UTC))

    assert load(Verdict, dump(verdict)) == verdict
    assert load(Dismissal, dump(dismissal)) == dismissal


def test_a_field_that_an_older_record_lacks_takes_its_default() -> None:
    record = json.loads(dump(Observation("x", limits=("slow",))))
    del record["notes"]

    assert load(Observation, json.dumps(record)) == Observation("x", limits=("slow",))


def without(name: str) -> Callable[[dict[str, object]], object]:
    return lambda record: {key: value for key, value in record.items() if key != name}


@pytest.mark.parametrize(
    "change",
    [
        lambda record: record | {"mood": "good"},
        lambda record: record | {"limits": "slow"},
        lambda record: record | {"summary": 5},
        lambda record: record | {"is_final": 1},
        lambda record: record | {"seen": [["a.py", True]]},
        lambda record: record | {"seen": [["a.py", 1, 2]]},
        lambda record: record | {"sandboxes": [{"kind": "docker"}]},
        lambda record: record | {"base_tests": []},
        without("summary"),
        lambda _: None,
        lambda _: [],
    ],
)
def test_a_record_of_another_version_is_refused(change: Callable[[object], object]) -> None:
    record = change(json.loads(dump(Observation("x"))))

    with pytest.raises(RecordUnreadable, match="a stored Observation cannot be read"):
        load(Observation, json.dumps(record))


@pytest.mark.parametrize("text", ["{", "[" * 100_000])
def test_what_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(RecordUnreadable):
        load(Observation, text)


def test_a_number_that_is_not_finite_never_enters_the_record() -> None:
    with pytest.raises(ValueError, match="JSON"):
        dump(Cost(float("nan")))


@pytest.mark.parametrize("value", [bytearray(b"bytes"), {"a", "b"}, object()])
def test_what_has_no_form_in_json_is_a_bug(value: object) -> None:
    with pytest.raises(TypeError, match="has no form in JSON"):
        dump(value)


@given(st.binary(max_size=40))
def test_bytes_come_back_as_they_were(data: bytes) -> None:
    file = SourceFile("a", data)

    assert load(SourceFile, dump(file)) == file
