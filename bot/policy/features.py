"""f(t, s): what the policy knows of a tool in a state, each value in [-1, 1].

The constants that scale a feature are fixed, never running averages, so that a logged feature means
the same in every version. `finish` has no features: U(finish) = 0 is the reference that every
other tool has to beat.
"""

import math
from collections.abc import Mapping

Features = Mapping[str, float]

NAMES = (
    "unseen",
    "evidence",
    "red_tests",
    "unlocated",
    "fixable",
    "unproved",
    "unread",
    "unjudged",
    "seconds",
    "repeat",
)
"""The shared features, in the order of the weight vector; a tool leaves out those that are 0."""

_SECONDS_SCALE = math.log1p(600)


def share(part: float, whole: float) -> float:
    """Return part of whole in [0, 1]; 0 of nothing is 0."""
    return min(1.0, part / whole) if whole > 0 else 0.0


def saturating(count: float, *, half: float) -> float:
    """Map a count in [0, inf) to [0, 1) so that `half` gives one half."""
    return count / (count + half)


def cost(seconds: float) -> float:
    """Map an expected duration to [0, 1] on a logarithmic scale that ends at ten minutes."""
    return min(1.0, math.log1p(max(0.0, seconds)) / _SECONDS_SCALE)
