"""What a step of a run was worth by what was measured, before any person says a word.

A fix earns .3 (2Q - 1), a proof .1 for the share of patches that it proved, and every step costs
its time. The return of a step is discounted over what followed, so a test run earns by the patches
that it made provable. It never takes the place of what people say: that is another decision's.
"""

from collections.abc import Mapping, Sequence

from bot.domain.evidence import Grade
from bot.domain.findings import Finding, Suggestion
from bot.domain.review import Decision
from bot.policy.features import cost, share
from bot.policy.returns import discounted

QUALITY = 0.3
PROOF = 0.1
TIME = 0.1
"""Of the cost of ten minutes or more."""


def of_quality(score: float) -> float:
    """Return what a patch of quality Q earns the step that made it."""
    return QUALITY * (2 * score - 1)


def returns_of(decisions: Sequence[Decision], findings: Sequence[Finding]) -> Mapping[int, float]:
    """Return G_t of every step by its number, in [-1, 1]."""
    suggestions = [f.suggestion for f in findings if f.suggestion is not None]
    last = {made.tool: made.step for made in decisions}
    rewards = [
        _reward(made, suggestions, is_last=last[made.tool] == made.step) for made in decisions
    ]
    return {
        made.step: max(-1.0, min(1.0, discounted(rewards[index:])))
        for index, made in enumerate(decisions)
    }


def _reward(made: Decision, suggestions: Sequence[Suggestion], *, is_last: bool) -> float:
    spent = -TIME * cost(made.seconds)
    if not is_last:
        return spent
    if made.tool == "verify":
        tried = [s.proof for s in suggestions if s.proof is not None]
        return spent + PROOF * share(sum(p.grade is Grade.PROVED for p in tried), len(tried))
    scores = [
        s.proof.quality
        for s in suggestions
        if s.source == made.tool and s.proof is not None and s.proof.quality is not None
    ]
    return spent + (of_quality(sum(scores) / len(scores)) if scores else 0.0)
