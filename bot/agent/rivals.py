"""Findings that more than one tool of a run could mend, before any of these has tried."""

from collections.abc import Collection, Mapping
from itertools import islice

from bot.agent.state import State
from bot.agent.tools.autofix import Autofix, fitting
from bot.agent.tools.finish import Finish
from bot.agent.tools.rewrite import Rewrite, has_target
from bot.agent.tools.test import Test
from bot.agent.tools.verify import Verify
from bot.agent.turns import LEAST_STEPS, is_pressed
from bot.policy.features import Features
from bot.policy.fixing import fixers

MOST = 3
"""Findings of a run for which somebody else than usual may go first: each may cost a model's call.
The worst ones."""
_NEEDED = frozenset({Autofix.name, Rewrite.name, Test.name, Verify.name})
"""Without all of these nobody else goes first: `rewrite` tries when the tests have run."""


def rivals(state: State, tools: Collection[str]) -> Mapping[str, Mapping[str, Features]]:
    """Return by fingerprint the fixers of findings for which nobody was chosen yet."""
    is_open = set(tools) >= _NEEDED and not {Rewrite.name, Finish.name} & set(state.tools_run)
    if not is_open or is_pressed(state) or state.steps_left < LEAST_STEPS:
        return {}
    open_ones = (f for f in fitting(state) if f.suggestion is None and has_target(f))
    found = {f.fingerprint: fixers(f, tools) for f in open_ones}
    new = ((name, able) for name, able in found.items() if name not in state.first)
    return dict(islice(new, max(0, MOST - len(state.first))))
