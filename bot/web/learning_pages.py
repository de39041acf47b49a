"""The pages about what is learned and what it costs: acceptance, cost, and the policy."""

from datetime import datetime, timedelta
from functools import partial

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from bot.domain import policy_terms
from bot.domain.board import OutcomesBy, RunsBy, total_cost
from bot.domain.event_log import PolicyStatus
from bot.domain.shares import share_of_all
from bot.web.dashboard import Dashboard
from bot.web.summaries import (
    DAYS,
    WEEKS,
    by_day,
    by_outcome,
    by_week,
    cost_by,
    repo_names,
    share_by,
)


def add_learning_pages(pages: Blueprint, dashboard: Dashboard) -> None:
    """Add the pages."""
    _add_acceptance(pages, dashboard)
    _add_cost(pages, dashboard)
    _add_policy(pages, dashboard)


def _add_acceptance(pages: Blueprint, dashboard: Dashboard) -> None:
    board = dashboard.records.board

    @pages.get("/acceptance")
    def show_acceptance() -> AnyResponse:
        now = dashboard.now()
        count = partial(board.findings.outcomes, since=_days_ago(now, 7 * WEEKS))
        days = count(OutcomesBy.DAY)
        return dashboard.page(
            "acceptance.html",
            share=share_of_all(days),
            weeks=by_week(days, until=now.date()),
            by_rule=share_by(count(OutcomesBy.RULE)),
            by_tool=share_by(count(OutcomesBy.TOOL)),
            by_repo=share_by(count(OutcomesBy.REPO), repo_names(board.runs.repos())),
            outcomes=by_outcome(days),
        )


def _add_cost(pages: Blueprint, dashboard: Dashboard) -> None:
    runs = dashboard.records.board.runs

    @pages.get("/cost")
    def show_cost() -> AnyResponse:
        now = dashboard.now()
        count = partial(runs.tallies, since=_days_ago(now, DAYS - 1))
        days = count(RunsBy.DAY)
        return dashboard.page(
            "cost.html",
            days=by_day(days, until=now.date()),
            total=total_cost(tally.cost for tally in days),
            runs=sum(tally.runs for tally in days),
            by_repo=cost_by(count(RunsBy.REPO), repo_names(runs.repos())),
            by_kind=cost_by(count(RunsBy.KIND)),
            tools=sorted(runs.tools(), key=lambda tool: -tool.seconds),
        )


def _add_policy(pages: Blueprint, dashboard: Dashboard) -> None:
    policies = dashboard.records.policies

    @pages.get("/policy")
    def show_policy() -> AnyResponse:
        known = list(policies.versions())[::-1]
        serving = [v for v in known if v.status is PolicyStatus.PROMOTED]
        return dashboard.page(
            "policy.html",
            versions=known,
            serving=serving[0] if serving else None,
            promoted=PolicyStatus.PROMOTED,
            terms=policy_terms.TERMS,
            version_words=policy_terms.OF_VERSIONS,
            weight_words=policy_terms.OF_WEIGHTS,
            by_hand=policy_terms.BY_HAND,
            no_version=policy_terms.NO_VERSION,
            weights=sorted(policies.weights(), key=lambda each: -abs(each.hand)),
            attempts=policies.attempts()[::-1],
        )

    @pages.post("/policy/rollback")
    def take_back() -> AnyResponse:
        policies.roll_back(request.form.get("version", ""))
        return redirect("/policy", 303)


def _days_ago(now: datetime, days: int) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days)
