"""Who serves: the trial week, and the way back to the very same bytes."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.policy.evaluation import Estimate
from bot.policy.gate import Check, GateRecord
from bot.policy.promotion import (
    NotPromoted,
    PolicyVersion,
    Record,
    Status,
    Versions,
    reason_to_roll_back,
    wilson,
)
from tests.policy.worlds import START

HAND = PolicyVersion("hand", None, b"hand\n\x00\xff", START, Status.SERVING, None)
FIRST = Versions((HAND,))


def record(candidate: str, incumbent: str, *, is_met: bool = True) -> GateRecord:
    gain = Estimate(0.1, 0.01, 300.0, 500)
    check = Check("gain", is_met, 0.1, 0.02)
    return GateRecord(candidate, incumbent, START, 1000, gain, (check,))


def test_a_promotion_needs_a_record_that_passed() -> None:
    with pytest.raises(NotPromoted, match="did not pass"):
        FIRST.promoted(b"new", record("new", "hand", is_met=False))


def test_a_record_against_another_incumbent_promotes_nothing() -> None:
    with pytest.raises(NotPromoted, match="judged against other"):
        FIRST.promoted(b"new", record("new", "other"))


def test_a_version_is_promoted_once() -> None:
    with pytest.raises(NotPromoted, match="before"):
        FIRST.promoted(b"x", record("hand", "hand"))


@given(st.binary(), st.binary())
def test_a_rollback_serves_the_same_bytes_again(old: bytes, new: bytes) -> None:
    first = Versions((PolicyVersion("hand", None, old, START, Status.SERVING, None),))
    second = first.promoted(new, record("new", "hand"))

    back = second.rolled_back("worse")

    assert second.serving.blob == new
    assert back.serving.blob == old
    assert back.known[-1].reason == "worse"
    assert [each.status for each in back.known] == [Status.SERVING, Status.ROLLED_BACK]


def test_two_rollbacks_go_back_two_versions() -> None:
    third = FIRST.promoted(b"a", record("a", "hand")).promoted(b"b", record("b", "a"))

    assert third.rolled_back("x").serving.version == "a"
    assert third.rolled_back("x").rolled_back("y").serving.version == "hand"


def test_the_first_version_has_nothing_to_go_back_to() -> None:
    with pytest.raises(NotPromoted, match="no parent"):
        FIRST.rolled_back("worse")


def test_in_its_first_week_a_version_has_a_fifth_of_the_pull_requests() -> None:
    versions = FIRST.promoted(b"new", record("new", "hand"))
    names = [f"owner/repo#{index}" for index in range(5000)]

    def share(days: int) -> float:
        at = START + timedelta(days=days)
        served = [versions.for_pull_request(name, at=at).version for name in names]
        return served.count("new") / len(served)

    assert share(0) == share(6) == pytest.approx(0.2, abs=0.02)
    assert share(7) == 1.0


def told(rewards: int, mean: float, unwanted: float, broken: float = 0.01) -> Record:
    return Record(
        rewards,
        mean * rewards,
        rewards * (0.5 + mean * mean),
        round(unwanted * rewards),
        rewards,
        round(broken * rewards),
    )


@pytest.mark.parametrize(
    ("new", "says"),
    [
        (told(200, 0.3, 0.1), None),
        (told(200, 0.3, 0.5), "not useful"),
        (told(200, 0.0, 0.1), "mean reward"),
        (told(200, 0.3, 0.1, 0.05), "broke tests"),
        (told(5, -1.0, 0.2), None),
        (told(0, 0.0, 0.0), None),
    ],
)
def test_a_version_goes_back_for_one_of_three_reasons(new: Record, says: str | None) -> None:
    why = reason_to_roll_back(new, told(2000, 0.3, 0.1))

    assert why is None if says is None else (why or "").startswith(says)


def test_wilsons_interval_is_the_known_one() -> None:
    assert wilson(1, 10) == pytest.approx((0.0179, 0.4042), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(0, 20)[0] == 0.0
