"""The part of the composition root that knows the search for repairs, for whoever wants one."""

from collections.abc import Sequence

from bot.adapters.sandbox_validator import SandboxValidator
from bot.adapters.system_clock import SystemClock
from bot.adapters.tree_sitter_mends import TreeSitterMends
from bot.agent.attempt import Lead
from bot.agent.testing import Suite
from bot.agent.tools.repair import Repair, Wish
from bot.agent.trying import Benches
from bot.repair.generator import Generator


def repair_tool(suite: Suite, wish: Wish) -> Repair:
    """Return the tool that searches."""
    return Repair(Benches(suite, SandboxValidator).open, SystemClock(), wish, _mends)


def _mends(lead: Lead) -> Sequence[Generator]:
    """Return who proposes repairs in languages other than Python."""
    return (TreeSitterMends(lead.texts, lead.ranked),)
