"""What every ledger promises. Each test module of a ledger runs every clause on an empty one."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain import record_json
from bot.domain.findings import FindingId, FindingState
from bot.domain.identity import reconcile
from bot.domain.ledger import (
    KnownFinding,
    Reconciled,
    ReviewedHead,
    RunId,
    RunKind,
    Thread,
)
from bot.domain.pull_records import (
    Ledger,
)
from bot.domain.pull_request import Sha
from bot.domain.reading import ReadFile, Reading
from bot.domain.verdict import Conclusion
from bot.errors import Refused
from tests.adapters.event_log_contract import CLAUSES_OF_EVENTS
from tests.adapters.forgetting_contract import CLAUSES_OF_FORGETTING
from tests.adapters.ledger_pulls_contract import CLAUSES_OF_PULLS
from tests.adapters.ledger_values import (
    HEAD,
    HOSTILE,
    NOW,
    OTHER_PULL,
    PULL,
    RUN,
    Clause,
    a_finding,
    a_look,
    a_run,
    a_step,
    an_ending,
    dismissal,
    seen,
)


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
    *CLAUSES_OF_PULLS,
    *CLAUSES_OF_EVENTS,
    *CLAUSES_OF_FORGETTING,
)
