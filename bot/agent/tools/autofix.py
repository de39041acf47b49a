"""`autofix`: the analyzers' own fixes become suggestions, where they fit and may be offered."""

from collections.abc import Sequence
from dataclasses import replace

from bot.agent.state import Observation, State
from bot.agent.turns import is_put_off
from bot.domain import comments
from bot.domain.edits import EditRefused, Patch, Taken
from bot.domain.findings import Finding, Suggestion
from bot.domain.gaming import refusal
from bot.policy.features import Features, cost, saturating

MOST_FIXES = 200
"""Considered in one run, the worst findings first: each costs a parse and a share of a proof."""
LAST = 0.01
"""How fixable what waits for another tool is: by hand, everything else goes first."""


class Autofix:
    """Costs nothing but thought: the edits came with the findings."""

    name = "autofix"

    def is_eligible(self, state: State) -> bool:
        return bool(_due(state))

    def features(self, state: State) -> Features:
        due = _due(state)
        fixable = LAST if _waits(state, due) else saturating(len(due), half=1)
        return {"fixable": fixable, "seconds": cost(0)}

    def run(self, state: State) -> Observation:
        due, fits = _due(state), {id(finding) for finding in fitting(state)}
        mended = {id(finding) for finding in due} & fits
        findings = tuple(
            replace(f, suggestion=Suggestion(f.fix, source=self.name))
            if id(f) in mended and f.fix is not None
            else f
            for f in state.findings
        )
        offered = {finding.fix for finding in due if id(finding) in mended}
        left = 0 if self.name in state.tools_run else len(_considered(state)) - MOST_FIXES
        return Observation(
            f"{len(offered)} of {len(due)} fixes fit",
            findings=findings,
            notes=(comments.fixes_left_out(left, most=MOST_FIXES),) if left > 0 else (),
        )


def fitting(state: State) -> list[Finding]:
    """Return the findings whose fix may be offered, the worst first: the same in any order.

    What waits for another tool, or was mended by one, holds its lines all the same.
    """
    taken = Taken()
    considered = _considered(state)[:MOST_FIXES]
    return [
        f
        for f in considered
        if f.fix is not None and _may_offer(state, f.fix) and taken.take(f.fix)
    ]


def waits_for_all(state: State) -> bool:
    """Tell whether every finding that is left to mend here is another tool's to try first."""
    return _waits(state, _due(state))


def _waits(state: State, due: Sequence[Finding]) -> bool:
    return bool(due) and all(is_put_off(state, finding, Autofix.name) for finding in due)


def _due(state: State) -> list[Finding]:
    """Return the findings to mend now; those that wait come when nothing else is left to do."""
    found = [f for f in _considered(state) if f.suggestion is None]
    if Autofix.name in state.tools_run:
        found = [f for f in found if f.fingerprint in state.first]
        fits = {id(f) for f in fitting(state)} if found else set()
        found = [f for f in found if id(f) in fits]
    return [f for f in found if not is_put_off(state, f, Autofix.name)] or found


def _considered(state: State) -> list[Finding]:
    """Return the findings with a fix to try, the worst first and else as the analyzers ran."""
    found = [f for f in state.findings if f.fix is not None and _is_unmended(state, f)]
    return sorted(found, key=lambda finding: finding.severity.rank)


def _is_unmended(state: State, finding: Finding) -> bool:
    return finding.suggestion is None or bool(state.first)


def _may_offer(state: State, patch: Patch) -> bool:
    """Two analyzers may mend the same lines: the first one wins, the other stays a finding."""
    try:
        after = patch.apply(state.head)
    except EditRefused:
        return False
    is_change = any(after[path] != state.head[path] for path in after)
    return is_change and refusal(patch, state.config.fix.protected_paths) is None
