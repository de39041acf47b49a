"""Training rows and held-out rows: two types, made only here, never from the same pull request.

A policy that is judged on the log it was trained on always looks better: a worthless one was
promoted in every run of the design's simulation. So no function takes a policy and a log; `split`
takes a log and gives two values of different types, of which training takes one and evaluation
takes the other.
"""

import hashlib
from dataclasses import dataclass

import numpy as np

from bot.policy.rows import Rows

_KEY = object()


class _Sealed:
    """Can only be made by `split`."""

    __slots__ = ("rows",)

    def __init__(self, rows: Rows, key: object) -> None:
        if key is not _KEY:
            raise TypeError(f"{type(self).__name__} is made by split() only")
        self.rows = rows


class Training(_Sealed):
    """The older half of the pull requests: what a candidate may learn from."""

    __slots__ = ()


class HeldOut(_Sealed):
    """The newer half of the pull requests: what a candidate is judged by."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Split:
    """The two halves; no pull request has rows in both."""

    training: Training
    held_out: HeldOut


def split(rows: Rows, *, test_share: float = 0.5) -> Split:
    """Return the log in two: the newest pull requests, by their first decision, are held out."""
    names, which = np.unique(rows.pull_requests, return_inverse=True)
    first = np.full(len(names), np.inf)
    np.minimum.at(first, which, rows.at)
    order = sorted(range(len(names)), key=lambda index: (first[index], _digest(str(names[index]))))
    is_test = np.zeros(len(names), dtype=bool)
    is_test[order[len(order) - round(test_share * len(order)) :]] = True
    held = is_test[which]
    return Split(Training(rows[~held], _KEY), HeldOut(rows[held], _KEY))


def _digest(name: str) -> str:
    """Break ties of time by a hash, which nobody can aim at."""
    return hashlib.sha256(name.encode()).hexdigest()
