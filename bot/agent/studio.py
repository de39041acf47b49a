"""What a model does besides reviews: it answers questions and writes code that is asked for."""

from dataclasses import dataclass

from bot.agent.answering import Answering
from bot.agent.cover import Cover
from bot.agent.implement import Implement
from bot.domain.model import Model


@dataclass(frozen=True)
class Studio:
    """Everything that a model can be asked for on one change."""

    model: Model
    answering: Answering
    implement: Implement
    cover: Cover
