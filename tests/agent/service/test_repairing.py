"""`/agent fix` on red tests: a search in the job, and a commit only of the one proved answer."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pytest

from bot.agent.attempt import Lead, MoreGenerators
from bot.domain.forge import Reaction
from bot.repair.candidates import Candidate, SpanEdit
from bot.repair.generator import Generator
from tests.agent.service.office import HEAD_SHA, Office

BROKEN = {"a.toy": b"ONE\ntwo\nthree\n"}
MENDED = b"one\ntwo\nthree\n"


@dataclass(frozen=True)
class Words:
    """Proposes to write each of some words in place of the first one."""

    words: tuple[str, ...]

    def proposals(self) -> Iterator[Candidate]:
        for word in self.words:
            yield Candidate((SpanEdit("a.toy", 0, 3, word),), "word", 1, 0.5)

    def on_top_of(self, stone: Candidate) -> Iterator[Candidate]:
        del stone
        yield from ()


def _proposing(*words: str) -> MoreGenerators:
    def more(_lead: Lead) -> Sequence[Generator]:
        return (Words(words),)

    return more


def _never(_lead: Lead) -> Sequence[Generator]:
    raise AssertionError("a search was begun")


def test_the_one_repair_is_committed_with_its_proof_and_not_the_revert() -> None:
    office = Office(head={"a.toy": BROKEN["a.toy"] + b"four\n"}, more=_proposing("ten", "one"))

    reply = office.ask("/agent fix")

    assert "Committed" in reply
    assert office.branch.files["a.toy"] == MENDED + b"four\n"
    assert office.branch.message is not None
    assert "t1 failed -> passed" in str(office.branch.message)


@pytest.mark.parametrize("line", ["/agent fix", "/agent fix F1", "/agent fix --pr"])
def test_what_the_tests_do_not_decide_is_shown_and_never_committed(line: str) -> None:
    office = Office(head=BROKEN, more=_proposing("one", "oneone"))

    reply = office.ask(line)

    assert "the tests do not show that the only right edit was found (F1)" in reply
    assert "+one" in reply
    assert "for git apply once you have decided" in reply
    assert office.branch.sha == HEAD_SHA
    assert office.reactions[-1] is Reaction.REFUSED


def test_where_nothing_is_found_the_reply_says_what_was_tried_and_where_to_look() -> None:
    office = Office(head=BROKEN, more=_proposing("ten", "eleven"))

    reply = office.ask("/agent fix")

    assert "small edits makes the red tests pass, and there is no other" in reply
    assert "The most suspicious places are a.toy:1" in reply
    assert "fix F1 revert" in reply
    assert office.branch.sha == HEAD_SHA


def test_the_fix_button_searches_too() -> None:
    office = Office(head=BROKEN, more=_proposing("one"))

    office.press("fix", HEAD_SHA)

    assert office.branch.files["a.toy"] == MENDED


@pytest.mark.parametrize(
    "ask",
    [
        lambda office: office.ask("/agent review"),
        lambda office: office.ask("/agent test"),
        lambda office: office.ask("/agent fix F1 revert"),
    ],
)
def test_nothing_but_a_fix_searches(ask: Callable[[Office], str]) -> None:
    office = Office(head=BROKEN, more=_never)

    ask(office)


def test_a_worker_that_dies_after_the_search_does_not_search_again() -> None:
    office, searches = Office(head=BROKEN), []

    def more(lead: Lead) -> Sequence[Generator]:
        searches.append(lead.finding.title)
        return (Words(("one",)),)

    office.more = more
    office.run(office.comment("/agent fix"), crash_in="reply")

    assert len(searches) == 1
    assert office.branch.files["a.toy"] == MENDED


def test_what_is_left_out_beside_a_commit_is_shown_with_why() -> None:
    office = Office(head={"a.toy": b"ONE\nBUG\nthree\n"}, more=_proposing("one", "oneone"))

    reply = office.ask("/agent fix")

    assert reply.startswith("Committed")
    assert "what they do could not be compared" in reply
    assert "Another patch for F1 that passes the same tests" in reply
    assert "+one" in reply
    assert office.branch.files["a.toy"] == b"ONE\nfine\nthree\n"
