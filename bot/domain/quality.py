"""The quality score of a patch: Q = (a C + b E + c R) / (a + b + c), with a, b, c = .6, .15, .25.

C is what the tests say, E what the same tests cost, R how the text reads; each in [0, 1], each of
the head with the patch against the head without it. What could not be measured is left out, the
rest is scaled up, and the share that was measured is told. A patch that does not parse, or that
breaks a test that passed, scores .2 at most, however well it reads.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.evidence import Counts, Proof, TestComparison

CORRECTNESS, EFFICIENCY, READABILITY = 0.6, 0.15, 0.25
LEGEND = (
    "of a patch, from 0 to 1: correctness (60%, what the tests say), readability (25%) and "
    "efficiency (15%, what slow tests cost); what was not measured is left out"
)
BROKEN = 0.2
"""The most that a patch can score that breaks a test that passed."""
LEAST_SECONDS = 0.05
"""A test that is faster says nothing of the code."""
DEAD_BAND = 0.15
"""Between runs of the same code, times differ by so much."""


@dataclass(frozen=True, slots=True)
class Looks:
    """What was measured of one patch; None where nobody could look."""

    before: Counts | None
    comparison: TestComparison | None
    is_parsed: bool | None
    lint_change: int
    """New findings of the analyzers minus those that are gone."""
    churn: int
    """Lines added and removed."""
    complexity_change: int | None = None
    """Cognitive complexity of the edited files."""
    newly_failing: int = 0
    """Tests that fail and that nobody had seen before."""
    seconds: Sequence[tuple[float, float]] = ()
    """Of the same passing tests: CPU seconds before and after (`agent.timing`)."""


@dataclass(frozen=True, slots=True)
class Score:
    """Q, and how much of it was measured."""

    value: float
    coverage: float
    """The share of the weights whose component is known."""
    is_weak: bool
    """No test spoke, so correctness is that it parses and what the analyzers say."""


def score(looks: Looks) -> Score:
    """Return Q in [0, 1]."""
    weighed = (
        (CORRECTNESS, _correctness(looks)),
        (EFFICIENCY, efficiency(looks.seconds)),
        (READABILITY, _readability(looks)),
    )
    known = [(weight, value) for weight, value in weighed if value is not None]
    coverage = sum(weight for weight, _ in known)
    value = sum(weight * value for weight, value in known) / coverage
    broke = looks.comparison is not None and bool(looks.comparison.pass_to_fail)
    if broke or looks.is_parsed is False:
        value = min(value, BROKEN)
    is_weak = looks.before is None or looks.comparison is None
    return Score(round(value, 3), round(coverage, 3), is_weak)


def _correctness(looks: Looks) -> float | None:
    """Half for what was mended and half for what was kept; without tests, what a parser says."""
    before, comparison = looks.before, looks.comparison
    if before is None or comparison is None:
        if looks.is_parsed is None:
            return None
        return float(looks.is_parsed) / (1 + max(0, looks.lint_change))
    kept = max(0.0, 1 - len(comparison.pass_to_fail) / max(1, before.passed))
    if before.failed:
        mended = min(1.0, len(comparison.fail_to_pass) / before.failed)
        kept = 0.5 * mended + 0.5 * kept
    return kept * 0.5**looks.newly_failing


def efficiency(seconds: Sequence[tuple[float, float]]) -> float | None:
    """Return 1 for the same cost or less, one half for twice the cost, 0 for four times; or None.

    Less cost earns nothing: a patch is there to mend.
    """
    told = [(before, after) for before, after in seconds if before >= LEAST_SECONDS]
    if not told:
        return None
    ratio = sum(after for _, after in told) / sum(before for before, _ in told)
    if ratio <= 1 + DEAD_BAND:
        return 1.0
    return max(0.0, min(1.0, 1 - math.log2(ratio) / 2))


def _readability(looks: Looks) -> float:
    complexity = looks.complexity_change or 0
    z = 0.15 * complexity + 0.3 * looks.lint_change + 0.02 * max(0, looks.churn - 30) - 0.5
    # Beyond this, exp has no answer, and the share is 0 or 1 long before.
    return 1 / (1 + math.exp(max(-50.0, min(50.0, z))))


def quality_words(proof: Proof) -> list[str]:
    """Return the score as a receipt tells it, with which part of it nobody could measure."""
    if proof.quality is None or not math.isfinite(proof.quality):
        return []
    share = proof.quality_coverage
    rest = f" ({_gap(share)})" if share is not None and share < 1 else ""
    return [f"quality {proof.quality:.2f}{rest}"]


def _gap(share: float) -> str:
    """Say which parts are missing; no two sets of them have the same share."""
    said = {
        CORRECTNESS + READABILITY: "efficiency not measured",
        EFFICIENCY + READABILITY: "correctness not measured",
        READABILITY: "readability alone",
    }
    return next((s for at, s in said.items() if abs(at - share) < 0.001), f"{share:.0%} measured")
