"""The pages about the queue: what waits and runs, the dead letters, and another try for one."""

from typing import cast

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot.domain.identity import run_id_of
from bot.domain.jobs import JobFilter, JobId, JobInfo, JobStatus
from bot.web.dashboard import Dashboard, value_of

_STATUSES = {status.value: status for status in JobStatus}
_SHOWN = 100


def add_queue_pages(pages: Blueprint, dashboard: Dashboard) -> None:
    """Add the pages."""
    records = dashboard.records

    @pages.get("/queue")
    def show_queue() -> AnyResponse:
        status = cast("JobStatus | None", value_of("status", _STATUSES))
        picked = frozenset({status} if status is not None else ())
        failed = frozenset({JobStatus.FAILED})
        return dashboard.page(
            "queue.html",
            counts=records.queue.counts(),
            statuses=_STATUSES,
            picked=status,
            dead=records.queue.list(JobFilter(failed, limit=_SHOWN)),
            jobs=records.queue.list(JobFilter(picked, limit=_SHOWN)),
            most=_SHOWN,
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
