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


def version_in(text: str) -> tuple[int, ...]:
    """Return the first version in a text, or nothing."""
    found = re.search(r"\d+(\.\d+)+", text)
    return tuple(int(part) for part in found.group().split(".")) if found else ()
