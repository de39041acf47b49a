"""What we say about the model: one sentence where it could not be used, and where it ended."""

from bot.domain.conversation import Answer
from bot.domain.findings import FindingId
from bot.domain.markdown import cut, details, fence, prose
from bot.domain.replies import FORK_GETS_A_PATCH, LIMIT_BYTES
from bot.domain.untrusted import one_line
from bot.domain.written import Written
from bot.errors import (
    BudgetSpent,
    ModelBusy,
    ModelFailed,
    ModelUnreachable,
    PromptTooLong,
    ReplyUnusable,
)

_REASON_CHARACTERS = 400


def reason_of(error: ModelFailed) -> str:
    """Return what went wrong and who must act; a refusal names the setting itself."""
    said = one_line(str(error), limit=_REASON_CHARACTERS // 2)
    match error:
        case ModelBusy():
            return f"{said}: nobody has to act, ask again later, or get the key a higher limit"
        case ModelUnreachable():
            return f"{said}: who runs that server has to act, and asking again later may do"
        case ReplyUnusable():
            return f"{said}: ask again, or have the operator set another model in PULLWRIGHT_MODEL"
        case PromptTooLong():
            return f"{said}: the operator sets a model with a larger context in PULLWRIGHT_MODEL"
        case BudgetSpent():
            return f"{said}: a maintainer can raise `budget` in the configuration"
        case _:
            return said


def without_model(error: ModelFailed) -> str:
    """Say that the review is the one without a model, why, and who must act."""
    return f"the model was of no use, so this is the review without it: {reason_of(error)}"


def proposed_nothing(error: ModelFailed) -> str:
    """Say that a search for a repair went without what a model would try, and who must act."""
    return f"the model proposed nothing, so the search is the one without it: {reason_of(error)}"


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


def no_second_look(error: ModelFailed) -> str:
    """Say that nobody looked twice at the model's findings."""
    return f"the model's findings had no second look: {reason_of(error)}"


_ANSWER_CHARACTERS = 6_000


def explain_question(finding: FindingId) -> str:
    """Return what `explain` asks."""
    return f"Explain {finding}: what fails, with which input, how to mend it, and does it stand?"


def no_answer(error: ModelFailed) -> str:
    """Say that the model gave no answer, why, and who must act."""
    return f"the model gave no answer: {reason_of(error)}"


def answered(answer: Answer, refuted: FindingId | None) -> str:
    """Return a model's answer; its words are shown literally, for they may be anybody's."""
    text = prose(answer.text, limit=_ANSWER_CHARACTERS)
    if refuted is not None:
        return f"{text}\n\n{_refuted(refuted)}: {prose(answer.refutation, limit=600)}"
    if answer.refutation:
        return f"{text}\n\nSomebody with write access who asks the same closes the finding."
    return text


def _refuted(finding: FindingId) -> str:
    return f"{finding} is refuted and not raised again until the code around it changes"


def written(pieces: tuple[Written, ...], told: str) -> str:
    """Return what became of written code, with the evidence for each piece."""
    rows = (f"- {prose(p.explanation, limit=400)}\n  {prose(p.receipt, limit=400)}" for p in pieces)
    return cut("\n".join((told, "", *rows)), limit_bytes=LIMIT_BYTES)


def written_patch(patch: str) -> str:
    """Show written code that we may not commit."""
    return f"{FORK_GETS_A_PATCH}\n\n{details('Patch, for git apply', fence(patch, 'diff'))}"


def claims_dropped(count: int) -> str:
    """Say how many findings claim what the tree contradicts or what no tree can tell."""
    one = count == 1
    return (
        f"{count} finding{'' if one else 's'} of the model {'was' if one else 'were'} left out: "
        "what is said of files, versions or dates is not so here, or cannot be checked"
    )
