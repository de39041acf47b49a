"""The part of the composition root that knows the model: its tools, for whoever has one."""

from dataclasses import dataclass

from bot.adapters.tree_sitter_outline import TreeSitterOutline
from bot.agent.answering import Answering
from bot.agent.cover import Cover
from bot.agent.implement import Implement
from bot.agent.linting import Linter
from bot.agent.prove import Prover
from bot.agent.studio import Studio
from bot.agent.surroundings import Surroundings
from bot.agent.testing import Suite
from bot.agent.tool import Tool
from bot.agent.tools.critique import Critique
from bot.agent.tools.reproduce import Reproduce
from bot.agent.tools.review import Reading, Review
from bot.agent.tools.rewrite import Rewrite
from bot.agent.workshop import Workshop
from bot.domain.model import Model
from bot.domain.ports import Syntax, Workspace
from bot.domain.repo_config import RepoConfig
from bot.model_wiring import guidance_of


@dataclass(frozen=True)
class Parts:
    """What the tools without a model work on, and those with one as well."""

    workspace: Workspace
    config: RepoConfig
    linter: Linter
    suite: Suite
    prover: Prover
    syntax: Syntax


def model_tools(model: Model, parts: Parts) -> tuple[Tool, ...]:
    """Return the tools that ask a model."""
    workspace, syntax = parts.workspace, parts.syntax
    guidance = guidance_of(workspace, parts.config)
    reading = Reading(model, workspace, TreeSitterOutline(), guidance=guidance)
    return (
        Review(reading),
        Critique(model),
        Reproduce(model, parts.suite, workspace, syntax),
        Rewrite(model, parts.prover),
    )


def studio(model: Model, parts: Parts) -> Studio:
    """Return what a model does besides reviews."""
    workspace, syntax = parts.workspace, parts.syntax
    outline = TreeSitterOutline()
    surroundings = Surroundings(workspace, outline)
    workshop = Workshop(workspace, parts.suite, parts.linter, syntax)
    return Studio(
        model,
        Answering(model, workspace, surroundings),
        Implement(model, workshop, surroundings),
        Cover(model, workshop, outline, syntax),
    )


def answering(model: Model, workspace: Workspace) -> Answering:
    """Return who answers questions about a change; nothing of it runs."""
    return Answering(model, workspace, Surroundings(workspace, TreeSitterOutline()))
