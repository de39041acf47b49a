"""Where weights may be: on their side of every pinned sign, in each repository, and not too far."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from bot.policy.vectors import Layout, Matrix, Vector

_TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Bounds:
    """The lowest and the highest of each weight, and the longest that all may be together."""

    low: Vector
    high: Vector
    columns: NDArray[np.intp]
    """Of the core features, to which repositories have offsets."""
    most_norm: float = np.inf

    @classmethod
    def of(cls, layout: Layout, pinned: Mapping[str, int], most_norm: float = np.inf) -> Self:
        """Return the bounds of a layout; a pinned name that it does not have means nothing."""
        low, high = np.full(layout.size, -np.inf), np.full(layout.size, np.inf)
        known = {name: sign for name, sign in pinned.items() if name in layout.places}
        low[[layout.places[name] for name, sign in known.items() if sign > 0]] = 0.0
        high[[layout.places[name] for name, sign in known.items() if sign < 0]] = 0.0
        return cls(low, high, layout.columns, most_norm)

    def shared(self, weights: Vector) -> Vector:
        """Return the nearest weights within the bounds."""
        kept = np.minimum(np.maximum(weights, self.low), self.high)
        length = float(np.linalg.norm(kept))
        return kept if length <= self.most_norm else kept * (self.most_norm / length)

    def own(self, offsets: Matrix, shared: Vector) -> Matrix:
        """Return the offsets, one in each row, with which shared weights stay within the bounds."""
        columns = self.columns
        core = shared[columns]
        kept = np.minimum(np.maximum(core + offsets, self.low[columns]), self.high[columns])
        room = max(0.0, self.most_norm**2 - float(shared @ shared - core @ core))
        lengths = (kept * kept).sum(axis=-1, keepdims=True)
        if (lengths > room).any():
            kept = kept * np.sqrt(room / np.maximum(lengths, max(room, _TINY)))
        return np.asarray(kept - core)
