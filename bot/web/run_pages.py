"""The pages about runs: the overview, lists, one run as a timeline, and findings."""

from datetime import datetime, timedelta
from typing import cast

from flask import Blueprint, Response, abort, jsonify, request

from bot.domain.board import (
    FindingPlace,
    FindingWanted,
    OutcomesBy,
    RunPlace,
    RunsBy,
    RunShown,
    RunWanted,
    total_cost,
)
from bot.domain.findings import FindingId, FindingState
from bot.domain.jobs import JobId, JobStatus
from bot.domain.ledger import PullKey, RunId
from bot.domain.shares import share_of_all
from bot.domain.verdict import Conclusion
from bot.web.dashboard import Dashboard, Records, value_of
from bot.web.run_view import run_view
from bot.web.summaries import DAYS, WEEKS, by_day, repo_names

_CONCLUSIONS = {conclusion.value: conclusion for conclusion in Conclusion}
_STATES = {state.value: state for state in FindingState}
_LATEST = 10
_ENDED = (JobStatus.DONE, JobStatus.SUPERSEDED, JobStatus.STOPPED, JobStatus.FAILED)


def add_run_pages(pages: Blueprint, dashboard: Dashboard) -> None:
    """Add the pages."""
    _add_overview(pages, dashboard)
    _add_runs(pages, dashboard)
    _add_findings(pages, dashboard)


def _add_overview(pages: Blueprint, dashboard: Dashboard) -> None:
    records = dashboard.records
    runs, findings = records.board.runs, records.board.findings

    @pages.get("/")
    def show_overview() -> Response:
        now = dashboard.now()
        tallies = runs.tallies(RunsBy.DAY, since=_midnight(now) - timedelta(days=DAYS - 1))
        since = _midnight(now) - timedelta(weeks=WEEKS)
        days = by_day(tallies, until=now.date())
        return dashboard.page(
            "overview.html",
            latest=runs.page(RunWanted(limit=_LATEST)),
            days=days,
            runs=sum(day.runs for day in days),
            open_runs=sum(tally.runs for tally in tallies if tally.conclusion is None),
            cost=total_cost(day.cost for day in days),
            states=findings.states(),
            share=share_of_all(findings.outcomes(OutcomesBy.ALL, since=since)),
            queue=records.queue.counts(),
        )

    @pages.get("/repositories")
    def show_repos() -> Response:
        return dashboard.page("repositories.html", repos=runs.repos())


def _add_runs(pages: Blueprint, dashboard: Dashboard) -> None:
    records = dashboard.records
    runs = records.board.runs

    @pages.get("/runs")
    def show_runs() -> Response:
        wanted = RunWanted(
            repo_id=_repo_id(),
            conclusion=cast("Conclusion | None", value_of("conclusion", _CONCLUSIONS)),
            is_open=request.args.get("open") == "1",
            before=_run_place(),
        )
        found = runs.page(wanted)
        return dashboard.page(
            "runs.html",
            runs=found,
            wanted=wanted,
            repos=runs.repos(),
            conclusions=_CONCLUSIONS,
            next_page=_next_page(_place_text(found[-1])) if len(found) == wanted.limit else None,
        )

    @pages.get("/runs/<run_id>")
    def show_run(run_id: str) -> Response:
        run = _found(records, run_id)
        steps, ending = records.ledger.runs.steps(RunId(run_id)), None
        if run.conclusion is not None:
            ending = records.ledger.runs.ending(RunId(run_id))
        status = records.jobs.status(JobId(run.record.job_id))
        return dashboard.page(
            "run.html",
            run=run,
            view=run_view(steps, ending),
            job_status=status,
            is_live=_is_live(run, status),
        )

    @pages.get("/runs/<run_id>/progress")
    def say_progress(run_id: str) -> Response:
        run = _found(records, run_id)
        status = records.jobs.status(JobId(run.record.job_id))
        return jsonify(steps=run.steps, is_live=_is_live(run, status))


def _add_findings(pages: Blueprint, dashboard: Dashboard) -> None:
    board = dashboard.records.board

    @pages.get("/findings")
    def show_findings() -> Response:
        wanted = FindingWanted(
            repo_id=_repo_id(),
            state=cast("FindingState | None", value_of("state", _STATES)),
            rule=request.args.get("rule") or None,
            before=_finding_place(),
        )
        found, repos = board.findings.page(wanted), board.runs.repos()
        is_full = len(found) == wanted.limit
        last = found[-1].place if is_full else None
        return dashboard.page(
            "findings.html",
            findings=found,
            wanted=wanted,
            repos=repos,
            names=repo_names(repos),
            states=_STATES,
            counts=board.findings.states(),
            next_page=_next_page(f"{last.pull.repo_id}~{last.pull.number}~{last.finding_id}")
            if last is not None
            else None,
        )


def _found(records: Records, run_id: str) -> RunShown:
    run = records.board.runs.find(RunId(run_id))
    if run is None:
        abort(404, f"there is no run {run_id}")
    return run


def _is_live(run: RunShown, status: JobStatus | None) -> bool:
    """Tell whether more will come: a run of a job that ended or is unknown is over or dead."""
    return run.conclusion is None and status is not None and status not in _ENDED


def _repo_id() -> int | None:
    given = request.args.get("repo", "")
    if not given:
        return None
    if not (given.isascii() and given.isdecimal() and len(given) < 19):
        abort(400, f"repo={given} is not the number of a repository")
    return int(given)


def _run_place() -> RunPlace | None:
    given = request.args.get("before", "")
    if not given:
        return None
    at, separator, run_id = given.partition("~")
    try:
        started_at = datetime.fromisoformat(at)
    except ValueError:
        separator = ""
    if not separator or started_at.tzinfo is None or not run_id.isprintable():
        abort(400, f"before={given} is no place in the list")
    return RunPlace(started_at, RunId(run_id))


def _finding_place() -> FindingPlace | None:
    given = request.args.get("before", "")
    if not given:
        return None
    repo, number, finding = (*given.split("~"), "", "", "")[:3]
    if not (_is_number(repo) and _is_number(number) and finding.isalnum()):
        abort(400, f"before={given} is no place in the list")
    return FindingPlace(PullKey(int(repo), int(number)), FindingId(finding))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19


def _place_text(run: RunShown) -> str:
    return f"{run.record.started_at.isoformat()}~{run.record.run_id}"


def _next_page(before: str) -> dict[str, str]:
    """Return the parameters of the page behind this one."""
    kept = {name: value for name, value in request.args.items() if value}
    return {**kept, "before": before}


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
