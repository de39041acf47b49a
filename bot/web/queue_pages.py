"""The pages about the queue: what waits and runs, the dead letters, and another try for one."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot.domain.board import PAGE
from bot.domain.identity import run_id_of
from bot.domain.jobs import JobFilter, JobId, JobInfo, JobPlace, JobStatus
from bot.web.dashboard import Dashboard, value_of

_STATUSES = {status.value: status for status in JobStatus}
_DEAD_SHOWN = 20


def add_queue_pages(pages: Blueprint, dashboard: Dashboard) -> None:
    """Add the pages."""
    records = dashboard.records

    @pages.get("/queue")
    def show_queue() -> AnyResponse:
        status = cast("JobStatus | None", value_of("status", _STATUSES))
        wanted = JobFilter(
            frozenset({status} if status is not None else ()), limit=PAGE, before=_place()
        )
        dead = JobFilter(frozenset({JobStatus.FAILED}), limit=_DEAD_SHOWN)
        jobs = records.queue.list(wanted)
        is_full = len(jobs) == wanted.limit
        return dashboard.page(
            "queue.html",
            counts=records.queue.counts(),
            statuses=_STATUSES,
            picked=status,
            # Behind the first page, nobody looks for what needs them now.
            dead=records.queue.list(dead) if wanted.before is None else (),
            is_first=wanted.before is None,
            jobs=jobs,
            next_page=_next_page(status, jobs[-1].place) if is_full else None,
        )

    @pages.get("/jobs/<path:job_id>")
    def show_job(job_id: str) -> AnyResponse:
        info = _found(dashboard, JobId(job_id))
        run = records.board.runs.find(run_id_of(JobId(job_id)))
        return dashboard.page(
            "job.html",
            info=info,
            steps=records.queue.steps(JobId(job_id)),
            run=run,
            may_retry=info.status is JobStatus.FAILED,
        )

    @pages.post("/queue/retry")
    def retry() -> AnyResponse:
        job_id = records.queue.retry(JobId(request.form.get("job", "")))
        return redirect(url_for("dashboard.show_job", job_id=job_id), 303)


def _found(dashboard: Dashboard, job_id: JobId) -> JobInfo:
    info = dashboard.records.queue.find(job_id)
    if info is None:
        abort(404, f"there is no job {job_id}")
    return info


def _place() -> JobPlace | None:
    given = request.args.get("before", "")
    if not given:
        return None
    at, sequence, job_id = (*given.split("~", 2), "", "")[:3]
    try:
        created_at = datetime.fromisoformat(at).astimezone(UTC)
    except (ValueError, OverflowError):
        job_id = ""
    if not (job_id.isprintable() and job_id and _is_number(sequence)):
        abort(400, f"before={given} is no place in the list")
    return JobPlace(created_at, int(sequence), JobId(job_id))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19


def _next_page(status: JobStatus | None, last: JobPlace) -> Mapping[str, str]:
    """Return the parameters of the page behind this one."""
    kept = {"status": status.value} if status is not None else {}
    return {**kept, "before": f"{last.created_at.isoformat()}~{last.sequence}~{last.id}"}
