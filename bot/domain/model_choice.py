"""Which model is asked, and what it costs: ids and prices change often, so both are data."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.domain.model import ModelCard, Price
from bot.domain.untrusted import one_line
from bot.errors import ModelRefused

AUTO = "auto"
_PAPERS_OWN = "qwen-3-32b"
"""The model of the paper; retired at Cerebras, served by many others."""
_LAST = "gpt-oss-120b"
_QWEN = re.compile(r"qwen-?3\.(\d{1,3})(?:-(\d{1,4})b)?(?![\d.])", re.IGNORECASE)

PRICES: Mapping[str, Price] = {
    "qwen-3-32b": Price(0.40, 0.80),
    "qwen-3.8-27b": Price(0.99, 1.49),
    "gpt-oss-120b": Price(0.35, 0.75),
}
"""Cerebras' list, 2026; `PULLWRIGHT_MODEL_PRICES` has the last word."""
_CONTEXT_TOKENS: Mapping[str, int] = {"qwen-3.8-27b": 64_000, "gpt-oss-120b": 65_536}
"""Of the smallest plan: what is sent must fit whoever pays."""
_LEAST_CONTEXT_TOKENS = 32_768


@dataclass(frozen=True, slots=True)
class PriceList:
    """What the operator pays, with Cerebras' list behind it."""

    own: Mapping[str, Price] = field(default_factory=dict)

    def of(self, model: str) -> Price:
        """Return the price of a model; one that nobody knows is as dear as the dearest."""
        known = {**PRICES, **self.own}
        if model in known:
            return known[model]
        return Price(
            max(price.prompt_usd for price in known.values()),
            max(price.completion_usd for price in known.values()),
        )

    def is_known(self, model: str) -> bool:
        """Tell whether the price is the model's own."""
        return model in self.own or model in PRICES


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the operator chose."""

    model: str = AUTO
    prices: PriceList = field(default_factory=PriceList)


def card(model: str, reason: str, prices: PriceList) -> ModelCard:
    """Return what is known of a model."""
    if not prices.is_known(model):
        reason += "; its price is not known, so it counts as the dearest (PULLWRIGHT_MODEL_PRICES)"
    context = _CONTEXT_TOKENS.get(model, _LEAST_CONTEXT_TOKENS)
    return ModelCard(model, reason, prices.of(model), context)


def pick(served: Iterable[str], *, host: str) -> str:
    """Return the first that is served of qwen-3-32b, the newest qwen-3.x, and gpt-oss-120b.

    Raises ModelRefused naming what is served.
    """
    ids = sorted(set(served))
    if _PAPERS_OWN in ids:
        return _PAPERS_OWN
    versions = [
        (int(found.group(1)), int(found.group(2) or 0), name)
        for name in ids
        if (found := _QWEN.match(name))
    ]
    if versions:
        return max(versions)[2]
    if _LAST in ids:
        return _LAST
    listed = one_line(", ".join(ids)) or "nothing"
    raise ModelRefused(
        f"{host} serves no model that auto knows: set PULLWRIGHT_MODEL to one that it has: {listed}"
    )
