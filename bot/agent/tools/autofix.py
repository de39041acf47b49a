"""`autofix`: the analyzers' own fixes become suggestions, where they fit and may be offered."""

from dataclasses import replace

from bot.agent.state import Observation, State
from bot.domain.edits import EditRefused, Patch
from bot.domain.findings import Finding, Suggestion
from bot.domain.gaming import refusal
from bot.policy.features import Features, cost, saturating


class Autofix:
    """Costs nothing but thought: the edits came with the findings."""

    name = "autofix"

    def is_eligible(self, state: State) -> bool:
        return self.name not in state.tools_run and bool(_fixable(state))

    def features(self, state: State) -> Features:
        return {"fixable": saturating(len(_fixable(state)), half=1), "seconds": cost(0)}

    def run(self, state: State) -> Observation:
        taken: list[Patch] = []
        for finding in _fixable(state):
            if finding.fix is not None and _may_offer(state, finding.fix, taken):
                taken.append(finding.fix)
        findings = tuple(
            replace(f, suggestion=Suggestion(f.fix, source=self.name))
            if f.suggestion is None and f.fix is not None and f.fix in taken
            else f
            for f in state.findings
        )
        return Observation(f"{len(taken)} of {len(_fixable(state))} fixes fit", findings=findings)


def _fixable(state: State) -> list[Finding]:
    return [f for f in state.findings if f.fix is not None and f.suggestion is None]


def _may_offer(state: State, patch: Patch, taken: list[Patch]) -> bool:
    """Two analyzers may mend the same lines: the first one wins, the other stays a finding."""
    try:
        after = patch.apply(state.head)
    except EditRefused:
        return False
    is_change = any(after[path] != state.head[path] for path in after)
    is_free = not any(patch.overlaps(other) for other in taken)
    return is_change and is_free and refusal(patch, state.config.fix.protected_paths) is None
