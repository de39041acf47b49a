"""What we say where a job ended before its work did."""

REVIEW_CUT_SHORT_TITLE = "Not finished"
REVIEW_CUT_SHORT = (
    "This review was cut short before it had a verdict, so nothing is said of this commit. "
    "A push or `review` starts a new one."
)
WORKING = "Working on it: "
"""How the reply to a command begins that has not ended; nothing else begins so."""


def command_cut_short() -> str:
    """Say that a command did not come to its end."""
    return "Not finished: this command was cut short. See what is there, then ask again."


def is_working(body: str) -> bool:
    """Tell whether a reply of ours is about something that has not ended."""
    first = body.partition("\n")[0]
    return first.startswith(WORKING) or f". {WORKING}" in first
