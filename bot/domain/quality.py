"""The quality score of a patch: Q = alpha*Correctness + beta*Efficiency + gamma*Readability.

The paper's score with the weights .6, .15 and .25. Efficiency needs timings that a single run does
not give, so it is left out and the other two are scaled up, as for any missing component.
"""

import math

from bot.domain.evidence import Counts, TestComparison

_CORRECTNESS = 0.6
_READABILITY = 0.25
_BROKEN = 0.2
"""The most that a patch can score that breaks a test that passed."""


def quality(
    before: Counts | None, comparison: TestComparison | None, *, lint_change: int, churn: int
) -> float:
    """Return Q in [0, 1]; `lint_change` counts new findings minus those gone, `churn` lines."""
    correctness = _correctness(before, comparison)
    readability = 1 / (1 + math.exp(0.3 * lint_change + 0.02 * max(0, churn - 30) - 0.5))
    total = _CORRECTNESS * correctness + _READABILITY * readability
    score = total / (_CORRECTNESS + _READABILITY)
    broke = comparison is not None and bool(comparison.pass_to_fail)
    return round(min(score, _BROKEN) if broke else score, 3)


def _correctness(before: Counts | None, comparison: TestComparison | None) -> float:
    """Half for what was mended and half for what was kept; without tests, that it parses."""
    if before is None or comparison is None:
        return 1.0
    kept = 1 - len(comparison.pass_to_fail) / max(1, before.passed)
    if not before.failed:
        return kept
    return 0.5 * len(comparison.fail_to_pass) / before.failed + 0.5 * kept
