import pytest

from bot.adapters.tree_sitter_outline import TreeSitterOutline
from bot.agent.answering import Answering
from bot.agent.review import start
from bot.agent.surroundings import Surroundings
from bot.domain.conversation import Answer, AnswerReply
from bot.domain.findings import Category, Finding, Location, Severity
from bot.domain.forge import Remark
from bot.domain.model_findings import Lookup
from bot.domain.repo_config import RepoConfig
from bot.errors import ReplyUnusable
from tests.agent.model_toys import Answer as Reply
from tests.agent.model_toys import ToyModel
from tests.fakes.workspace import FakeWorkspace

BASE = {
    "shop.py": b"def total(prices):\n    return sum(prices)\n",
    "till.py": b"from shop import total\n",
}
HEAD = {"shop.py": b"def total(prices):\n    return sum(prices[1:])\n"}
FINDING = Finding(
    rule="review",
    severity=Severity.HIGH,
    category=Category.BUG,
    title="total leaves out the first price",
    body="total([3]) is 0.",
    location=Location("shop.py", 2, 2),
    snippet="    return sum(prices[1:])",
    source="review",
    confidence=0.9,
)


def _reply(answer: str = "It does.", *, refuted: bool = False, looks: bool = False) -> AnswerReply:
    lookup = Lookup(kind="read", path="till.py", first_line=1, last_line=9, text="")
    reason = "the first price is a header" if refuted else ""
    lookups = (lookup,) if looks else ()
    return AnswerReply(lookups=lookups, answer=answer, refuted=refuted, reason=reason)


def _asked(reply: Reply, *, finding: Finding | None = None) -> tuple[Answer, ToyModel]:
    workspace = FakeWorkspace(BASE, HEAD)
    model = ToyModel({"AnswerReply": reply})
    answering = Answering(model, workspace, Surroundings(workspace, TreeSitterOutline()))
    thread = (Remark("ada", "It skips the header.", False), Remark("bot", "Does it?", True))
    answer = answering.answer(
        start(workspace, RepoConfig()), "Is it wrong?", finding=finding, thread=thread
    )
    return answer, model


def test_a_question_is_asked_with_the_change_the_finding_and_the_thread() -> None:
    answer, model = _asked(lambda _: _reply(), finding=FINDING)

    ((_, text),) = model.prompts
    assert answer.text == "It does."
    for shown in (
        "+    return sum(prices[1:])",
        "total([3]) is 0.",
        "[said before by ada]\nIt skips",
    ):
        assert shown in text
    assert "[said before by you]\nDoes it?" in text
    assert text.index("[the question]\nIs it wrong?") > text.index("Does it?")


def test_what_the_model_has_to_see_first_is_shown_to_it() -> None:
    def reply(text: str) -> AnswerReply:
        return _reply() if "from shop import total" in text else _reply("", looks=True)

    answer, model = _asked(reply)

    assert answer.text == "It does."
    assert len(model.prompts) == 2


def test_a_model_that_only_looks_around_is_no_answer() -> None:
    with pytest.raises(ReplyUnusable, match="answered nothing"):
        _asked(lambda _: _reply("", looks=True))


def test_a_refutation_needs_a_finding() -> None:
    refuting, _ = _asked(lambda _: _reply(refuted=True), finding=FINDING)
    without, _ = _asked(lambda _: _reply(refuted=True))

    assert refuting.refutation == "the first price is a header"
    assert without.refutation == ""
