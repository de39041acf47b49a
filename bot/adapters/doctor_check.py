"""What `doctor` says of one thing that it looked at."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    is_good: bool
    detail: str
    """What was found, and where it is bad what to do."""
    is_needed: bool = True
    """False where reviews work without it, only less well."""
    paste: tuple[str, ...] = ()
    """Lines to type, or to copy to where the detail says."""
    is_known: bool = True
    """False where we could not look: it may be good or bad."""

    @property
    def mark(self) -> str:
        """What stands in front of the line."""
        if self.is_good:
            return "ok  "
        if not self.is_known:
            return "??? "
        return "BAD " if self.is_needed else "none"

    @property
    def is_failure(self) -> bool:
        """It has to be mended, or looked at again."""
        return self.is_needed and not self.is_good


def unseen(name: str, why: str, *, is_needed: bool = True) -> Check:
    """Return what is said where nobody answered: that is no finding about what was asked for."""
    return Check(name, False, f"could not look: {why}", is_needed, is_known=False)


def version_in(text: str) -> tuple[int, ...]:
    """Return the first version in a text, or nothing."""
    found = re.search(r"\d+(\.\d+)+", text)
    return tuple(int(part) for part in found.group().split(".")) if found else ()
