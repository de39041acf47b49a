"""The purse of a run: whether one more call to the model fits into its tokens and dollars.

A call is admitted by what it is likely to use. The likely figure may be too low (bytes divided by
4 is an estimate), so a call whose worst case does not fit goes alone: it is admitted only when no
other is out. Whatever a run goes over its budget by is therefore less than that one call.
"""

from dataclasses import dataclass, replace
from enum import Enum

from bot.domain.model import NOTHING, Price, Spending, Usage

ENVELOPE_TOKENS = 256
"""More than what a server's chat template adds to a prompt."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a run may use."""

    tokens: int
    usd: float


@dataclass(frozen=True, slots=True)
class Demand:
    """What one call may use."""

    likely_tokens: int
    worst_tokens: int
    likely_usd: float
    worst_usd: float


def demand(
    *, prompt_tokens: int, request_bytes: int, max_reply_tokens: int, price: Price
) -> Demand:
    """Return what a call may use: the estimate and the whole reply, or a token for every byte."""
    likely = Usage(prompt_tokens, max_reply_tokens)
    # No tokenizer makes more tokens than there are bytes.
    worst = Usage(max(prompt_tokens, request_bytes) + ENVELOPE_TOKENS, max_reply_tokens)
    return Demand(likely.tokens, worst.tokens, price.usd(likely), price.usd(worst))


class Admission(Enum):
    """What a call does now."""

    GO = "go"
    WAIT = "wait"
    """Until another call is back."""
    NO = "no"


@dataclass(frozen=True, slots=True)
class Purse:
    """What is spent and what is out."""

    allowance: Allowance
    spent: Spending = NOTHING
    out: tuple[Demand, ...] = ()

    def admission(self, wanted: Demand) -> Admission:
        """Return whether a call may go."""
        if self._fits(wanted.worst_tokens, wanted.worst_usd):
            return Admission.GO
        if self.out:
            return Admission.WAIT
        return Admission.GO if self._fits(wanted.likely_tokens, wanted.likely_usd) else Admission.NO

    def taken(self, wanted: Demand) -> "Purse":
        """Return the purse with one more call out."""
        return replace(self, out=(*self.out, wanted))

    def settled(self, wanted: Demand, spending: Spending) -> "Purse":
        """Return the purse with a call back and paid."""
        left = list(self.out)
        left.remove(wanted)
        return replace(self, spent=self.spent + spending, out=tuple(left))

    def refusal(self, wanted: Demand) -> str:
        """Say what is used up: the sentence for a partial verdict's limits."""
        usage, limit = self.spent.usage, self.allowance
        if usage.tokens + wanted.likely_tokens > limit.tokens:
            return (
                f"the model's budget of {limit.tokens:,} tokens: {usage.tokens:,} are used, and "
                f"the next call would need about {wanted.likely_tokens:,}"
            )
        return (
            f"the model's budget of ${limit.usd:.2f}: ${self.spent.usd:.4f} is used, and the "
            f"next call would need about ${wanted.likely_usd:.4f}"
        )

    def _fits(self, tokens: int, usd: float) -> bool:
        out_tokens = sum(each.worst_tokens for each in self.out)
        out_usd = sum(each.worst_usd for each in self.out)
        is_in_tokens = self.spent.usage.tokens + out_tokens + tokens <= self.allowance.tokens
        return is_in_tokens and self.spent.usd + out_usd + usd <= self.allowance.usd
