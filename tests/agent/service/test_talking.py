"""Questions on a pull request: where they are answered, from what, and what a refutation does."""

import pytest

from bot.domain.conversation import AnswerReply
from bot.domain.findings import FindingState
from bot.errors import BudgetSpent, ModelRefused
from tests.agent.model_toys import Answer, ToyModel
from tests.agent.service.office import BRANCH, BUG, EVE, NUMBER, Office


def _model(answer: str | Exception = "It does.", *, reason: str = "") -> ToyModel:
    def reply(_: str) -> AnswerReply | Exception:
        if isinstance(answer, Exception):
            return answer
        return AnswerReply(lookups=(), answer=answer, refuted=bool(reason), reason=reason)

    answers: dict[str, Answer] = {"AnswerReply": reply}
    return ToyModel(answers)


def _reviewed(model: ToyModel) -> tuple[Office, int]:
    """Return an office with one finding, and the comment that began its thread."""
    office = Office(head=BUG, model=model)
    office.ask("/agent review")
    (thread,) = office.forge.posted_threads[NUMBER]
    return office, thread.comment_id


def test_a_reader_gets_an_answer_without_a_sandbox() -> None:
    office = Office(model=_model("It adds `a` and b."), is_without_sandbox=True)

    assert office.ask("/agent ask What does it do?", EVE) == "It adds `a` and b."


def test_an_answer_is_shown_literally_and_names_nobody() -> None:
    office = Office(model=_model("@octo/all see <img src=x> [here](https://evil.example)"))

    reply = office.ask("/agent ask What?")

    assert "<img" not in reply
    assert "](https://evil.example)" not in reply
    assert "@octo/all" not in reply


def test_a_question_in_a_thread_is_asked_with_its_finding_and_what_was_said_there() -> None:
    model = _model()
    office, thread = _reviewed(model)
    office.forge.say(NUMBER, "Not here.")
    office.forge.say(NUMBER, "It is on purpose.", to_comment=thread)

    office.ask("/agent ask Is it wrong?", thread=thread)

    text = model.prompts[-1][1]
    assert "[the finding that the thread is about]\na.toy:2 medium A bug" in text
    assert "[said before by ada]\nIt is on purpose." in text
    assert "Not here." not in text
    assert office.forge.comments[NUMBER][-1].in_thread == office.forge.posted_threads[NUMBER][0].id


def test_an_explanation_is_of_the_named_finding() -> None:
    model = _model()
    office, _ = _reviewed(model)

    assert office.ask("/agent explain F1", EVE) == "It does."
    assert "a.toy:2 medium A bug" in model.prompts[-1][1]
    assert "there is no F9" in office.ask("/agent explain F9")


@pytest.mark.parametrize("error", [ModelRefused("set CEREBRAS_API_KEY"), BudgetSpent("0 tokens")])
def test_a_model_that_fails_is_answered_with_the_reason(error: Exception) -> None:
    reply = Office(model=_model(error)).ask("/agent ask Why?")

    assert "the model gave no answer" in reply
    assert str(error) in reply


def test_a_mention_without_a_verb_is_a_question() -> None:
    office = Office(model=_model())

    assert office.ask("@pullwright is this right?", EVE) == "It does."
    assert "unknown command" in office.ask("/agent is this right?")


def test_in_the_thread_of_a_finding_the_trigger_asks_too() -> None:
    office, thread = _reviewed(_model())

    assert office.ask("/agent is this right?", thread=thread) == "It does."


def test_without_a_model_a_mention_gets_the_table() -> None:
    reply = Office().ask("@pullwright is this right?")

    assert "unknown command: is" in reply
    assert "ask QUESTION" not in reply


def test_a_verb_that_is_misused_is_no_question() -> None:
    assert "fix does not take" in Office(model=_model()).ask("@pullwright fix this")


def test_a_refuted_finding_is_resolved_and_not_raised_again_until_its_code_changes() -> None:
    office, thread = _reviewed(_model("No.", reason="BUG is a name"))

    reply = office.ask("/agent ask Is it wrong?", thread=thread)
    office.ask("/agent review full")

    (known,) = office.records.findings.known(office.pull)
    assert "F1 is refuted" in reply
    assert known.state is FindingState.REFUTED
    assert known.dismissal is not None
    assert (known.dismissal.reason, known.dismissal.by) == ("BUG is a name", "ada")
    assert [t.is_resolved for t in office.forge.posted_threads[NUMBER]] == [True]
    office.forge.push(BRANCH, {"a.toy": b"one\nBUG\nthree\nmore\n"})
    office.ask("/agent review full")
    (again,) = office.records.findings.known(office.pull)
    assert again.state is FindingState.OPEN


def test_a_refutation_of_who_may_only_read_changes_nothing() -> None:
    office, thread = _reviewed(_model("No.", reason="BUG is a name"))

    reply = office.ask("/agent ask Is it wrong?", EVE, thread=thread)

    (known,) = office.records.findings.known(office.pull)
    assert "write access" in reply
    assert known.state is FindingState.OPEN


def test_an_answer_is_asked_for_once_whatever_dies() -> None:
    model = _model()
    office = Office(model=model)

    office.run(office.comment("/agent ask Why?"), crash_in="reply")

    assert len(model.prompts) == 1
    assert office.replies == ["It does."]
