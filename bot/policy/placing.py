"""Where a finding goes: f(t, s) of its places, and the hand weights that put it next to the code.

The summary has no features: U = 0 is the reference that a comment has to beat. What makes a patch
(autofix, bisect, repair, rewrite) is a feature of the comment, so that each is judged by what
became of its own. No place here hides a finding: that is up to what people said of its rule.
"""

from collections.abc import Mapping

from bot.domain.evidence import Grade
from bot.domain.findings import Category, Finding, Severity
from bot.domain.model_findings import SOURCE as MODEL
from bot.policy.features import Features, saturating

INLINE, SUMMARY = "inline", "summary"
VERSION = "placing-1"

NAMES = (
    "inline",
    "severity",
    "confidence",
    "proved",
    "one_click",
    "quality",
    "autofix",
    "bisect",
    "repair",
    "rewrite",
    "model",
    "style",
    "crowd",
)
"""The features, in the order of the weight vector."""
CORE = ("inline", "severity", "confidence", "model", "style", "autofix", "rewrite")
"""What each repository may see in its own way."""
PINNED: Mapping[str, int] = {"crowd": -1}
"""More comments never make one more welcome."""

HAND_WEIGHTS: Mapping[str, float] = {
    "inline": 2.5,
    "severity": 1.0,
    "confidence": 1.0,
    "proved": 1.0,
    "one_click": 0.5,
    "quality": 0.5,
    "model": -0.5,
    "style": -0.5,
    "crowd": -1.0,
}

_SEVERITY = {Severity.CRITICAL: 1.0, Severity.HIGH: 1.0, Severity.MEDIUM: 0.5}
_PROVED = {Grade.PROVED: 1.0, Grade.CHECKED: 0.5}
_NEVER_MOVED = (Category.SECURITY, Category.REGRESSION, Category.TEST)


def places(finding: Finding, *, is_one_click: bool, before: int) -> dict[str, Features]:
    """Return the places that are open to a finding with their features.

    `before` comments of the review come first. What is grave has one place only.
    """
    inline = _inline(finding, is_one_click=is_one_click, before=before)
    if finding.category in _NEVER_MOVED or finding.severity.rank <= Severity.HIGH.rank:
        return {INLINE: inline}
    return {INLINE: inline, SUMMARY: {}}


def _inline(finding: Finding, *, is_one_click: bool, before: int) -> Features:
    suggestion = finding.suggestion
    found = {
        "inline": 1.0,
        "severity": _SEVERITY.get(finding.severity, 0.0),
        "confidence": max(0.0, min(1.0, finding.confidence)),
        "one_click": float(is_one_click),
        "model": float(finding.source == MODEL),
        "style": float(finding.category in (Category.STYLE, Category.TYPO)),
        "crowd": saturating(before, half=5),
    }
    if suggestion is not None:
        proof = suggestion.proof
        if suggestion.source in NAMES:
            found[suggestion.source] = 1.0
        if proof is not None:
            found["proved"] = _PROVED.get(proof.grade, 0.0)
            found["quality"] = 2 * proof.quality - 1 if proof.quality is not None else 0.0
    return {name: value for name, value in found.items() if value}
