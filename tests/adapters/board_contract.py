"""What every board promises; its rows are written through the ports of a ledger."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.board import (
    Board,
    FindingWanted,
    OutcomesBy,
    OutcomeTally,
    RunsBy,
    RunTally,
    RunWanted,
    ToolTally,
)
from bot.domain.diff import Side
from bot.domain.event_forms import Observed, outcome_event
from bot.domain.event_log import EventSource
from bot.domain.findings import FindingId, FindingState
from bot.domain.ledger import PullKey, RunId
from bot.domain.outcomes import WORTH, Outcome, OutcomeRecord, Verdict
from bot.domain.pull_records import DecisionId, Ledger, SuggestionId, SuggestionRecord
from bot.domain.pull_request import Sha
from bot.domain.record_json import dump
from bot.domain.verdict import Conclusion, Cost
from tests import reviews
from tests.adapters.ledger_values import (
    HOSTILE,
    NOW,
    OTHER_PULL,
    PULL,
    RUN,
    a_finding,
    a_run,
    a_step,
    an_ending,
    dismissal,
    seen,
)

BoardClause = Callable[[Ledger, Board], None]
ELSEWHERE = PullKey(PULL.repo_id + 1, 3)
COST = Cost(2.5, 100, 20, 0.125)


def ended(
    ledger: Ledger, name: str, minutes: float, *, pull: PullKey = PULL, repo: str = "owner/name"
) -> None:
    at = NOW + timedelta(minutes=minutes)
    ledger.runs.begin(replace(a_run(name, pull=pull), started_at=at, repo=repo))
    verdict = replace(reviews.verdict(Conclusion.SUCCESS), cost=COST)
    ending = replace(an_ending(), verdict=dump(verdict), ended_at=at + timedelta(minutes=1))
    ledger.runs.finish(RunId(name), ending)


def suggested(ledger: Ledger, name: str, finding: str = "F1", *, pull: PullKey = PULL) -> None:
    record = SuggestionRecord(
        SuggestionId(name), FindingId(finding), RUN, DecisionId("d"), Sha("a" * 40),
        "a.py", Side.RIGHT, 1, 2, source="autofix", proof=None, slot=1, slots=2,
    )  # fmt: skip
    ledger.suggestions.record(pull, [record])


def judged(
    ledger: Ledger, name: str, outcome: Outcome, *, at: datetime = NOW, pull: PullKey = PULL
) -> None:
    verdict = Verdict(outcome, WORTH[outcome], is_final=True)
    record = OutcomeRecord(f"{name}-{outcome}", at, SuggestionId(name), DecisionId("d"), verdict)
    ledger.events.append([outcome_event(record, pull, Observed(at, EventSource.POLL))])


def an_empty_ledger_shows_nothing(_ledger: Ledger, board: Board) -> None:
    assert list(board.runs.page(RunWanted())) == []
    assert list(board.runs.repos()) == []
    assert [list(board.runs.tallies(by, since=NOW)) for by in RunsBy] == [[]] * 3
    assert list(board.runs.tools()) == []
    assert list(board.findings.page(FindingWanted())) == []
    assert dict(board.findings.states()) == {}
    assert [list(board.findings.outcomes(by, since=NOW)) for by in OutcomesBy] == [[]] * 5
    assert board.runs.find(RUN) is None


def a_page_of_runs_goes_on_where_the_last_one_ended(ledger: Ledger, board: Board) -> None:
    for number in range(5):
        ended(ledger, f"run-{number}", minutes=number // 2)

    first = board.runs.page(RunWanted(limit=3))
    second = board.runs.page(RunWanted(limit=3, before=first[-1].place))

    names = [[run.record.run_id for run in page] for page in (first, second)]
    assert names == [["run-4", "run-3", "run-2"], ["run-1", "run-0"]]


def a_run_is_shown_with_its_steps_and_its_cost(ledger: Ledger, board: Board) -> None:
    ended(ledger, "run-1", 0)
    for index in (1, 2):
        ledger.runs.record_step(RUN, a_step(index))

    (run,) = board.runs.page(RunWanted())

    assert (run.steps, run.conclusion, run.cost) == (2, Conclusion.SUCCESS, COST)
    assert run.ended_at == NOW + timedelta(minutes=1)
    assert board.runs.find(RUN) == run


def a_run_that_has_not_ended_has_no_cost(ledger: Ledger, board: Board) -> None:
    ledger.runs.begin(a_run())
    ended(ledger, "run-2", 1)

    (run,) = board.runs.page(RunWanted(is_open=True))

    assert (run.record, run.ended_at, run.conclusion, run.cost) == (a_run(), None, None, None)


def a_verdict_that_names_no_cost_is_none_and_not_nothing(ledger: Ledger, board: Board) -> None:
    ledger.runs.begin(a_run())
    ledger.runs.finish(RUN, an_ending())

    (run,) = board.runs.page(RunWanted())

    assert (run.conclusion, run.cost) == (Conclusion.SUCCESS, None)


def runs_are_picked_by_repository_and_conclusion(ledger: Ledger, board: Board) -> None:
    ended(ledger, "run-1", 0)
    ended(ledger, "run-2", 1, pull=ELSEWHERE)

    here = board.runs.page(RunWanted(repo_id=PULL.repo_id))

    assert [run.record.run_id for run in here] == ["run-1"]
    assert list(board.runs.page(RunWanted(conclusion=Conclusion.ERROR))) == []
    assert len(board.runs.page(RunWanted(conclusion=Conclusion.SUCCESS))) == 2


def a_repository_has_the_name_of_its_newest_run(ledger: Ledger, board: Board) -> None:
    ended(ledger, "run-1", 0, repo="owner/old")
    ended(ledger, "run-2", 5, repo="owner/new")
    ledger.runs.begin(replace(a_run("run-3", pull=ELSEWHERE), repo=f"a/{HOSTILE}"))

    first, second = board.runs.repos()

    assert (first.name, first.runs, first.open_runs, first.cost.usd) == (f"a/{HOSTILE}", 1, 1, 0)
    assert (second.name, second.runs, second.open_runs) == ("owner/new", 2, 0)
    assert (second.last_at, second.cost.prompt_tokens) == (NOW + timedelta(minutes=5), 200)


def runs_are_counted_by_day_repository_and_kind(ledger: Ledger, board: Board) -> None:
    ended(ledger, "old", -60 * 24 * 3)
    for number in range(3):
        ended(ledger, f"run-{number}", number)
    ledger.runs.begin(a_run("open"))

    names = {RunsBy.DAY: "2026-10-01", RunsBy.REPO: str(PULL.repo_id), RunsBy.KIND: "review"}
    for by, name in names.items():
        found = board.runs.tallies(by, since=NOW - timedelta(days=1))
        assert sorted(found, key=lambda tally: tally.runs) == [
            RunTally(name, None, 1, Cost(0.0)),
            RunTally(name, Conclusion.SUCCESS, 3, Cost(7.5, 300, 60, 0.375)),
        ]


def steps_are_counted_by_tool(ledger: Ledger, board: Board) -> None:
    ledger.runs.begin(a_run())
    for step in (a_step(1), a_step(2), replace(a_step(3), tool="finish", seconds=1.0)):
        ledger.runs.record_step(RUN, step)

    assert list(board.runs.tools()) == [ToolTally("finish", 1, 1.0), ToolTally("lint", 2, 0.5)]


def a_page_of_findings_goes_on_where_the_last_one_ended(ledger: Ledger, board: Board) -> None:
    seen(ledger, a_finding("import os"), a_finding("import re", line=2))
    seen(ledger, a_finding(), pull=OTHER_PULL)
    seen(ledger, a_finding(), pull=ELSEWHERE)

    first = board.findings.page(FindingWanted(limit=2))
    second = board.findings.page(FindingWanted(limit=2, before=first[-1].place))

    places = [(shown.pull, shown.known.id) for shown in (*first, *second)]
    assert places == [(ELSEWHERE, "F1"), (OTHER_PULL, "F1"), (PULL, "F2"), (PULL, "F1")]


def findings_are_picked_and_counted_by_state_and_rule(ledger: Ledger, board: Board) -> None:
    hostile = replace(a_finding("import re", line=2), rule=f"x{HOSTILE}")
    seen(ledger, a_finding("import os"), hostile)
    ledger.findings.dismiss(PULL, FindingId("F1"), dismissal())

    dismissed = board.findings.page(FindingWanted(state=FindingState.DISMISSED))
    by_rule = board.findings.page(FindingWanted(rule="F401", repo_id=PULL.repo_id))

    assert [shown.known.id for shown in dismissed] == [shown.known.id for shown in by_rule]
    assert dict(board.findings.states()) == {FindingState.DISMISSED: 1, FindingState.OPEN: 1}


def a_finding_is_shown_with_what_became_of_its_suggestion(ledger: Ledger, board: Board) -> None:
    seen(ledger, a_finding())
    (before,) = board.findings.page(FindingWanted())
    suggested(ledger, "old")
    suggested(ledger, "new")
    judged(ledger, "old", Outcome.REJECTED)
    judged(ledger, "new", Outcome.APPLIED)

    (after,) = board.findings.page(FindingWanted())

    assert (before.tool, before.outcome) == (None, None)
    assert (after.tool, after.outcome) == ("autofix", Outcome.APPLIED)


def outcomes_are_counted_by_day_repository_rule_and_tool(ledger: Ledger, board: Board) -> None:
    seen(ledger, a_finding())
    for name in ("s1", "s2", "s3"):
        suggested(ledger, name)
        judged(ledger, name, Outcome.APPLIED, at=NOW + timedelta(hours=1))
    judged(ledger, "stranger", Outcome.IGNORED)
    judged(ledger, "long ago", Outcome.APPLIED, at=NOW - timedelta(days=30))

    day, repo = "2026-10-01", str(PULL.repo_id)
    names = {
        OutcomesBy.ALL: ("all", "all"), OutcomesBy.DAY: (day, day), OutcomesBy.REPO: (repo, repo),
        OutcomesBy.RULE: ("F401", ""), OutcomesBy.TOOL: ("autofix", ""),
    }  # fmt: skip
    for by, (known, unknown) in names.items():
        found = board.findings.outcomes(by, since=NOW - timedelta(days=1))
        assert sorted(found, key=lambda tally: -tally.count) == [
            OutcomeTally(known, Outcome.APPLIED, 3),
            OutcomeTally(unknown, Outcome.IGNORED, 1),
        ]


def a_correction_counts_in_place_of_what_it_corrects(ledger: Ledger, board: Board) -> None:
    judged(ledger, "s1", Outcome.APPLIED)
    judged(ledger, "s1", Outcome.REVERTED, at=NOW + timedelta(hours=1))

    (tally,) = board.findings.outcomes(OutcomesBy.ALL, since=NOW - timedelta(days=1))

    assert (tally.outcome, tally.count) == (Outcome.REVERTED, 1)


BOARD_CONTRACT: tuple[BoardClause, ...] = (
    an_empty_ledger_shows_nothing,
    a_page_of_runs_goes_on_where_the_last_one_ended,
    a_run_is_shown_with_its_steps_and_its_cost,
    a_run_that_has_not_ended_has_no_cost,
    a_verdict_that_names_no_cost_is_none_and_not_nothing,
    runs_are_picked_by_repository_and_conclusion,
    a_repository_has_the_name_of_its_newest_run,
    runs_are_counted_by_day_repository_and_kind,
    steps_are_counted_by_tool,
    a_page_of_findings_goes_on_where_the_last_one_ended,
    findings_are_picked_and_counted_by_state_and_rule,
    a_finding_is_shown_with_what_became_of_its_suggestion,
    outcomes_are_counted_by_day_repository_rule_and_tool,
    a_correction_counts_in_place_of_what_it_corrects,
)
