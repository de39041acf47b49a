"""What we say about a repair: sentences for the log, the notes and the patch."""

from collections.abc import Sequence


def repaired(tried: int, plausible: int, *, seconds: float) -> str:
    """Say how a search ended, for the decision log."""
    return f"{plausible} of {tried} candidates pass, in {seconds:.0f} s"


def no_repair(tried: int) -> str:
    """Say that nothing was found."""
    return f"none of {tried} small edits makes the red tests pass"


def ambiguous(title: str, arguments: str | None) -> str:
    """Say that the tests do not decide between several repairs."""
    shown = f": they differ for {arguments}" if arguments else ""
    return (
        f"Several small edits would end `{title}`, and the tests do not tell which is meant{shown}."
    )


def suspected(lines: Sequence[str]) -> str:
    """Say which lines were suspected, for the decision log."""
    return "suspects: " + "; ".join(lines) if lines else "no suspicious line"
