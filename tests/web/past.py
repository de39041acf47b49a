"""A past for the dashboard to show: runs with steps, findings, outcomes, versions and jobs."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.agent.state import Observation
from bot.domain.event_log import PolicyStatus, PolicyVersion
from bot.domain.findings import Finding, FindingId
from bot.domain.identity import Look, reconcile, run_id_of
from bot.domain.jobs import JobId, JobStatus
from bot.domain.ledger import PullKey, RunEnding, RunId, RunRecord, StepRecord
from bot.domain.model import Spending, Usage
from bot.domain.outcomes import Outcome
from bot.domain.pull_records import Ledger
from bot.domain.record_json import dump
from bot.domain.verdict import Conclusion, Cost
from tests import reviews
from tests.adapters.board_contract import judged, suggested
from tests.adapters.ledger_values import HEAD, a_run, dismissal
from tests.adapters.queue_processes import a_job
from tests.fakes.jobs import FakeJobs
from tests.web.server import TODAY

SHOP = PullKey(repo_id=7, number=12)
WEB = PullKey(repo_id=8, number=3)
NAMES = {SHOP: "octo/shop", WEB: "octo/web"}
DONE_JOB, LIVE_JOB, DEAD_JOB = JobId("head:7:12"), JobId("head:8:3"), JobId("command:4:1/x")
DONE, LIVE = run_id_of(DONE_JOB), run_id_of(LIVE_JOB)
COST = Cost(42.5, 12_000, 800, 0.0131)
VERSION = "b" * 40


def a_past(ledger: Ledger, jobs: FakeJobs) -> None:
    """Fill the ledger and the queue with a bit of everything."""
    _jobs(jobs)
    _ended(ledger)
    begun(ledger, LIVE, WEB, TODAY - timedelta(minutes=1), LIVE_JOB)
    step(ledger, LIVE, 1, "lint")
    _learned(ledger)


def begun(ledger: Ledger, run: RunId, pull: PullKey, at: datetime, job: str) -> RunRecord:
    """Begin a run."""
    record = replace(a_run(run, pull=pull), started_at=at, repo=NAMES[pull], job_id=job)
    ledger.runs.begin(record)
    return record


def step(
    ledger: Ledger, run: RunId, index: int, tool: str, *found: Finding, usd: float = 0.0
) -> None:
    """Record a step that found something or nothing."""
    spending = Spending(Usage(12_000, 800), usd) if usd else Spending(Usage(), 0.0)
    seen = Observation(f"{tool} looked at 12 hunks", findings=found or None, spending=spending)
    tool_decision = reviews.decision(index, "lint" if tool != "finish" else "finish")
    decision = replace(tool_decision, seconds=1.5 * index)
    ledger.runs.record_step(run, StepRecord(index, tool, dump(seen), dump(decision), 1.5 * index))


def _ended(ledger: Ledger) -> None:
    found = (reviews.regression(), reviews.unused_import(), reviews.plain())
    at = TODAY - timedelta(hours=3)
    begun(ledger, DONE, SHOP, at, DONE_JOB)
    step(ledger, DONE, 1, "lint", replace(found[1], suggestion=None), found[2])
    step(ledger, DONE, 2, "test")
    step(ledger, DONE, 3, "verify", *found, usd=0.0131)
    step(ledger, DONE, 4, "finish")
    finish(ledger, DONE, at + timedelta(seconds=42), Conclusion.FINDINGS)
    look = Look(HEAD.head_sha, found, lambda _: "code", lambda _: True)
    ledger.findings.revise(SHOP, lambda known: reconcile(known, look))
    ledger.findings.dismiss(SHOP, FindingId("F3"), dismissal())
    for days in range(1, 20):
        run = RunId(f"{days:040x}")
        begun(ledger, run, SHOP if days % 3 else WEB, TODAY - timedelta(days=days), f"old:{days}")
        conclusion = list(Conclusion)[days % 4]
        finish(ledger, run, TODAY - timedelta(days=days), conclusion)


def finish(ledger: Ledger, run: RunId, at: datetime, conclusion: Conclusion) -> None:
    """End a run."""
    limits = ("the time was up",) if conclusion is Conclusion.PARTIAL else ()
    verdict = replace(reviews.verdict(conclusion, limits=limits), cost=COST)
    ledger.runs.finish(run, RunEnding(conclusion, dump(verdict), at))


def _learned(ledger: Ledger) -> None:
    outcomes = (Outcome.APPLIED, Outcome.ADAPTED, Outcome.REJECTED, Outcome.IGNORED)
    for number in range(40):
        name = f"{number:016x}"
        suggested(ledger, name, f"F{1 + number % 2}", pull=SHOP)
        outcome = outcomes[number % 4] if number % 7 else Outcome.CENSORED
        judged(ledger, name, outcome, at=TODAY - timedelta(days=2 * number), pull=SHOP)
    parent = PolicyVersion(
        "a" * 40, None, "critic", b"\0" * 96, b"", config_hash="c", log_seq=20,
        created_at=TODAY - timedelta(days=20), status=PolicyStatus.RETIRED,
    )  # fmt: skip
    ledger.policies.record(parent)
    serving = replace(parent, version=VERSION, parent=parent.version, log_seq=40)
    later = TODAY - timedelta(days=2)
    ledger.policies.record(replace(serving, created_at=later, status=PolicyStatus.PROMOTED))


def _jobs(jobs: FakeJobs) -> None:
    statuses = {DONE_JOB: JobStatus.DONE, LIVE_JOB: JobStatus.RUNNING, DEAD_JOB: JobStatus.FAILED}
    for number, (name, status) in enumerate(statuses.items()):
        jobs.submit(a_job(name, key=f"{number}#1"))
        jobs.statuses[name] = status
    jobs.errors[DEAD_JOB] = "the forge answered 502 for the sixth time"
