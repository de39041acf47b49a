"""A model over functions, and the bench of toys with it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import BaseModel

from bot.adapters.tree_sitter_outline import TreeSitterOutline
from bot.agent.tool import Tool
from bot.agent.tools.critique import Critique
from bot.agent.tools.review import Reading, Review
from bot.domain.model import CALL_SECONDS, NOTHING, Completion, ModelCard, Price, Spending, Usage
from bot.domain.prompt import Block, Prompt
from tests.fakes.workspace import FakeWorkspace

T = TypeVar("T", bound=BaseModel)
Answer = Callable[[str], BaseModel | Exception]
"""From the text of a prompt to the reply, or to the error that is raised."""


@dataclass
class ToyModel:
    """Answers by the class of the schema; what it has no answer for breaks the test."""

    answers: dict[str, Answer]
    prompts: list[tuple[str, str]] = field(default_factory=list)
    """The schema's name and the text of each prompt."""
    asked: list[Prompt] = field(default_factory=list)

    def card(self) -> ModelCard:
        return ModelCard("toy", "there is no other", Price(1, 1), 100_000)

    def complete(
        self, prompt: Prompt, schema: type[T], *, timeout_s: float = CALL_SECONDS
    ) -> Completion[T]:
        text = text_of(prompt)
        self.prompts.append((schema.__name__, text))
        self.asked.append(prompt)
        answer = self.answers[schema.__name__](text)
        if isinstance(answer, Exception):
            raise answer
        value = schema.model_validate(answer.model_dump())
        spending = Spending(Usage(100, 10), 0.01)
        return Completion(value, value.model_dump_json(), spending, 0.1, "toy", 1, 0)

    def spent(self) -> Spending:
        return NOTHING


def text_of(prompt: Prompt) -> str:
    """Return all that is asked, as one text."""
    parts = [part for turn in prompt.turns for part in getattr(turn, "parts", ())]
    shown = (f"[{p.label}]\n{p.text}" if isinstance(p, Block) else p for p in parts)
    return "\n".join((prompt.rules, *shown))


def model_tools(
    model: ToyModel, workspace: FakeWorkspace, *, chunk_bytes: int = 24_000
) -> tuple[Tool, ...]:
    """Return the tools that ask a model."""
    outline = TreeSitterOutline()
    reading = Reading(model, workspace, outline, chunk_bytes=chunk_bytes)
    return (Review(reading), Critique(model))
