"""`autofix`: the analyzers' own fixes become suggestions, where they fit and may be offered."""

from dataclasses import replace

from bot.agent.state import Observation, State
from bot.domain import comments
from bot.domain.edits import EditRefused, Patch, Taken
from bot.domain.findings import Finding, Suggestion
from bot.domain.gaming import refusal
from bot.policy.features import Features, cost, saturating

MOST_FIXES = 200
"""Considered in one run, the worst findings first: each costs a parse and a share of a proof."""


class Autofix:
    """Costs nothing but thought: the edits came with the findings."""

    name = "autofix"

    def is_eligible(self, state: State) -> bool:
        return self.name not in state.tools_run and bool(_fixable(state))

    def features(self, state: State) -> Features:
        return {"fixable": saturating(len(_fixable(state)), half=1), "seconds": cost(0)}

    def run(self, state: State) -> Observation:
        fixable = _fixable(state)
        considered = [f.fix for f in fixable[:MOST_FIXES] if f.fix is not None]
        taken = Taken()
        offered = {p for p in considered if _may_offer(state, p) and taken.take(p)}
        findings = tuple(
            replace(f, suggestion=Suggestion(f.fix, source=self.name))
            if f.suggestion is None and f.fix is not None and f.fix in offered
            else f
            for f in state.findings
        )
        left = len(fixable) - len(considered)
        return Observation(
            f"{len(offered)} of {len(fixable)} fixes fit",
            findings=findings,
            notes=(comments.fixes_left_out(left, most=MOST_FIXES),) if left else (),
        )


def _fixable(state: State) -> list[Finding]:
    """Return the findings with a fix to try, the worst first and else as the analyzers ran."""
    found = [f for f in state.findings if f.fix is not None and f.suggestion is None]
    return sorted(found, key=lambda finding: finding.severity.rank)


def _may_offer(state: State, patch: Patch) -> bool:
    """Two analyzers may mend the same lines: the first one wins, the other stays a finding."""
    try:
        after = patch.apply(state.head)
    except EditRefused:
        return False
    is_change = any(after[path] != state.head[path] for path in after)
    return is_change and refusal(patch, state.config.fix.protected_paths) is None
