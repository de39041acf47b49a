"""The model behind the port: at most three tries, one repair, one deadline, one purse."""

import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel

from bot.adapters.cerebras_client import FieldUnknown, Silent
from bot.adapters.model_purse import Permit, SharedPurse
from bot.adapters.reply_parser import Invalid, NoReply, estimated_usage, parse_answer, parse_served
from bot.adapters.reply_schema import strict_schema
from bot.domain.model import CALL_SECONDS, NOTHING, Completion, ModelCard, Spending, Usage
from bot.domain.model_budget import Allowance, Demand, demand
from bot.domain.model_choice import AUTO, Wanted, card, pick
from bot.domain.prompt import Block, Prompt, Seal, SealedPrompt, estimated_tokens
from bot.errors import ModelBusy, ModelUnreachable, ReplyUnusable

MAX_TRIES = 3
TRY_SECONDS = 60.0
"""For one request, so that a server that hangs leaves time for another try."""
LIST_SECONDS = 20.0
_UNTOLD_WAIT_S = 1.0
"""Where the server names no time: doubled with every try, and up to twice as long by chance."""
_QUOTED_REPLY = 4000
"""Characters of a bad reply that the repair shows."""

T = TypeVar("T", bound=BaseModel)


class Client(Protocol):
    """One request and its answer, as `CerebrasClient` sends them."""

    @property
    def host(self) -> str:
        """The server's name in messages."""
        ...

    def served(self, *, timeout_s: float) -> bytes:
        """Return the list of models."""
        ...

    def chat(self, request: Mapping[str, Any], *, timeout_s: float) -> bytes:
        """Return the answer to a chat."""
        ...


@dataclass(frozen=True, slots=True)
class Waiting:
    """The clock that deadlines are read from, and how to let it run."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class CerebrasModel:
    """One model for one run; its client may serve many runs."""

    def __init__(
        self,
        client: Client,
        seal: Seal,
        allowance: Allowance,
        *,
        wanted: Wanted | None = None,
        waiting: Waiting | None = None,
    ) -> None:
        self.client = client
        self.seal = seal
        self.purse = SharedPurse(allowance)
        self.waiting = waiting or Waiting()
        self.refused_fields: set[str] = set()
        """Fields that the server does not know; learned once."""
        self._wanted = wanted or Wanted()
        self._card: ModelCard | None = None
        self._choosing = threading.Lock()
        self._held_until = 0.0

    def card(self) -> ModelCard:
        """Return which model it is, and why that one."""
        return self._card_by(self.waiting.now() + CALL_SECONDS)

    def complete(
        self, prompt: Prompt, schema: type[T], *, timeout_s: float = CALL_SECONDS
    ) -> Completion[T]:
        """Return a reply of the schema, within tries, time and budget."""
        started = self.waiting.now()
        ends_at = started + timeout_s
        model = self._card_by(ends_at)
        call = _Call(self, model, prompt, schema, ends_at=ends_at)
        value, text = call.run()
        return Completion(
            value,
            text,
            call.spending,
            self.waiting.now() - started,
            model.id,
            call.tries,
            call.redactions,
        )

    def spent(self) -> Spending:
        """Return what the run has cost so far."""
        return self.purse.spent()

    def hold(self, seconds: float) -> None:
        """Let no call of this run out for so long: the server asked for it."""
        self._held_until = max(self._held_until, self.waiting.now() + seconds)

    def wait_for_turn(self, ends_at: float) -> None:
        """Wait while calls are held; raises ModelBusy where that outlasts the deadline."""
        seconds = self._held_until - self.waiting.now()
        if seconds <= 0:
            return
        if self.waiting.now() + seconds >= ends_at:
            at = datetime.now(UTC) + timedelta(seconds=seconds)
            host = self.client.host
            raise ModelBusy(f"{host} takes no more requests until {at:%H:%M:%S} UTC", retry_at=at)
        self.waiting.sleep(seconds)

    def _card_by(self, ends_at: float) -> ModelCard:
        """Choose once; who comes meanwhile waits for that, as long as they have time."""
        if not self._choosing.acquire(timeout=max(0.0, ends_at - self.waiting.now())):
            raise ModelUnreachable(f"{self.client.host} did not list its models in time")
        try:
            if self._card is None:
                self._card = self._chosen(ends_at)
            return self._card
        finally:
            self._choosing.release()

    def _chosen(self, ends_at: float) -> ModelCard:
        named, prices = self._wanted.model, self._wanted.prices
        if named != AUTO:
            return card(named, "PULLWRIGHT_MODEL names it", prices)
        served = self._served(ends_at)
        picked = pick(served, host=self.client.host)
        return card(picked, f"auto, of {len(served)} served", prices)

    def _served(self, ends_at: float) -> list[str]:
        tries = 0
        while True:
            tries += 1
            left = max(ends_at - self.waiting.now(), 0.001)
            try:
                return parse_served(self.client.served(timeout_s=min(left, LIST_SECONDS)))
            except (ModelBusy, ModelUnreachable, NoReply) as error:
                wait = wait_s(error, tries)
                if tries >= MAX_TRIES or self.waiting.now() + wait >= ends_at:
                    raise
                self.waiting.sleep(wait)


class _Call(Generic[T]):
    """One `complete`: what it has tried so far."""

    def __init__(
        self,
        model: CerebrasModel,
        card: ModelCard,
        prompt: Prompt,
        schema: type[T],
        *,
        ends_at: float,
    ) -> None:
        self.tries = 0
        self.spending = NOTHING
        self.redactions = 0
        self._model = model
        self._card = card
        self._prompt = prompt
        self._schema = schema
        self._ends_at = ends_at
        self._is_repaired = False

    def run(self) -> tuple[T, str]:
        """Try until a reply fits; raises what the last try raised."""
        while True:
            self.tries += 1
            try:
                return self._try()
            except Invalid as error:
                self._repair(error)
            except FieldUnknown as error:
                # No try of the model, and over after as many as there are such fields.
                self._model.refused_fields.add(error.name)
                self.tries -= 1
            except NoReply as error:
                self._pause(error, ReplyUnusable(self._named(str(error))))
            except (ModelBusy, ModelUnreachable) as error:
                self._pause(error, error)

    def _try(self) -> tuple[T, str]:
        self._model.wait_for_turn(self._ends_at)
        sealed = self._model.seal.sealed(self._prompt)
        self.redactions = sealed.redactions
        request = self._request(sealed)
        wanted = self._demand(sealed, request)
        purse = self._model.purse
        with (
            purse.call(wanted, patience_s=self._left()) as permit,
            self._charged(permit, sealed),
        ):
            body = self._model.client.chat(request, timeout_s=self._time_for_a_try())
            value, text, usage = parse_answer(body, self._schema, prompt_text=sealed.text)
            self._pay(permit, usage)
            return value, text

    @contextmanager
    def _charged(self, permit: Permit, sealed: SealedPrompt) -> Iterator[None]:
        """Pay for a try that failed after the server may have done the work."""
        try:
            yield
        except Invalid as error:
            self._pay(permit, error.usage)
            raise
        except (NoReply, Silent):
            self._pay(permit, estimated_usage(sealed.text, ""))
            raise

    def _pay(self, permit: Permit, usage: Usage) -> None:
        spending = Spending(usage, self._card.price.usd(usage))
        self.spending += spending
        permit.pay(spending)

    def _left(self) -> float:
        return self._ends_at - self._model.waiting.now()

    def _time_for_a_try(self) -> float:
        left = self._left()
        if left <= 0:
            raise ModelUnreachable(f"no time was left for {self._card.id} to answer")
        return min(left, TRY_SECONDS)

    def _repair(self, error: Invalid) -> None:
        """Show the model what is wrong with its reply, once."""
        if self._is_repaired or self.tries >= MAX_TRIES:
            raise ReplyUnusable(self._named(str(error))) from error
        self._is_repaired = True
        self._prompt = self._prompt.follow(
            error.reply[:_QUOTED_REPLY] or "(nothing)",
            "Your reply cannot be used:",
            Block("what is wrong with it", str(error)),
            "Reply again with the whole JSON of the schema, shorter if need be, and nothing else.",
        )

    def _pause(self, error: Exception, final: Exception) -> None:
        """Wait before the next try, or raise what ends the call."""
        seconds = wait_s(error, self.tries)
        if isinstance(error, ModelBusy):
            self._model.hold(seconds)
        if self.tries >= MAX_TRIES or seconds >= self._left():
            raise final
        if not isinstance(error, ModelBusy):
            self._model.waiting.sleep(seconds)

    def _named(self, problem: str) -> str:
        tries = f"{self.tries} tries" if self.tries > 1 else "one try"
        return f"{self._card.id} gave no usable reply in {tries}: {problem}"

    def _request(self, sealed: SealedPrompt) -> dict[str, Any]:
        rules, fields = sealed.rules, self._optional_fields(sealed)
        if "response_format" not in fields:
            rules += f"\n\nReply with JSON of this schema:\n{json.dumps(self._strict_schema())}"
        turns = [
            {"role": "user" if turn.is_ours else "assistant", "content": turn.text}
            for turn in sealed.turns
        ]
        return {
            "model": self._card.id,
            "messages": [{"role": "system", "content": rules}, *turns],
            "max_completion_tokens": self._prompt.max_reply_tokens,
            **fields,
        }

    def _optional_fields(self, sealed: SealedPrompt) -> dict[str, Any]:
        form = {"name": "reply", "strict": True, "schema": self._strict_schema()}
        fields: dict[str, Any] = {"response_format": {"type": "json_schema", "json_schema": form}}
        if self._prompt.cache_key:
            fields["prompt_cache_key"] = self._prompt.cache_key
        if sealed.predicted:
            fields["prediction"] = {"type": "content", "content": sealed.predicted}
        return {k: v for k, v in fields.items() if k not in self._model.refused_fields}

    def _strict_schema(self) -> dict[str, object]:
        return strict_schema(self._schema)

    def _demand(self, sealed: SealedPrompt, request: dict[str, Any]) -> Demand:
        return demand(
            prompt_tokens=estimated_tokens(sealed.text),
            request_bytes=len(json.dumps(request, ensure_ascii=False).encode("utf-8", "replace")),
            max_reply_tokens=self._prompt.max_reply_tokens,
            price=self._card.price,
        )


def wait_s(error: Exception, tries: int) -> float:
    """Return how long to wait before the next try: as told, or longer every time."""
    told = error.retry_at if isinstance(error, ModelBusy) else None
    if told is not None:
        return max(0.0, (told - datetime.now(UTC)).total_seconds())
    # By chance up to twice as long, so that calls side by side do not come back together.
    wait: float = _UNTOLD_WAIT_S * 2 ** (tries - 1) * (1 + secrets.randbelow(1000) / 1000)
    return wait
