"""What was said in a thread, and what a model answers there."""

from dataclasses import dataclass

from bot.domain.model import Reply
from bot.domain.model_findings import Lookup


class AnswerReply(Reply):
    """The reply to a question."""

    lookups: tuple[Lookup, ...]
    answer: str
    refuted: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person is told."""

    text: str
    refutation: str = ""
    """Why the finding is wrong, as the code shows; empty where it stands."""
