"""What we say where a job ended before its work did."""

REVIEW_CUT_SHORT_TITLE = "Not finished"
REVIEW_CUT_SHORT = (
    "This review was cut short before it had a verdict, so nothing is said of this commit. "
    "A push or `review` starts a new one."
)


def command_cut_short() -> str:
    """Say that a command did not come to its end."""
    return "Not finished: this command was cut short. See what is there, then ask again."
