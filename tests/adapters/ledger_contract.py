"""What every ledger promises. Each test module of a ledger runs every clause on an empty one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain import record_json
from bot.domain.diff import Side
from bot.domain.evidence import Counts, Proof
from bot.domain.findings import Category, Finding, FindingId, FindingState, Location, Severity
from bot.domain.identity import Look, decision_id, reconcile
from bot.domain.ledger import (
    Dismissal,
    Head,
    KnownFinding,
    PullKey,
    Reconciled,
    ReviewedHead,
    RunEnding,
    RunId,
    RunKind,
    RunRecord,
    StepRecord,
    Thread,
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
from bot.domain.reading import ReadFile, Reading
from bot.domain.verdict import Conclusion
from bot.errors import Refused

Clause = Callable[[Ledger], None]

PULL = PullKey(repo_id=1 << 40, number=7)
OTHER_PULL = PullKey(repo_id=1 << 40, number=8)
NOW = datetime(2026, 10, 1, 12, 0, 0, 123456, tzinfo=UTC)
RUN = RunId("run-1")
HEAD = Head(Sha("a" * 40), Sha("b" * 40), Sha("c" * 40))
HOSTILE = "NUL \0, byte \udcff, pair \ud83d\ude00, line\nend, quote ' \" \\, 🙂 \u202e"
"""A text as a hostile repository writes it; no database takes it as it is."""


def a_run(run_id: str = RUN, *, pull: PullKey = PULL, head: Head = HEAD) -> RunRecord:
    kind = RunKind.REVIEW
    return RunRecord(RunId(run_id), "job-1", pull, "owner/name", head, kind, started_at=NOW)


def an_ending(conclusion: Conclusion = Conclusion.SUCCESS, *, minutes: int = 1) -> RunEnding:
    return RunEnding(conclusion, "{}", NOW + timedelta(minutes=minutes))


def a_step(index: int, observation: str = "{}") -> StepRecord:
    return StepRecord(index, "lint", observation, '{"propensities":{}}', seconds=0.25)


def a_finding(snippet: str = "import os", path: str = "a.py", line: int = 1) -> Finding:
    return Finding(
        rule="F401",
        severity=Severity.LOW,
        category=Category.STYLE,
        title=f"`{snippet.rsplit(maxsplit=1)[-1]}` is not used",
        body="Remove it.",
        location=Location(path, line, line),
        snippet=snippet,
        source="ruff",
        confidence=0.9,
    )


def a_look(*found: Finding, head: str = "a", code: str = "code") -> Look:
    return Look(Sha(head * 40), found, lambda _: code, lambda _: True)


def seen(ledger: Ledger, *found: Finding, head: str = "a", pull: PullKey = PULL) -> Reconciled:
    look = a_look(*found, head=head)
    return ledger.findings.revise(pull, lambda known: reconcile(known, look))


def dismissal(by: str = "octocat", reason: str = "noise") -> Dismissal:
    return Dismissal(reason, by, NOW)


def steps_come_back_in_order_and_exactly(ledger: Ledger) -> None:
    ledger.runs.begin(a_run())
    later = a_step(2, record_json.dump(HOSTILE))
    ledger.runs.record_step(RUN, later)
    ledger.runs.record_step(RUN, a_step(1))

    assert ledger.runs.steps(RUN) == [a_step(1), later]
    assert record_json.load(str, later.observation) == HOSTILE


def the_first_record_of_a_step_stands(ledger: Ledger) -> None:
    ledger.runs.begin(a_run())
    ledger.runs.begin(replace(a_run(), job_id="job-2"))

    assert ledger.runs.record_step(RUN, a_step(1, '"first"')) == a_step(1, '"first"')
    assert ledger.runs.record_step(RUN, a_step(1, '"second"')) == a_step(1, '"first"')
    assert ledger.runs.steps(RUN) == [a_step(1, '"first"')]


def a_run_that_never_began_takes_no_step(ledger: Ledger) -> None:
    with pytest.raises(Refused, match="never began"):
        ledger.runs.record_step(RUN, a_step(1))
    with pytest.raises(Refused, match="never began"):
        ledger.runs.finish(RUN, an_ending())
    assert ledger.runs.steps(RUN) == []


def the_first_ending_of_a_run_stands(ledger: Ledger) -> None:
    ledger.runs.begin(a_run())
    ledger.runs.finish(RUN, an_ending(Conclusion.FINDINGS))

    assert ledger.runs.finish(RUN, an_ending(Conclusion.ERROR)).conclusion is Conclusion.FINDINGS


def a_review_goes_on_from_the_head_that_was_reviewed_last(ledger: Ledger) -> None:
    newer = replace(HEAD, head_sha=Sha("d" * 40))
    for name, head, ending in (
        ("old", HEAD, an_ending(minutes=1)),
        ("new", newer, an_ending(Conclusion.PARTIAL, minutes=2)),
        ("broken", HEAD, an_ending(Conclusion.ERROR, minutes=3)),
        ("blind", HEAD, an_ending(Conclusion.NOT_REVIEWED, minutes=4)),
    ):
        ledger.runs.begin(a_run(name, head=head))
        ledger.runs.finish(RunId(name), ending)
    ledger.runs.begin(a_run("under way"))
    ledger.runs.begin(replace(a_run("fix"), kind=RunKind.FIX))
    ledger.runs.finish(RunId("fix"), an_ending(minutes=5))

    assert ledger.reviewed.last(PULL) == ReviewedHead(RunId("new"), newer, Conclusion.PARTIAL)
    assert ledger.reviewed.last(OTHER_PULL) is None


def the_last_review_of_a_head_says_how_it_ended_whatever_it_saw(ledger: Ledger) -> None:
    newer = replace(HEAD, head_sha=Sha("d" * 40))
    failed = replace(an_ending(Conclusion.NOT_REVIEWED, minutes=2), is_failure=True)
    for name, head, ending in (
        ("first", HEAD, an_ending(minutes=1)),
        ("again", HEAD, failed),
        ("newer", newer, an_ending(minutes=3)),
    ):
        ledger.runs.begin(a_run(name, head=head))
        assert ledger.reviewed.of_head(OTHER_PULL, head.head_sha) is None
        ledger.runs.finish(RunId(name), ending)

    found = ledger.reviewed.of_head(PULL, HEAD.head_sha)
    assert found == ReviewedHead(RunId("again"), HEAD, Conclusion.NOT_REVIEWED, is_failure=True)
    assert ledger.reviewed.of_head(PULL, Sha("e" * 40)) is None


def a_head_is_reviewed_once_a_run_on_it_has_ended(ledger: Ledger) -> None:
    ledger.runs.begin(a_run())
    assert not ledger.reviewed.is_reviewed(PULL, HEAD, RunKind.REVIEW)
    ledger.runs.finish(RUN, an_ending(Conclusion.NOT_REVIEWED))
    rebased = replace(HEAD, merge_base_sha=Sha("e" * 40))
    base_moved = replace(HEAD, base_sha=Sha("e" * 40))

    assert ledger.reviewed.is_reviewed(PULL, HEAD, RunKind.REVIEW)
    assert ledger.reviewed.is_reviewed(PULL, base_moved, RunKind.REVIEW)
    assert not ledger.reviewed.is_reviewed(PULL, rebased, RunKind.REVIEW)
    assert not ledger.reviewed.is_reviewed(PULL, HEAD, RunKind.FIX)
    assert not ledger.reviewed.is_reviewed(OTHER_PULL, HEAD, RunKind.REVIEW)


def a_head_that_was_left_and_comes_back_is_not_reviewed(ledger: Ledger) -> None:
    between = replace(HEAD, head_sha=Sha("d" * 40))
    for minutes, (name, head) in enumerate((("first", HEAD), ("second", between)), 1):
        ledger.runs.begin(a_run(name, head=head))
        ledger.runs.finish(RunId(name), an_ending(minutes=minutes))
    ledger.runs.begin(a_run("third"))
    ledger.runs.finish(RunId("third"), an_ending(Conclusion.ERROR, minutes=3))

    assert ledger.reviewed.is_reviewed(PULL, between, RunKind.REVIEW)
    assert not ledger.reviewed.is_reviewed(PULL, HEAD, RunKind.REVIEW)


def an_ending_comes_back_with_what_was_read(ledger: Ledger) -> None:
    found = replace(a_finding(HOSTILE), title=HOSTILE)
    reading = Reading(
        "basis", (ReadFile(HOSTILE, "1", ("lint",), (found,)), ReadFile("b.py", "2", ()))
    )
    ledger.runs.begin(a_run())
    before = ledger.runs.ending(RUN)
    ending = replace(an_ending(), reading=reading)
    ledger.runs.finish(RUN, ending)

    assert before is None
    assert ledger.runs.ending(RUN) == ending
    assert ledger.runs.ending(RunId("run-2")) is None


def a_run_that_broke_reviewed_nothing(ledger: Ledger) -> None:
    ledger.runs.begin(a_run())
    ledger.runs.finish(RUN, an_ending(Conclusion.ERROR))

    assert not ledger.reviewed.is_reviewed(PULL, HEAD, RunKind.REVIEW)


def runs_that_began_lately_are_told(ledger: Ledger) -> None:
    for name, minutes in (("late", 20), ("old", 0), ("now", 60)):
        ledger.runs.begin(replace(a_run(name), started_at=NOW + timedelta(minutes=minutes)))
    ledger.runs.begin(replace(a_run("other"), pull=OTHER_PULL))

    lately = ledger.reviewed.begun(PULL, since=NOW + timedelta(minutes=20))

    assert [run.run_id for run in lately] == ["late", "now"]
    assert lately[1] == replace(a_run("now"), started_at=NOW + timedelta(minutes=60))


def findings_come_back_exactly_and_by_number(ledger: Ledger) -> None:
    names = [a_finding(f"import m{n}", line=n) for n in range(1, 12)]
    told = seen(ledger, replace(a_finding(HOSTILE), title=HOSTILE), *names)

    assert ledger.findings.known(PULL) == told.known
    assert [known.id for known in told.known] == [f"F{n}" for n in range(1, 13)]
    assert told.known[0].finding.snippet == HOSTILE
    assert ledger.findings.known(OTHER_PULL) == ()


def each_pull_request_counts_its_findings_for_itself(ledger: Ledger) -> None:
    seen(ledger, a_finding())
    seen(ledger, a_finding("import re"), pull=OTHER_PULL)

    assert [k.id for k in ledger.findings.known(OTHER_PULL)] == ["F1"]
    assert [k.finding.snippet for k in ledger.findings.known(PULL)] == ["import os"]


def ids_are_never_given_again(ledger: Ledger) -> None:
    seen(ledger, a_finding())
    seen(ledger, head="b")
    told = seen(ledger, a_finding("import re"), head="c")

    assert [(k.id, k.state.value) for k in told.known] == [("F1", "fixed"), ("F2", "open")]
    assert ledger.findings.known(PULL) == told.known


def a_dismissal_holds_over_pushes(ledger: Ledger) -> None:
    seen(ledger, a_finding())
    dismissed = ledger.findings.dismiss(PULL, FindingId("F1"), dismissal(reason=HOSTILE))
    told = seen(ledger, a_finding(line=40), head="b")

    assert dismissed.dismissal == dismissal(reason=HOSTILE)
    assert [f.state for f in told.findings] == [FindingState.DISMISSED]
    assert ledger.findings.known(PULL)[0].dismissal == dismissal(reason=HOSTILE)


def the_first_dismissal_stands(ledger: Ledger) -> None:
    seen(ledger, a_finding())
    ledger.findings.dismiss(PULL, FindingId("F1"), dismissal())

    again = ledger.findings.dismiss(PULL, FindingId("F1"), dismissal(by="somebody else"))

    assert again.dismissal == dismissal()


def what_does_not_exist_is_refused(ledger: Ledger) -> None:
    seen(ledger, a_finding())

    with pytest.raises(Refused, match="pull request 7 has no finding F9"):
        ledger.findings.dismiss(PULL, FindingId("F9"), dismissal())
    with pytest.raises(Refused, match="pull request 8 has no finding F1"):
        ledger.findings.attach_thread(OTHER_PULL, FindingId("F1"), Thread("node", 5))


def a_dismissal_in_the_middle_of_a_run_is_not_lost(ledger: Ledger) -> None:
    seen(ledger, a_finding())
    look = a_look(a_finding(), head="b")
    pending = [FindingId("F1")]

    def slow_rule(known: tuple[KnownFinding, ...]) -> Reconciled:
        while pending:
            ledger.findings.dismiss(PULL, pending.pop(), dismissal())
        return reconcile(known, look)

    assert ledger.findings.revise(PULL, slow_rule).known[0].state is FindingState.DISMISSED
    assert ledger.findings.known(PULL)[0].state is FindingState.DISMISSED


def a_rule_that_fails_changes_nothing(ledger: Ledger) -> None:
    before = seen(ledger, a_finding()).known

    def failing(_: object) -> Reconciled:
        raise Refused("no")

    with pytest.raises(Refused):
        ledger.findings.revise(PULL, failing)
    assert ledger.findings.known(PULL) == before


def a_posted_finding_is_posted_once_and_its_thread_resolved_once(ledger: Ledger) -> None:
    told = seen(ledger, a_finding())
    assert [f.id for f in told.unposted] == ["F1"]
    ledger.findings.attach_thread(PULL, FindingId("F1"), Thread("node", 1 << 40))
    assert seen(ledger, a_finding(), head="b").unposted == ()
    fixed = seen(ledger, head="c").resolvable
    assert [k.thread for k in fixed] == [Thread("node", 1 << 40)]

    ledger.findings.attach_thread(PULL, FindingId("F1"), Thread("node", 1 << 40, is_resolved=True))

    assert seen(ledger, head="d").resolvable == ()


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


CONTRACT: tuple[Clause, ...] = (
    steps_come_back_in_order_and_exactly,
    the_first_record_of_a_step_stands,
    a_run_that_never_began_takes_no_step,
    the_first_ending_of_a_run_stands,
    a_review_goes_on_from_the_head_that_was_reviewed_last,
    the_last_review_of_a_head_says_how_it_ended_whatever_it_saw,
    a_head_is_reviewed_once_a_run_on_it_has_ended,
    a_head_that_was_left_and_comes_back_is_not_reviewed,
    an_ending_comes_back_with_what_was_read,
    a_run_that_broke_reviewed_nothing,
    runs_that_began_lately_are_told,
    findings_come_back_exactly_and_by_number,
    each_pull_request_counts_its_findings_for_itself,
    ids_are_never_given_again,
    a_dismissal_holds_over_pushes,
    the_first_dismissal_stands,
    what_does_not_exist_is_refused,
    a_dismissal_in_the_middle_of_a_run_is_not_lost,
    a_rule_that_fails_changes_nothing,
    a_posted_finding_is_posted_once_and_its_thread_resolved_once,
    the_first_publication_of_a_key_stands,
    sequences_begin_at_one_for_each_pull_request,
    a_later_head_is_not_taken_back_by_an_earlier_event,
    modes_are_kept_and_the_one_before_is_told,
    the_last_silences_are_told_newest_first,
    suggestions_come_back_with_their_proof,
    the_first_delivery_of_a_guid_stands,
    a_delivery_that_comes_again_has_its_old_place_in_the_order,
    a_delivery_that_asked_for_nothing_may_ask_for_something_later,
    old_deliveries_are_forgotten,
    the_first_delivery_of_all_is_the_oldest,
    a_note_is_replaced_by_the_next_one,
    reviews_that_never_ended_are_told_newest_first,
)
