"""What every ledger promises to whoever asks to be forgotten; a part of its contract."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.diff import Side
from bot.domain.edits import Edit
from bot.domain.event_forms import Observed, outcome_event, outcomes_of, signal_event
from bot.domain.event_log import EventSource, LoggedEvent, PolicyStatus
from bot.domain.findings import FindingId
from bot.domain.forgetting import FORGOTTEN, NOWHERE, TAKEN_BACK, Whom
from bot.domain.ledger import PullKey
from bot.domain.outcomes import WORTH, Outcome, OutcomeRecord, Verdict
from bot.domain.pull_records import (
    DecisionId,
    Ledger,
    Publication,
    PublicationKind,
    PullMode,
    Silence,
    SuggestionId,
    SuggestionRecord,
)
from bot.domain.pull_request import Sha
from bot.domain.quieting import Unmuted, unmuted_event
from bot.domain.record_json import load
from bot.domain.rewriting import Rewritten, rewritten_event
from bot.domain.signals import Actor, Signal, SignalKind, Standing
from tests.adapters.event_log_contract import a_version
from tests.adapters.ledger_values import (
    NOW,
    OTHER_PULL,
    PULL,
    RUN,
    Clause,
    a_finding,
    a_run,
    a_step,
    dismissal,
    seen,
)

ELSEWHERE = PullKey(PULL.repo_id + 1, PULL.number)
OBSERVED = Observed(NOW, EventSource.WEBHOOK, "delivery")
ADA, EVE = 61_234_567, 234
MARK = LoggedEvent("mark", FORGOTTEN, NOWHERE, NOW, NOW, EventSource.COMMAND, '{"who":"h"}')
OCTOCAT = Whom(person_id=ADA, login="OctoCat")


def liked(name: str, by: int, pull: PullKey = PULL) -> LoggedEvent:
    actor = Actor(by, Standing.WRITER)
    return signal_event(Signal(name, SignalKind.LIKED, pull, NOW, by=actor), OBSERVED)


def became(name: str, by: int | None, pull: PullKey = PULL) -> LoggedEvent:
    verdict = Verdict(Outcome.REJECTED, WORTH[Outcome.REJECTED], is_final=True, by=by, at=NOW)
    ids = (SuggestionId("5" * 16), DecisionId("d"))
    return outcome_event(OutcomeRecord(name, NOW, *ids, verdict), pull, OBSERVED)


def a_suggestion(name: str) -> SuggestionRecord:
    return SuggestionRecord(
        SuggestionId(name), FindingId("F1"), RUN, DecisionId("d"), Sha("a" * 40), "a.py",
        Side.RIGHT, 1, 1, source="autofix", proof=None, slot=1, slots=1,
    )  # fmt: skip


def _filled(ledger: Ledger, pull: PullKey, run_id: str) -> None:
    run = a_run(run_id, pull=pull)
    ledger.runs.begin(replace(run, repo="Acme/Shop" if pull.repo_id == PULL.repo_id else "b/c"))
    ledger.runs.record_step(run.run_id, a_step(1))
    seen(ledger, a_finding(), pull=pull)
    ledger.pulls.set_mode(pull, PullMode.PAUSED)
    ledger.silences.record(pull, Silence("paused", None, NOW))
    ledger.suggestions.record(pull, [a_suggestion(f"{run_id:0>16}")])
    ledger.publications.record(
        Publication(f"reply:{run_id}", pull, PublicationKind.REPLY, "1", "", NOW)
    )


def a_repository_is_forgotten_in_every_table_and_others_are_not(ledger: Ledger) -> None:
    for pull, run_id in ((PULL, "1"), (OTHER_PULL, "2"), (ELSEWHERE, "3")):
        _filled(ledger, pull, run_id)
    ledger.events.append([liked("a", ADA), liked("b", ADA, ELSEWHERE), became("c", None)])
    repo_ids = ledger.forgetting.repo_ids("acme/shop")

    gone = ledger.forgetting.forget(Whom(repo_ids), MARK)

    assert repo_ids == {PULL.repo_id}
    assert gone.events == {"outcome": 1, "signal": 1}
    assert gone.rows == {
        "findings": 2, "suggestions": 2, "posts": 2, "reasons for silence": 2, "runs": 2,
        "pull requests": 2,
    }  # fmt: skip
    assert [each.event.event_id for each in ledger.events.after(0)] == ["b", "mark"]
    assert ledger.findings.known(PULL) == ()
    assert ledger.runs.steps(a_run("1").run_id) == []
    assert ledger.pulls.load(PULL).mode is PullMode.AUTO
    assert ledger.publications.find("reply:1") is None
    assert len(ledger.findings.known(ELSEWHERE)) == len(ledger.suggestions.shown(ELSEWHERE)) == 1
    assert ledger.forgetting.repo_ids("acme/shop") == frozenset()


def a_person_is_forgotten_and_what_others_said_stays_at_its_place(ledger: Ledger) -> None:
    ledger.events.append(
        [liked("a", ADA), liked("b", EVE), became("c", ADA), became("d", EVE), liked("e", ADA)]
    )

    gone = ledger.forgetting.forget(OCTOCAT, MARK)

    assert (gone.events, gone.censored) == ({"signal": 2}, 1)
    log = ledger.events.after(0)
    assert [(n.seq, n.event.event_id) for n in log] == [(2, "b"), (3, "c"), (4, "d"), (6, "mark")]
    outcomes = {record.event_id: record.verdict for record in outcomes_of(log)}
    assert (outcomes["c"].outcome, outcomes["c"].by) == (Outcome.CENSORED, None)
    assert outcomes["d"].by == EVE
    assert [n for n in log if str(ADA) in n.event.body] == []
    assert ledger.events.append([liked("f", EVE)]) == 1
    assert ledger.events.after(6)[0].seq == 7


def a_rule_that_a_person_let_be_heard_again_stays_heard_by_nobodys_word(ledger: Ledger) -> None:
    ledger.events.append(
        [unmuted_event(PULL, "E501", by=by, job=f"job {by}", at=NOW) for by in (ADA, EVE)]
    )

    gone = ledger.forgetting.forget(OCTOCAT, MARK)

    said = [load(Unmuted, n.event.body) for n in ledger.events.after(0) if n.seq < 3]
    assert (gone.censored, said) == (1, [Unmuted("E501", 0), Unmuted("E501", EVE)])


def a_dismissal_stays_without_the_name_and_the_words(ledger: Ledger) -> None:
    seen(ledger, a_finding(), a_finding("import re", line=2))
    first, second = ledger.findings.known(PULL)
    ledger.findings.dismiss(PULL, first.id, dismissal("octocat", "it is mine"))
    ledger.findings.dismiss(PULL, second.id, dismissal("octocat-2", "noise"))

    gone = ledger.forgetting.forget(OCTOCAT, MARK)

    mine, other = (known.dismissal for known in ledger.findings.known(PULL))
    assert gone.dismissals == 1
    assert mine == dismissal("", "")
    assert other == dismissal("octocat-2", "noise")


def who_took_a_policy_back_is_named_no_more_and_it_stays_taken_back(ledger: Ledger) -> None:
    for name, by in (("a", "octocat"), ("b", "eve")):
        body = f'{{"version":"{name}","by":"{by}","reason":"asked for by {by}"}}'
        ledger.events.append([replace(MARK, event_id=name, kind=TAKEN_BACK, body=body)])
    ledger.policies.record(replace(a_version("v"), log_seq=9))

    gone = ledger.forgetting.forget(Whom(login="OctoCat"), MARK)

    mine, other = (each.event.body for each in ledger.events.after(0)[:2])
    assert (gone.censored, gone.policies) == (1, ())
    assert mine == '{"version":"a","by":"","reason":"asked for by somebody"}'
    assert "asked for by eve" in other


def a_pull_request_of_a_person_goes_whole(ledger: Ledger) -> None:
    _filled(ledger, PULL, "1")
    _filled(ledger, OTHER_PULL, "2")
    ledger.events.append([liked("a", EVE), liked("b", EVE, OTHER_PULL)])

    many = {PullKey(ELSEWHERE.repo_id, number) for number in range(2_000)}
    ledger.forgetting.forget(Whom(pulls=frozenset({PULL, *many})), MARK)

    assert [n.event.event_id for n in ledger.events.after(0)] == ["b", "mark"]
    assert (ledger.suggestions.shown(PULL), len(ledger.suggestions.shown(OTHER_PULL))) == ([], 1)


def policies_that_learned_of_it_are_retired(ledger: Ledger) -> None:
    ledger.events.append([liked("a", EVE), liked("b", EVE), became("c", ADA)])
    for name, seq in (("before", 2), ("after", 3), ("later", 9)):
        ledger.policies.record(replace(a_version(name), log_seq=seq))
    ledger.policies.mark("later", PolicyStatus.ROLLED_BACK)

    gone = ledger.forgetting.forget(OCTOCAT, MARK)

    assert gone.policies == ("after",)
    assert {v.version: v.status for v in ledger.policies.all()} == {
        "before": PolicyStatus.CANDIDATE, "after": PolicyStatus.RETIRED,
        "later": PolicyStatus.ROLLED_BACK,
    }  # fmt: skip


def a_preview_says_the_same_and_changes_nothing(ledger: Ledger) -> None:
    _filled(ledger, PULL, "1")
    ledger.events.append([liked("a", ADA), became("c", ADA, ELSEWHERE)])
    whom = replace(OCTOCAT, pulls=frozenset({PULL}))

    before = ledger.events.after(0)
    expected = ledger.forgetting.preview(whom)

    assert ledger.events.after(0) == before
    assert len(ledger.findings.known(PULL)) == 1
    assert ledger.forgetting.forget(whom, MARK) == expected


def forgetting_twice_leaves_one_mark(ledger: Ledger) -> None:
    ledger.events.append([liked("a", ADA)])
    ledger.forgetting.forget(OCTOCAT, MARK)
    again = replace(MARK, event_id="mark 2", occurred_at=NOW + timedelta(days=1))

    gone = ledger.forgetting.forget(replace(OCTOCAT, repo_ids=frozenset({NOWHERE.repo_id})), again)

    assert gone.is_nothing
    assert [(n.seq, n.event) for n in ledger.events.after(0)] == [(2, MARK)]


def kept_text_that_is_old_goes_and_no_number_is_given_twice(ledger: Ledger) -> None:
    edit = Edit("a.py", 1, 1, "a = 1\n", "a = 2\n")
    for days, name in ((0, "1"), (2, "2"), (1, "3")):
        what = Rewritten(SuggestionId(name * 16), Sha("a" * 40), (edit,))
        observed = Observed(NOW + timedelta(days=days), EventSource.POLL)
        ledger.events.append([rewritten_event(PULL, what, observed, end=Sha("b" * 40))])
    ledger.events.append([liked("a", EVE)])

    gone = [ledger.forgetting.expire(before=NOW + timedelta(days=days)) for days in (0, 1, 2)]
    left = [n.seq for n in ledger.events.after(0)]
    ledger.forgetting.forget(Whom(person_id=EVE), MARK)

    assert (gone, left) == ([0, 1, 1], [2, 4])
    assert [n.seq for n in ledger.events.after(0)] == [2, 5]


def the_last_event_of_the_log_stays_until_others_follow(ledger: Ledger) -> None:
    what = Rewritten(SuggestionId("1" * 16), Sha("a" * 40), ())
    observed = Observed(NOW, EventSource.POLL)
    ledger.events.append([rewritten_event(PULL, what, observed, end=Sha("b" * 40))])
    later = NOW + timedelta(days=1)

    assert ledger.forgetting.expire(before=later) == 0
    ledger.events.append([liked("a", EVE)])
    assert ledger.forgetting.expire(before=later) == 1
    assert [n.seq for n in ledger.events.after(0)] == [2]


CLAUSES_OF_FORGETTING: tuple[Clause, ...] = (
    a_repository_is_forgotten_in_every_table_and_others_are_not,
    a_person_is_forgotten_and_what_others_said_stays_at_its_place,
    a_rule_that_a_person_let_be_heard_again_stays_heard_by_nobodys_word,
    a_dismissal_stays_without_the_name_and_the_words,
    who_took_a_policy_back_is_named_no_more_and_it_stays_taken_back,
    a_pull_request_of_a_person_goes_whole,
    policies_that_learned_of_it_are_retired,
    a_preview_says_the_same_and_changes_nothing,
    forgetting_twice_leaves_one_mark,
    kept_text_that_is_old_goes_and_no_number_is_given_twice,
    the_last_event_of_the_log_stays_until_others_follow,
)
