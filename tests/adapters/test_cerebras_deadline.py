"""Tries, waits and spending over any course of events, on a clock that moves only when told."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapters.cerebras_client import Silent
from bot.adapters.cerebras_model import MAX_TRIES, TRY_SECONDS, CerebrasModel, Waiting
from bot.adapters.reply_parser import NoReply
from bot.domain.model_budget import Allowance
from bot.domain.model_choice import Wanted
from bot.domain.prompt import Prompt, ask
from bot.errors import BudgetSpent, ModelBusy, ModelFailed, ModelUnreachable
from tests.adapters.model_contract import Note
from tests.fakes.model import seal

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""The machine may be busy with other things."""

GOOD = '{"title": "t", "line": 1, "kind": "bug"}'
MARGIN_S = 0.01
"""Between the clock of the test and the date that a busy server names."""


@dataclass
class Event:
    """What one request meets."""

    kind: str
    seconds: float
    """Until the answer; a request that may not wait so long meets silence."""
    told_s: float | None = None
    tokens: int = 0


@dataclass
class FakeClient:
    """A server in virtual time; when the events are used up it answers well and at once."""

    events: list[Event]
    now: float = 0.0
    limits: list[float] = field(default_factory=list)
    """How long each request was ready to wait."""
    used: list[int] = field(default_factory=list)
    """Tokens of each request that the server counted."""
    list_seconds: float = 0.0
    lists: int = 0
    host: str = "model.example"

    def served(self, *, timeout_s: float) -> bytes:
        self.lists += 1
        self.now += min(self.list_seconds, timeout_s)
        if self.list_seconds > timeout_s:
            raise Silent("silence")
        return b'{"data": [{"id": "gpt-oss-120b"}]}'

    def chat(self, request: Mapping[str, Any], *, timeout_s: float) -> bytes:
        event = self.events.pop(0) if self.events else Event("good", 0.0)
        self.limits.append(timeout_s)
        self.now += min(event.seconds, timeout_s)
        if event.seconds > timeout_s:
            raise Silent("silence")
        if event.kind == "busy":
            told = None if event.told_s is None else datetime.now(UTC) + timedelta(0, event.told_s)
            raise ModelBusy("busy", retry_at=told)
        if event.kind == "broken":
            raise ModelUnreachable("broken")
        if event.kind == "garbage":
            raise NoReply("garbage")
        self.used.append(event.tokens)
        usage = {"prompt_tokens": event.tokens, "completion_tokens": 0}
        content = GOOD if event.kind == "good" else "no"
        choice = {"message": {"content": content}, "finish_reason": "stop"}
        return json.dumps({"choices": [choice], "usage": usage}).encode()

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def model(self, allowance: Allowance, wanted: str = "gpt-oss-120b") -> CerebrasModel:
        waiting = Waiting(now=lambda: self.now, sleep=self.sleep)
        return CerebrasModel(self, seal(), allowance, wanted=Wanted(wanted), waiting=waiting)


EVENTS = st.lists(
    st.builds(
        Event,
        st.sampled_from(["good", "bad", "busy", "broken", "garbage"]),
        st.floats(0, 200) | st.just(0.0),
        st.none() | st.floats(0, 200),
        st.integers(0, 3000),
    ),
    max_size=8,
)


@UNHURRIED
@given(events=EVENTS, timeout_s=st.floats(0.1, 300), list_seconds=st.floats(0, 100))
def test_no_call_outlasts_its_deadline_or_tries_more_than_three_times(
    events: list[Event], timeout_s: float, list_seconds: float
) -> None:
    client = FakeClient(events, list_seconds=list_seconds)
    model = client.model(Allowance(10**9, 10**6), wanted="auto")
    try:
        done = model.complete(ask("Rules.", "Look."), Note, timeout_s=timeout_s)
    except ModelFailed:
        tries = len(client.limits)
    else:
        tries = done.tries
        assert done.value.title == "t"

    assert tries == len(client.limits) <= MAX_TRIES
    assert client.lists <= MAX_TRIES
    assert client.now <= timeout_s + MARGIN_S
    assert all(0 < limit <= TRY_SECONDS for limit in client.limits)


@UNHURRIED
@given(events=EVENTS, tokens=st.integers(0, 40_000), calls=st.integers(1, 6))
def test_no_run_spends_more_than_its_budget_and_one_call(
    events: list[Event], tokens: int, calls: int
) -> None:
    client = FakeClient(events)
    model = client.model(Allowance(tokens, 10**6))
    prompt = Prompt("Rules.", ask("", "word " * 800).turns, max_reply_tokens=500)
    for _ in range(calls):
        try:
            model.complete(prompt, Note, timeout_s=100)
        except BudgetSpent:
            requests = len(client.limits)
            break
        except ModelFailed:
            continue
    else:
        requests = len(client.limits)

    spent = model.spent().usage.tokens
    # What the server counted for one request, or the estimate where it counted nothing.
    assert spent <= tokens + max([1100, *client.used])
    assert len(client.limits) == requests


def test_a_server_that_hangs_leaves_time_for_another_try() -> None:
    client = FakeClient([Event("good", 1e6)])
    done = client.model(Allowance(10**9, 10**6)).complete(ask("R", "L"), Note, timeout_s=120)

    assert done.tries == 2
    assert client.limits[0] == TRY_SECONDS
    assert TRY_SECONDS - 2 <= client.limits[1] < TRY_SECONDS
