"""What the log refuses at the door."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from bot.domain.event_log import BadEvent
from bot.domain.ledger import PullKey
from tests.adapters.event_log_contract import an_event


@pytest.mark.parametrize(
    "body",
    [
        '{"reward": NaN}',
        '{"reward": 1.0001}',
        '{"verdict": {"worth": {"reward": -2}}}',
        '{"reward": "1"}',
        '{"reward": true}',
        '{"x": [1e999]}',
        '{"x": -Infinity}',
        "[1]",
        '{"reward": 0.',
        "",
    ],
)
def test_a_body_that_no_fold_could_take_is_refused(body: str) -> None:
    with pytest.raises(BadEvent):
        replace(an_event(), body=body)


@pytest.mark.parametrize("body", ["{}", '{"reward": -1}', '{"reward": null}', '{"reward": 0.5}'])
def test_a_reward_within_the_range_is_taken(body: str) -> None:
    assert replace(an_event(), body=body).body == body


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(BadEvent, match="observed_at has no time zone"):
        replace(an_event(), observed_at=an_event().observed_at.replace(tzinfo=None))


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_utc_does_not_have_is_refused(at: str) -> None:
    with pytest.raises(BadEvent, match="occurred_at is no time in UTC"):
        replace(an_event(), occurred_at=datetime.fromisoformat(at))


@pytest.mark.parametrize(
    "changes",
    [
        {"event_id": "\ud800"},
        {"kind": "a\0b"},
        {"decision": "run.fix-\udfff"},
        {"suggestion": "\0"},
        {"pull": PullKey(1 << 63, 1)},
        {"pull": PullKey(1, 1 << 31)},
        {"pull": PullKey(-1, 1)},
    ],
)
def test_what_no_database_takes_is_refused_at_the_door(changes: dict[str, Any]) -> None:
    with pytest.raises(BadEvent):
        replace(an_event(), **changes)
