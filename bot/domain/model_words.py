"""What we say about the model: one sentence where it could not be used, and where it ended."""

from bot.domain.untrusted import one_line


def without_model(reason: str) -> str:
    """Say that the review is the one without a model, and why."""
    return f"the model was of no use, so this is the review without it: {one_line(reason)}"


def model_limit(reason: str) -> str:
    """Say which budget ended the reading."""
    return f"the model stopped reading at {one_line(reason)}"


def hunks_left_out(count: int) -> str:
    """Say how many hunks were too many for the model."""
    return f"{count} hunk{'s' if count != 1 else ''} were more than the model reads in one run"


def reproduced(test: str, *, passes_at_base: bool) -> str:
    """Say which test shows a finding, and what the change has to do with it."""
    at_base = " and passes at the merge base" if passes_at_base else ""
    return f"Reproduced: {one_line(test, limit=80)} fails at head{at_base}."


REPRODUCTION = "The test that shows it"
"""Over the folded text of the test."""


def no_second_look(reason: str) -> str:
    """Say that nobody looked twice at the model's findings."""
    return f"the model's findings had no second look: {one_line(reason)}"
