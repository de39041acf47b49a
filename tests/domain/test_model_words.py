"""What is said of a model that fails: one sentence, and who must act."""

import pytest

from bot.domain.model_words import no_answer, proposed_nothing, reason_of
from bot.errors import (
    BudgetSpent,
    ModelBusy,
    ModelFailed,
    ModelRefused,
    ModelUnreachable,
    PromptTooLong,
    ReplyUnusable,
)


@pytest.mark.parametrize(
    ("error", "who"),
    [
        (ModelUnreachable("api.example is broken: it answers 500"), "who runs that server"),
        (ModelBusy("api.example takes no more requests for now (429)"), "nobody has to act"),
        (ReplyUnusable("the reply is no JSON"), "the operator set another model"),
        (PromptTooLong("the prompt is too long"), "the operator sets a model"),
        (BudgetSpent("the budget of 10 tokens: 10 are used"), "a maintainer can raise `budget`"),
        (ModelRefused("set CEREBRAS_API_KEY"), "set CEREBRAS_API_KEY"),
    ],
)
def test_each_failure_of_a_model_says_who_must_act(error: ModelFailed, who: str) -> None:
    for said in (proposed_nothing(error), no_answer(error)):
        assert str(error) in said
        assert who in said
        assert "\n" not in said


def test_what_a_server_says_at_length_does_not_push_out_who_must_act() -> None:
    assert "who runs that server" in reason_of(ModelUnreachable("x" * 5_000))
