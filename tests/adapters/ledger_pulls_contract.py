"""What every ledger does with posts, pull requests, deliveries and notes."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.diff import Side
from bot.domain.event_log import EventSource
from bot.domain.evidence import Counts, Proof
from bot.domain.findings import FindingId
from bot.domain.followed import settled_event
from bot.domain.identity import decision_id
from bot.domain.ledger import (
    PullKey,
    RunId,
    RunKind,
)
from bot.domain.pull_records import (
    SILENCES_KEPT,
    Delivery,
    Ledger,
    Publication,
    PublicationKind,
    PullMode,
    PullRecord,
    Silence,
    SuggestionId,
    SuggestionRecord,
)
from bot.domain.pull_request import Sha
from tests.adapters.ledger_values import (
    HOSTILE,
    NOW,
    OTHER_PULL,
    PULL,
    RUN,
    Clause,
    a_run,
    an_ending,
)


def the_first_publication_of_a_key_stands(ledger: Ledger) -> None:
    kind = PublicationKind.REPLY
    first = Publication(f"reply:{RUN}", PULL, kind, "12", "https://github.com/o/n#1", NOW)
    ledger.publications.record(first)

    assert ledger.publications.record(replace(first, external_id="13")) == first
    assert ledger.publications.find(first.key) == first
    assert ledger.publications.find("reply:other") is None


def sequences_begin_at_one_for_each_pull_request(ledger: Ledger) -> None:
    assert [ledger.pulls.next_sequence(PULL) for _ in range(3)] == [1, 2, 3]
    assert ledger.pulls.next_sequence(OTHER_PULL) == 1


def a_later_head_is_not_taken_back_by_an_earlier_event(ledger: Ledger) -> None:
    assert ledger.pulls.advance_head(PULL, sequence=2, head_sha=Sha("b" * 40))
    assert not ledger.pulls.advance_head(PULL, sequence=1, head_sha=Sha("a" * 40))
    assert ledger.pulls.advance_head(PULL, sequence=2, head_sha=Sha("b" * 40))

    assert ledger.pulls.load(PULL) == PullRecord(head_sequence=2, head_sha=Sha("b" * 40))


def modes_are_kept_and_the_one_before_is_told(ledger: Ledger) -> None:
    assert ledger.pulls.load(PULL).mode is PullMode.AUTO
    assert ledger.pulls.set_mode(PULL, PullMode.PAUSED) is PullMode.AUTO
    assert ledger.pulls.set_mode(PULL, PullMode.IGNORED) is PullMode.PAUSED
    assert ledger.pulls.load(PULL).mode is PullMode.IGNORED
    assert ledger.pulls.load(OTHER_PULL).mode is PullMode.AUTO


def the_last_silences_are_told_newest_first(ledger: Ledger) -> None:
    for number in range(SILENCES_KEPT + 3):
        ledger.silences.record(PULL, Silence(f"{number} {HOSTILE}", Sha("a" * 40), NOW))
    ledger.silences.record(OTHER_PULL, Silence("draft", None, NOW))

    numbers = [int(silence.reason.split()[0]) for silence in ledger.silences.recent(PULL)]
    assert numbers == list(range(SILENCES_KEPT + 2, 2, -1))
    assert ledger.silences.recent(OTHER_PULL) == [Silence("draft", None, NOW)]


def suggestions_come_back_with_their_proof(ledger: Ledger) -> None:
    proof = Proof(
        target="F401", is_applied=True, is_parsed=None, new_lint=(), is_target_gone=True,
        is_target_back=True, before=Counts(1, 2), after=Counts(0, 3), quality=0.5,
    )  # fmt: skip
    first = SuggestionRecord(
        SuggestionId("0" * 16), FindingId("F1"), RUN, decision_id(RUN, 3), Sha("a" * 40),
        "a\udcff.py", Side.RIGHT, 1, 2, source="autofix", proof=proof, slot=1, slots=2,
    )  # fmt: skip
    second = replace(first, id=SuggestionId("1" * 16), proof=None, slot=2)
    ledger.suggestions.record(PULL, [first])
    ledger.suggestions.record(PULL, [replace(first, slot=9), second])

    assert ledger.suggestions.shown(PULL) == [first, second]
    assert ledger.suggestions.shown(OTHER_PULL) == []
    assert ledger.suggestions.find(PULL, second.id) == second
    assert ledger.suggestions.find(OTHER_PULL, second.id) is None


def pulls_with_something_to_look_for_are_found(ledger: Ledger) -> None:
    one = SuggestionRecord(
        SuggestionId("0" * 16), FindingId("F1"), RUN, decision_id(RUN, 3), Sha("a" * 40),
        "a.py", Side.RIGHT, 1, 2, source="autofix", proof=None, slot=1, slots=1,
    )  # fmt: skip
    ledger.suggestions.record(PULL, [one, replace(one, id=SuggestionId("1" * 16))])
    ledger.suggestions.record(OTHER_PULL, [replace(one, id=SuggestionId("2" * 16))])
    settled = [
        settled_event(pull, SuggestionId(name * 16), now=NOW, source=EventSource.POLL)
        for pull, name in ((PULL, "0"), (OTHER_PULL, "2"))
    ]

    assert ledger.suggestions.unsettled(PULL.repo_id) == [PULL, OTHER_PULL]
    ledger.events.append(settled)
    assert ledger.suggestions.unsettled(PULL.repo_id) == [PULL]
    assert ledger.suggestions.unsettled(3) == []


def a_delivery(guid: str = "guid-1", at: datetime = NOW) -> Delivery:
    return Delivery(guid, "pull_request", "opened", at)


def the_first_delivery_of_a_guid_stands(ledger: Ledger) -> None:
    assert ledger.deliveries.accept(a_delivery()) == a_delivery()
    assert ledger.deliveries.accept(replace(a_delivery(), action="closed")) == a_delivery()
    assert ledger.deliveries.known(["guid-1", "guid-2"]) == {"guid-1"}
    assert ledger.deliveries.known([]) == frozenset()


def a_delivery_that_comes_again_has_its_old_place_in_the_order(ledger: Ledger) -> None:
    first = ledger.deliveries.accept(a_delivery(), PULL)
    later = ledger.deliveries.accept(a_delivery("guid-2"), PULL)
    again = ledger.deliveries.accept(a_delivery(), PULL)

    assert first == again == replace(a_delivery(), sequence=1)
    assert later.sequence == 2
    assert ledger.pulls.next_sequence(PULL) > 2
    assert ledger.deliveries.accept(a_delivery("guid-3"), OTHER_PULL).sequence == 1


def a_delivery_that_asked_for_nothing_may_ask_for_something_later(ledger: Ledger) -> None:
    ledger.deliveries.accept(a_delivery())

    numbered = ledger.deliveries.accept(a_delivery(), PULL)

    assert numbered == ledger.deliveries.accept(a_delivery(), PULL)
    assert numbered.sequence == 1


def old_deliveries_are_forgotten(ledger: Ledger) -> None:
    ledger.deliveries.accept(a_delivery("old", NOW - timedelta(days=31)), PULL)
    ledger.deliveries.accept(a_delivery("new"), PULL)

    assert ledger.deliveries.forget(before=NOW - timedelta(days=30)) == 1
    assert ledger.deliveries.known(["old", "new"]) == {"new"}


def the_first_delivery_of_all_is_the_oldest(ledger: Ledger) -> None:
    assert ledger.deliveries.first_at() is None
    for minutes in (5, 0, 9):
        at = NOW + timedelta(minutes=minutes)
        ledger.deliveries.accept(Delivery(f"guid-{minutes}", "push", "", at))

    assert ledger.deliveries.first_at() == NOW


def a_note_is_replaced_by_the_next_one(ledger: Ledger) -> None:
    assert ledger.notes.load("deliveries") is None
    for text in (HOSTILE, "second"):
        ledger.notes.store("deliveries", text)
        assert ledger.notes.load("deliveries") == text
    assert ledger.notes.load("other") is None


def reviews_that_never_ended_are_told_newest_first(ledger: Ledger) -> None:
    later = replace(a_run("late"), started_at=NOW + timedelta(minutes=1))
    fix = replace(a_run("fix"), kind=RunKind.FIX)
    elsewhere = replace(a_run("elsewhere"), pull=PullKey(5, 7))
    for run in (a_run("early"), later, a_run("ended"), fix, elsewhere):
        ledger.runs.begin(run)

    ledger.runs.finish(RunId("ended"), an_ending())

    assert ledger.runs.unfinished(PULL.repo_id) == [later, a_run("early")]


CLAUSES_OF_PULLS: tuple[Clause, ...] = (
    the_first_publication_of_a_key_stands,
    sequences_begin_at_one_for_each_pull_request,
    a_later_head_is_not_taken_back_by_an_earlier_event,
    modes_are_kept_and_the_one_before_is_told,
    the_last_silences_are_told_newest_first,
    suggestions_come_back_with_their_proof,
    pulls_with_something_to_look_for_are_found,
    the_first_delivery_of_a_guid_stands,
    a_delivery_that_comes_again_has_its_old_place_in_the_order,
    a_delivery_that_asked_for_nothing_may_ask_for_something_later,
    old_deliveries_are_forgotten,
    the_first_delivery_of_all_is_the_oldest,
    a_note_is_replaced_by_the_next_one,
    reviews_that_never_ended_are_told_newest_first,
)
