"""Who mends a finding first, where more than one could: f(t, s) of the fixers, by hand.

The analyzer's own fix costs nothing and is there already, so by hand it always goes first; a model
costs a call, and may write what people like better. A revert is no rival: it is offered by name
only, and stops nobody from mending the same finding.
"""

from collections.abc import Collection, Mapping

from bot.domain.findings import Category, Finding, Severity
from bot.policy.features import Features, cost, saturating

AUTOFIX, REWRITE = "autofix", "rewrite"
VERSION = "fixing-1"

NAMES = ("autofix", "safe", "size", "rewrite", "grave", "style", "seconds")
"""The features, in the order of the weight vector."""
CORE = ("autofix", "safe", "rewrite", "style")
"""What each repository may see in its own way."""
PINNED: Mapping[str, int] = {"seconds": -1}
"""Waiting never makes a patch more welcome."""

HAND_WEIGHTS: Mapping[str, float] = {
    "autofix": 1.5,
    "safe": 0.5,
    "size": -0.5,
    "rewrite": 0.5,
    "grave": 0.25,
    "style": -0.5,
    "seconds": -0.5,
}

_SECONDS_OF_A_REWRITE = 40.0
_GRAVE = {Severity.CRITICAL: 1.0, Severity.HIGH: 1.0, Severity.MEDIUM: 0.5}


def fixers(finding: Finding, able: Collection[str]) -> dict[str, Features]:
    """Return what is known of those that could mend a finding, of those that are here."""
    fix = finding.fix
    made: dict[str, Features] = {}
    if AUTOFIX in able and fix is not None:
        is_safe, size = float(finding.is_fix_safe), saturating(fix.changed_lines, half=10)
        made[AUTOFIX] = _told({"autofix": 1.0, "safe": is_safe, "size": size})
    if REWRITE in able:
        is_style = float(finding.category in (Category.STYLE, Category.TYPO))
        grave, seconds = _GRAVE.get(finding.severity, 0.0), cost(_SECONDS_OF_A_REWRITE)
        known = {"rewrite": 1.0, "grave": grave, "style": is_style, "seconds": seconds}
        made[REWRITE] = _told(known)
    return made


def _told(found: Mapping[str, float]) -> Features:
    return {name: value for name, value in found.items() if value}
