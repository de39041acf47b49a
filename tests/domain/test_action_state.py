import base64
import zlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.domain.action_state import (
    LIMIT_STATE_BYTES,
    ActionState,
    StateUnreadable,
    merged,
    state_in,
    state_line,
    with_state,
    without_state,
)
from bot.domain.findings import Category, Finding, FindingId, FindingState, Location, Severity
from bot.domain.ledger import Dismissal, KnownFinding
from bot.domain.markdown import LIMIT_BYTES, size_bytes
from bot.domain.markers import Marker, MarkerKind, parse_marker
from bot.domain.pull_records import PullMode
from bot.domain.pull_request import Sha

HEAD = Sha("a" * 40)
MARKER = Marker(MarkerKind.SUMMARY, HEAD, "run1")
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def _known(
    number: int, state: FindingState = FindingState.OPEN, snippet: str = "x"
) -> KnownFinding:
    finding = Finding(
        rule="F401",
        severity=Severity.LOW,
        category=Category.STYLE,
        title="t",
        body="b",
        location=Location("a.py", number, number),
        snippet=f"{snippet}{number}",
        source="ruff",
        confidence=1.0,
        state=state,
        id=FindingId(f"F{number}"),
    )
    return KnownFinding(finding, "digest", HEAD, HEAD)


def _dismissed(number: int) -> KnownFinding:
    known = _known(number, FindingState.DISMISSED)
    return replace(known, dismissal=Dismissal("noise", "ada", NOW))


def test_what_is_remembered_comes_back_from_a_comment() -> None:
    state = ActionState(PullMode.PAUSED, (_known(1), _dismissed(2)))

    body = with_state(MARKER.under("Words."), state_line(state))

    assert state_in(body) == state
    assert parse_marker(body) == MARKER
    assert without_state(body).startswith("Words.")
    assert "pullwright:state" not in without_state(body)


def test_a_comment_stays_under_its_limit_and_keeps_both_lines() -> None:
    line = state_line(ActionState(findings=(_known(1),)))

    body = with_state(MARKER.under("é" * 60_000), line)

    assert size_bytes(body) <= LIMIT_BYTES
    assert state_in(body) is not None
    assert parse_marker(body) == MARKER


def test_what_people_decided_is_kept_when_not_all_of_it_fits() -> None:
    noise = "".join(f"{n * n * 7919:x}" for n in range(40_000))
    many = tuple(_known(n, FindingState.FIXED, noise[n * 90 : n * 90 + 90]) for n in range(1, 900))

    line = state_line(ActionState(PullMode.IGNORED, (*many, _dismissed(1000))))
    kept = state_in(line)

    assert len(line) <= LIMIT_STATE_BYTES
    assert kept is not None
    assert (kept.mode, [k.id for k in kept.findings]) == (PullMode.IGNORED, ["F1000"])


def test_a_line_that_we_did_not_write_is_refused_and_not_taken_for_nothing() -> None:
    bomb = base64.b64encode(zlib.compress(b" " * (64 << 20))).decode()
    wrong = base64.b64encode(zlib.compress(b'{"mode":"of"}')).decode()

    for packed in ("AAAA", bomb[:50_000], wrong):
        with pytest.raises(StateUnreadable):
            state_in(f"x\n<!-- pullwright:state:v1 {packed} -->\n")


def test_a_dismissal_of_another_run_is_not_lost_where_two_runs_overlap() -> None:
    before = ActionState(findings=(_known(1),))
    theirs = ActionState(PullMode.PAUSED, findings=(_dismissed(1),))

    both = merged(before, ActionState(findings=(_known(1), _known(2))), theirs)

    assert both.mode is PullMode.PAUSED
    assert [(k.id, k.state) for k in both.findings] == [
        ("F1", FindingState.DISMISSED),
        ("F2", FindingState.OPEN),
    ]
