"""Which lines are suspicious of a failure, as reports show them."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.pull_request import printable


@dataclass(frozen=True, slots=True)
class SuspectLine:
    """One line of the head that failing tests run, with what speaks against it."""

    path: str
    line: int
    score: float
    """In [0, 1]."""
    ochiai: float
    dstar: float
    """Mapped to [0, 1)."""
    is_in_traceback: bool
    is_changed: bool
    """The pull request touched it."""


def spoken(suspects: Sequence[SuspectLine], *, most: int = 10) -> tuple[str, ...]:
    """Say the first of a ranked list, a line each."""
    return tuple(
        f"{index}. {printable(s.path)}:{s.line} {s.score:.2f} "
        f"(ochiai {s.ochiai:.2f}, dstar {s.dstar:.2f}{_hints(s)})"
        for index, s in enumerate(suspects[:most], 1)
    )


def _hints(suspect: SuspectLine) -> str:
    traced = ", in the traceback" if suspect.is_in_traceback else ""
    return traced + (", changed here" if suspect.is_changed else "")
