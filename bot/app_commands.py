"""The App's part of the command line; it is only imported where the App's packages are there."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime

from bot import logs, worker
from bot.adapters.dbos_admin import DbosJobsAdmin
from bot.adapters.dbos_jobs import DbosJobs
from bot.adapters.dbos_worker import LEASE_S
from bot.adapters.doctor_check import Check
from bot.adapters.sql_board import open_board
from bot.adapters.sql_ledger import open_ledger
from bot.adapters.sql_turns import open_turns, pacing
from bot.domain.jobs import Job, JobFilter, JobId, JobStatus
from bot.domain.pull_records import Ledger
from bot.domain.rounds import Occasion, unscheduled
from bot.domain.untrusted import one_line
from bot.errors import Refused
from bot.guard import stopping
from bot.pair import run_together
from bot.policy.board import SchoolBoard
from bot.policy.school import School
from bot.settings import load_app_settings, load_settings, load_setup_settings
from bot.setup_wiring import build_setup
from bot.setup_wiring import examine as examine_app
from bot.web.dashboard import Records
from bot.web.serve import Address, Backend
from bot.web.serve import serve as answer
from bot.web.setup_server import serve_setup
from bot.web.signature import Secret

_SERVED = "stopped; what was taken in is kept in the queue"
_WORKED = "stopped; jobs that were begun are kept, and the next worker goes on with them"


def serve(host: str, port: int) -> None:
    """Take deliveries in until somebody ends it."""
    settings = load_app_settings()
    logs.configure(settings)
    with ExitStack() as stack, stopping(_SERVED):
        answer(settings, _backend(settings.database_url, stack), address=Address(host, port))


def _school(ledger: Ledger) -> School:
    return School(ledger.events, ledger.policies, lambda: datetime.now(UTC))


def _backend(url: str, stack: ExitStack) -> Backend:
    jobs, admin = DbosJobs(url), DbosJobsAdmin(url)
    # GitHub waits ten seconds for an answer, so a database that is stuck is said long before.
    ledger, board, turns = open_ledger(url, wait_s=3), open_board(url), open_turns(url)
    for opened in (jobs, admin, ledger, board, turns):
        stack.callback(opened.close)
    records = Records(board, ledger, admin, jobs, SchoolBoard(_school(ledger)))
    return Backend(jobs, ledger.deliveries, records, lambda: pacing(turns))


def serve_and_work(host: str, port: int, slots: int) -> None:
    """Take deliveries in and do the jobs, in two processes, until somebody ends it."""
    # What is wrong with the settings is said once, and before anything runs.
    settings, app = load_settings(), load_app_settings()
    worker.check(settings, app)
    Secret(app.webhook_secret)
    run_together(
        [(serve, (host, port)), (work, (slots, LEASE_S))], bug_folder=settings.state_dir / "bugs"
    )


def work(slots: int, lease_s: float) -> None:
    """Do jobs until somebody ends it."""
    app = load_app_settings()
    logs.configure(app)
    with stopping(_WORKED):
        worker.work(load_settings(), app, slots=slots, lease_s=lease_s)


def setup(host: str, port: int, public_url: str) -> str:
    """Show the set-up pages until there is an App, and say what comes next."""
    built = build_setup(load_setup_settings(), public_url)
    with stopping("stopped; no App was made"):
        serve_setup(built, Address(host, port))
    return "the App is set up: start `pullwright serve` and `pullwright worker`, then `doctor`"


def examine() -> Iterator[Check]:
    """Yield what `doctor` looks at of the App."""
    try:
        app = load_app_settings()
    except Refused as error:
        yield Check("app settings", False, str(error))
        return
    yield from examine_app(app, load_settings())


def list_jobs(statuses: Collection[JobStatus], limit: int) -> Iterator[str]:
    """Yield a line for each job, the newest first."""
    with closing(DbosJobsAdmin(load_app_settings().database_url)) as admin:
        found = admin.list(JobFilter(frozenset(statuses), limit=limit))
        if not found:
            kinds = " or ".join(status.value for status in statuses)
            yield f"no job is {kinds}" if kinds else "no job was ever asked for"
        for info in found:
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


def reconcile() -> Iterator[str]:
    """Queue a look for everything that was missed, and yield a line for each job."""
    yield from _asked(unscheduled(Occasion.ASKED, datetime.now(UTC)))


def sync_feedback() -> Iterator[str]:
    """Queue a look at what became of suggestions, and yield a line for its job."""
    yield from _asked(unscheduled(Occasion.ASKED, datetime.now(UTC))[1:])


def _asked(wanted: Iterable[Job]) -> Iterator[str]:
    with closing(DbosJobs(load_app_settings().database_url)) as jobs:
        for job in wanted:
            said = "queued" if jobs.submit(job) else "queued before"
            yield f"{said}: {job.id}"
