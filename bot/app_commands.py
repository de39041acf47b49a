"""The App's part of the command line; it is only imported where the App's packages are there."""

from collections.abc import Collection, Iterator
from contextlib import closing

from bot import worker
from bot.adapters.dbos_admin import DbosJobsAdmin
from bot.adapters.dbos_jobs import DbosJobs
from bot.adapters.sql_ledger import open_ledger
from bot.domain.jobs import JobFilter, JobId, JobStatus
from bot.domain.untrusted import one_line
from bot.settings import load_app_settings, load_settings
from bot.web.serve import Address, Backend
from bot.web.serve import serve as answer


def serve(host: str, port: int) -> None:
    """Take deliveries in until somebody ends it."""
    settings = load_app_settings()
    jobs = DbosJobs(settings.database_url)
    # GitHub waits ten seconds for an answer, so a database that is stuck is said long before.
    ledger = open_ledger(settings.database_url, wait_s=3)
    try:
        answer(settings, Backend(jobs, ledger.pulls), address=Address(host, port))
    finally:
        jobs.close()
        ledger.close()


def work(slots: int, lease_s: float) -> None:
    """Do jobs until somebody ends it."""
    worker.work(load_settings(), load_app_settings(), slots=slots, lease_s=lease_s)


def list_jobs(statuses: Collection[JobStatus], limit: int) -> Iterator[str]:
    """Yield a line for each job, the newest first."""
    with closing(DbosJobsAdmin(load_app_settings().database_url)) as admin:
        for info in admin.list(JobFilter(frozenset(statuses), limit=limit)):
            when = info.updated_at.strftime("%Y-%m-%d %H:%M:%S")
            error = f"  {one_line(info.error)}" if info.error else ""
            yield f"{info.status.value:<10}  {when}  {info.job.key:<16}  {info.job.id}{error}"


def show_job(job_id: str) -> Iterator[str]:
    """Yield a line for each finished step of a job."""
    with closing(DbosJobsAdmin(load_app_settings().database_url)) as admin:
        for step in admin.steps(JobId(job_id)):
            yield f"{step.name:<12}  {step.seconds:8.2f} s  {one_line(step.summary)}"


def retry_job(job_id: str) -> str:
    """Queue a failed job again and say so."""
    with closing(DbosJobsAdmin(load_app_settings().database_url)) as admin:
        return f"queued again: {admin.retry(JobId(job_id))}"
