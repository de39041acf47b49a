"""What the log refuses at the door."""

from dataclasses import replace

import pytest

from bot.domain.event_log import BadEvent
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
