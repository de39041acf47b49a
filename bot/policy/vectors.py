"""f(t, s) as vectors: which name stands where, and the door at which bad numbers are refused."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bot.errors import Refused
from bot.policy.features import NAMES, Features
from bot.policy.selection import HAND_WEIGHTS

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]

BIAS = "tool:"
"""Before the name of a tool: a feature that is 1 for this tool. `finish` has none, U is 0 there."""
HAND_SCALE = 0.25
"""The hand weights are logits; times this they are on the scale of rewards in [-1, 1]."""


class BadFeatures(Refused):
    """A feature is not a number in [-1, 1], or has no place in the layout."""


@dataclass(frozen=True)
class Layout:
    """The names of the d features in order; some are core: each repository has its own offset."""

    names: tuple[str, ...] = NAMES
    core: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(set(self.names)) != len(self.names):
            raise BadFeatures(f"a feature stands twice in the layout: {', '.join(self.names)}")
        if strangers := set(self.core) - set(self.names):
            raise BadFeatures(f"a core feature is not in the layout: {min(strangers)}")

    @property
    def size(self) -> int:
        """d, the length of a vector."""
        return len(self.names)

    @cached_property
    def version(self) -> str:
        """Short name of this order: a log that was written under another one cannot be mixed in."""
        text = "\n".join((*self.names, "", *self.core))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def vector(self, features: Features) -> Vector:
        """Return f as a vector; a name that is left out is 0. Raises BadFeatures."""
        return np.asarray(self.rows({"": features})[1][0])

    def rows(self, eligible: Mapping[str, Features]) -> tuple[tuple[str, ...], Matrix]:
        """Return the tools by name and their vectors, one in each row."""
        tools, places = tuple(sorted(eligible)), self.places
        matrix = np.zeros((len(tools), self.size))
        for row, tool in enumerate(tools):
            for name, value in self.features(tool, eligible[tool]).items():
                if name not in places:
                    raise BadFeatures(f"a feature has no place in the layout: {name}")
                matrix[row, places[name]] = value
        return tools, admitted(matrix)

    def features(self, tool: str, features: Features) -> Features:
        """Return f with the tool's own constant, where the layout has a place for one."""
        own = BIAS + tool
        return {**features, own: 1.0} if own in self.places else features

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each feature stands."""
        return {name: index for index, name in enumerate(self.names)}

    @cached_property
    def columns(self) -> NDArray[np.intp]:
        """Where the core features stand, for indexing."""
        return np.array([self.places[name] for name in self.core], dtype=np.intp)


def admitted(values: Matrix) -> Matrix:
    """Return the values where all are finite and in [-1, 1]; raises BadFeatures."""
    # A comparison with NaN is false, so NaN is refused too.
    if not (np.abs(values) <= 1.0).all():
        raise BadFeatures("a feature is not a number in [-1, 1]")
    return values


def hand_weights(layout: Layout, weights: Mapping[str, float] = HAND_WEIGHTS) -> Vector:
    """Return the hand weights in the layout's order, on the scale of rewards."""
    return HAND_SCALE * np.array([weights.get(name, 0.0) for name in layout.names])
