"""A model in the search for a repair: its proposals are tried, and its nonsense changes nothing."""

import pytest

from bot.agent.proposals import ModelProposals
from bot.domain.model_edits import Fill, ProposedEdit, RepairReply
from bot.errors import ModelFailed, ReplyUnusable
from tests.agent.model_toys import ToyModel
from tests.agent.repair_room import BELOW, RIGHT, TESTS, WRONG, Room

FAR = WRONG.replace(b"row <= n", b"row.is_below(n)")
"""No small edit of the templates comes from there to what is right."""
BAD_LINE = "    return [row for row in rows if row.is_below(n)]"
GOOD_LINE = "    return [row for row in rows if row < n]"


def _fill(line: int, old: str, new: str, path: str = "shop.py") -> Fill:
    return Fill(path=path, line=line, old=old, new=new)


def _edit(search: str, new: str, path: str = "shop.py") -> ProposedEdit:
    return ProposedEdit(path=path, search=search, replace=new)


def _room(reply: RepairReply | ModelFailed, head: bytes) -> Room:
    model = ToyModel({"RepairReply": lambda _: reply})
    return Room(head={"shop.py": head, **TESTS}, ask=ModelProposals(model))


@pytest.mark.parametrize(
    "reply",
    [
        RepairReply(edits=(), fills=(_fill(2, "row.is_below(n)", "row < n"),)),
        RepairReply(edits=(_edit(BAD_LINE, GOOD_LINE),), fills=()),
    ],
)
def test_what_a_model_proposes_is_tried_and_proved_like_the_rest(reply: RepairReply) -> None:
    episode = _room(reply, FAR).review()

    (finding,) = episode.review.open_findings
    assert finding.suggestion is not None
    assert finding.suggestion.source == "repair"
    assert finding.suggestion.patch.apply({"shop.py": FAR})["shop.py"] == RIGHT
    assert finding.suggestion.proof is not None
    assert BELOW in finding.suggestion.proof.fail_to_pass
    assert episode.review.verdict.cost.prompt_tokens == 100


GARBAGE = [
    RepairReply(edits=(), fills=()),
    RepairReply(edits=(_edit("nowhere", "x"),), fills=(_fill(2, "nowhere", "x"),)),
    RepairReply(edits=(), fills=(_fill(0, "row", "x"), _fill(99, "row", "x"), _fill(2, "", "x"))),
    RepairReply(edits=(), fills=(_fill(2, "row", "x"), _fill(2, "return", "return\nimport os"))),
    RepairReply(edits=(), fills=(_fill(1, "rows", "rows", path="../../etc/passwd"),)),
    RepairReply(edits=(_edit("def first(rows, n):", "def first(rows, n:"),), fills=()),
    RepairReply(edits=(_edit(GOOD_LINE.replace("<", "<="), "    return 3  # noqa"),), fills=()),
    RepairReply(edits=(_edit("# judged by the fake", "", "tests/test_shop.py"),), fills=()),
    ReplyUnusable("no JSON"),
    ModelFailed("the model is down"),
]


@pytest.mark.parametrize("reply", GARBAGE)
def test_with_nonsense_the_result_is_the_one_without_a_model(
    reply: RepairReply | ModelFailed,
) -> None:
    (offline,) = Room().review().review.open_findings

    (finding,) = _room(reply, WRONG).review().review.open_findings

    assert finding.suggestion is not None
    assert offline.suggestion is not None
    assert finding.suggestion.source == "repair"
    assert finding.suggestion.patch == offline.suggestion.patch
    assert finding.suggestion.is_ambiguous == offline.suggestion.is_ambiguous


def test_a_model_that_proposes_nothing_is_named_in_one_sentence() -> None:
    told = _room(ReplyUnusable("no JSON"), WRONG).review().review.notes

    (note,) = [note for note in told if "model" in note]
    assert note.startswith(
        "the model proposed nothing, so the search is the one without it: no JSON: ask again, or"
    )


def test_the_model_sees_the_code_the_failure_and_where_to_look() -> None:
    model = ToyModel({"RepairReply": lambda _: RepairReply(edits=(), fills=())})

    Room(ask=ModelProposals(model)).review()

    ((schema, text),) = model.prompts
    assert schema == "RepairReply"
    assert "[file shop.py]" in text
    assert f"{BELOW} is red" in text
    assert "shop.py:2 " in text
