"""The port to a language model: it is asked for data of a schema, and never for an act.

What a model may look up it asks for as data too: a schema with a union of requests (`read`,
`search`, ...) and the answer, carried on with `Prompt.follow`. The API's own tool calls are not
used: Cerebras refuses them together with a strict schema ("tools" is incompatible with
"response_format"), other servers need a parser of their own for each model, and one validated
shape is one place where a path or a made-up verb is refused.
"""

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from bot.domain.prompt import Prompt

CALL_SECONDS = 120.0
"""For one `complete`, its tries and waits included, where the caller names no other limit."""


class Reply(BaseModel):
    """Base of the schemas of replies: what was not asked for is dropped unread (rule R16).

    A request that a model makes forbids it instead: `class Read(Reply, extra="forbid")`.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")


T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, as the server counted them."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    """Of the prompt, those that the server had kept."""
    is_estimated: bool = False
    """The server counted nothing for at least one try: bytes divided by 4 stand in."""

    @property
    def tokens(self) -> int:
        """Both directions together."""
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.cached_tokens + other.cached_tokens,
            self.is_estimated or other.is_estimated,
        )


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens."""

    prompt_usd: float
    completion_usd: float

    def usd(self, usage: Usage) -> float:
        """Return what the tokens cost; kept ones cost as much as others."""
        prompt = usage.prompt_tokens * self.prompt_usd
        return (prompt + usage.completion_tokens * self.completion_usd) / 1e6


@dataclass(frozen=True, slots=True)
class Spending:
    """What calls cost."""

    usage: Usage
    usd: float

    def __add__(self, other: "Spending") -> "Spending":
        return Spending(self.usage + other.usage, self.usd + other.usd)


NOTHING = Spending(Usage(), 0.0)


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Which model answers, and why that one."""

    id: str
    reason: str
    price: Price
    context_tokens: int
    """Prompt and reply together."""


@dataclass(frozen=True, slots=True)
class Completion(Generic[T]):
    """A reply that is what was asked for."""

    value: T
    text: str
    """The reply's JSON, without any reasoning: for `Prompt.follow` and for records."""
    spending: Spending
    """Of every try."""
    seconds: float
    model: str
    tries: int
    redactions: int
    """Secrets that were taken out of the prompt."""


class Model(Protocol):
    """One model for one run, within the run's budget; calls may run side by side."""

    def card(self) -> ModelCard:
        """Return which model it is; raises ModelFailed where none can be asked."""
        ...

    def complete(
        self, prompt: Prompt, schema: type[T], *, timeout_s: float = CALL_SECONDS
    ) -> Completion[T]:
        """Return a reply of the schema after at most three tries, one repair among them.

        Raises ModelFailed: ModelRefused, ModelBusy, ModelUnreachable, PromptTooLong,
        ReplyUnusable, or BudgetSpent where the call was not made.
        """
        ...

    def spent(self) -> Spending:
        """Return what this run has cost so far, failed calls included."""
        ...
