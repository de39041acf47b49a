"""The part of the composition root that knows the model: its tools, for whoever has one."""

from dataclasses import dataclass

from bot.adapters.tree_sitter_outline import TreeSitterOutline
from bot.agent.prove import Prover
from bot.agent.testing import Suite
from bot.agent.tool import Tool
from bot.agent.tools.critique import Critique
from bot.agent.tools.reproduce import Reproduce
from bot.agent.tools.review import Reading, Review
from bot.agent.tools.rewrite import Rewrite
from bot.domain.model import Model
from bot.domain.ports import Syntax, Workspace
from bot.domain.repo_config import RepoConfig


@dataclass(frozen=True)
class Parts:
    """What the tools without a model work on, and those with one as well."""

    workspace: Workspace
    config: RepoConfig
    suite: Suite
    prover: Prover
    syntax: Syntax


def model_tools(model: Model, parts: Parts) -> tuple[Tool, ...]:
    """Return the tools that ask a model."""
    workspace, syntax = parts.workspace, parts.syntax
    guidance = _guidance(workspace, parts.config)
    reading = Reading(model, workspace, TreeSitterOutline(), guidance=guidance)
    return (
        Review(reading),
        Critique(model),
        Reproduce(model, parts.suite, workspace, syntax),
        Rewrite(model, parts.prover),
    )


def _guidance(workspace: Workspace, config: RepoConfig) -> dict[str, str]:
    """Return the maintainers' files at the base, where a pull request cannot write them."""
    files = workspace.files(workspace.change.base_sha, config.guidance)
    return {file.path: file.data.decode("utf-8", "replace") for file in files}
