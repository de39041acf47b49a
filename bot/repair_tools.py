"""The part of the composition root that knows the search for repairs, for whoever wants one."""

from collections.abc import Sequence

from bot.adapters.sandbox_validator import SandboxValidator
from bot.adapters.system_clock import SystemClock
from bot.adapters.tree_sitter_mends import TreeSitterMends
from bot.agent.attempt import Lead, unasked
from bot.agent.proposals import ModelProposals
from bot.agent.testing import Suite
from bot.agent.tools.repair import Repair, Wish
from bot.agent.trying import Benches
from bot.domain.model import Model
from bot.repair.generator import Generator


def repair_tool(suite: Suite, wish: Wish, model: Model | None) -> Repair:
    """Return the tool that searches; a model, where there is one, proposes too."""
    ask = ModelProposals(model) if model is not None else unasked
    return Repair(Benches(suite, SandboxValidator).open, SystemClock(), wish, _mends, ask)


def _mends(lead: Lead) -> Sequence[Generator]:
    """Return who proposes repairs in languages other than Python."""
    return (TreeSitterMends(lead.texts, lead.ranked),)
