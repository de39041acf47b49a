"""A model without a server: the same script, the same seal, the same purse."""

import json
import threading
import time
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import BaseModel

from bot.adapters.model_purse import SharedPurse
from bot.adapters.reply_parser import Invalid, parse_answer
from bot.adapters.reply_schema import strict_schema
from bot.domain.model import (
    CALL_SECONDS,
    NOTHING,
    Completion,
    ModelCard,
    Price,
    Spending,
    Usage,
)
from bot.domain.model_budget import Allowance, demand
from bot.domain.prompt import Block, Prompt, Seal, SealedPrompt, estimated_tokens
from bot.domain.prompt_redaction import PromptRedactor
from bot.errors import ModelUnreachable, ReplyUnusable
from tests.model_server.api import answer
from tests.model_server.replies import Asked, Reply, Script, in_turn

T = TypeVar("T", bound=BaseModel)

PRICE = Price(1.0, 2.0)
CARD = ModelCard("scripted", "a fake for tests", PRICE, 32_768)
ENOUGH = Allowance(tokens=10_000_000, usd=1000.0)


def seal(*secrets: str) -> Seal:
    """Return a seal with a boundary that tests may know."""
    return Seal("b0undary", PromptRedactor(secrets))


@dataclass
class ScriptedModel:
    script: Script = field(default_factory=lambda: in_turn(Reply()))
    seal: Seal = field(default_factory=seal)
    allowance: Allowance = ENOUGH
    prompts: list[SealedPrompt] = field(default_factory=list)
    """Every prompt as it left, in order."""

    def __post_init__(self) -> None:
        self._purse = SharedPurse(self.allowance)
        self._guard = threading.Lock()

    def card(self) -> ModelCard:
        return CARD

    def spent(self) -> Spending:
        return self._purse.spent()

    def complete(
        self, prompt: Prompt, schema: type[T], *, timeout_s: float = CALL_SECONDS
    ) -> Completion[T]:
        try:
            return self._asked(prompt, schema, NOTHING, tries=1, timeout_s=timeout_s)
        except Invalid as error:
            paid = _priced(error.usage)
            mended = prompt.follow(error.reply or "(nothing)", Block("what is wrong", str(error)))
        try:
            return self._asked(mended, schema, paid, tries=2, timeout_s=timeout_s)
        except Invalid as error:
            raise ReplyUnusable(f"no usable reply in 2 tries: {error}") from error

    def _asked(
        self, prompt: Prompt, schema: type[T], before: Spending, *, tries: int, timeout_s: float
    ) -> Completion[T]:
        sealed = self.seal.sealed(prompt)
        wanted = demand(
            prompt_tokens=estimated_tokens(sealed.text),
            request_bytes=len(sealed.text.encode()),
            max_reply_tokens=prompt.max_reply_tokens,
            price=PRICE,
        )
        started = time.monotonic()
        with self._purse.call(wanted, patience_s=timeout_s) as permit:
            with self._guard:
                self.prompts.append(sealed)
            try:
                value, text, usage = self._reply(sealed, schema, prompt.max_reply_tokens)
            except Invalid as error:
                permit.pay(_priced(error.usage))
                raise
            permit.pay(_priced(usage))
        seconds = time.monotonic() - started
        total = before + _priced(usage)
        return Completion(value, text, total, seconds, CARD.id, tries, sealed.redactions)

    def _reply(self, sealed: SealedPrompt, schema: type[T], limit: int) -> tuple[T, str, Usage]:
        messages = [{"role": "system", "content": sealed.rules}] + [
            {"role": "user" if turn.is_ours else "assistant", "content": turn.text}
            for turn in sealed.turns
        ]
        request: dict[str, object] = {
            "model": CARD.id,
            "messages": messages,
            "max_completion_tokens": limit,
        }
        request["response_format"] = {"json_schema": {"schema": strict_schema(schema)}}
        asked = Asked(request, {})
        reply = self.script(asked)
        if not isinstance(reply, Reply):
            raise ModelUnreachable(f"the server is broken: {reply.kind.value}")
        body = json.dumps(answer(asked, reply)).encode()
        return parse_answer(body, schema, prompt_text=sealed.text)


def _priced(usage: Usage) -> Spending:
    return Spending(usage, PRICE.usd(usage))
