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


def short(version: str) -> str:
    """Return a version as people name it: hashes are cut, names are not."""
    is_hash = len(version) == 64 and set(version) <= set("0123456789abcdef")
    return version[:12] if is_hash else version


def drifted(alarms: int, rewards: int) -> str:
    """Say that what people like has changed."""
    return (
        f"what people like has changed (alarm {alarms}, after {rewards} rewards): "
        "older feedback counts for less now, and nothing else was done"
    )


def taken_back(version: str, reason: str) -> str:
    """Say that a version serves no more."""
    return f"policy {short(version)} was taken back: {reason}"


def tried(version: str, why: Sequence[str], *, is_promoted: bool) -> str:
    """Say what the gate said."""
    said = "; ".join(why)
    done = "promoted" if is_promoted else "kept out by the gate"
    return f"policy {short(version)} was {done}: {said}"
