"""What people read of the policy: why a finding stands where it does, and what was chosen."""

from collections.abc import Mapping, Sequence

SHOWN_HERE = (
    "a few are shown here only, to learn where comments help (`learning.mode: off` ends it)"
)
"""Why a finding that could have a comment has none."""
_PARTS_SHOWN = 4


def parts(contributions: Mapping[str, float], *, most: int = _PARTS_SHOWN) -> str:
    """Return the largest contributions, such as `inline +.62, crowd -.04`."""
    ranked = sorted(contributions.items(), key=lambda item: (-abs(item[1]), item[0]))
    told = [f"{name} {value:+.2f}" for name, value in ranked[:most] if value]
    more = sum(1 for _, value in ranked[most:] if value)
    return ", ".join([*told, *([f"{more} more"] if more else [])])


def chosen(what: str, utility: float, contributions: Mapping[str, float], share: float) -> str:
    """Return the sentence of one choice: what, its utility with its parts, and its propensity."""
    said = parts(contributions)
    why = f"U={utility:.2f}: {said}" if said else f"U={utility:.2f}"
    return f"chosen: {what} ({why}), p={share:.2f}"


def placed(name: str, words: str) -> str:
    """Return a line about where one finding went."""
    return f"{name} {words}"


def listed(names: Sequence[str]) -> str:
    """Return names as one phrase."""
    return ", ".join(names) or "none"
