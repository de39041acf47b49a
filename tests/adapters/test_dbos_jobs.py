"""The queue's own promises on both databases, with DBOS inside this process where it is needed."""

import importlib.metadata
import inspect
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from dbos import DBOS

from bot.adapters.dbos_admin import DbosJobsAdmin
from bot.adapters.dbos_database import open_engine
from bot.adapters.dbos_dispatch import Limits
from bot.adapters.dbos_jobs import DbosJobs
from bot.adapters.dbos_worker import WorkerOptions, run_worker
from bot.adapters.sql_ledger import open_ledger
from bot.domain.jobs import (
    Handler,
    Job,
    JobContext,
    JobFilter,
    JobId,
    JobKind,
    Jobs,
    JobStatus,
    Json,
    RetryPolicy,
)
from bot.domain.ledger import PullKey
from bot.errors import Refused, Retryable
from tests.adapters.jobs_contract import (
    CONTEXT_CONTRACT,
    JOBS_CONTRACT,
    ContextClause,
    JobsClause,
    a_command,
)
from tests.adapters.queue_processes import ENDED, a_job, cut_all_lines


@pytest.fixture
def jobs(queue_url: str) -> Iterator[Jobs]:
    opened = DbosJobs(queue_url)
    yield opened
    opened.close()


@pytest.mark.parametrize("clause", JOBS_CONTRACT, ids=lambda clause: clause.__name__)
def test_the_queue_keeps_the_contract(clause: JobsClause, jobs: Jobs) -> None:
    clause(jobs)


def test_a_command_that_runs_already_does_not_stand_for_one_that_came_later(
    queue_url: str,
) -> None:
    with closing(DbosJobs(queue_url)) as jobs:
        commands = [a_command(n, "/agent review") for n in (1, 2, 3)]
        jobs.submit(commands[0])
        engine = open_engine(queue_url)
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE queue_jobs SET status = 'running', attempts = 1")
        engine.dispose()
        jobs.submit(commands[1])
        jobs.submit(commands[2])

        statuses = [jobs.status(command.id) for command in commands]
        assert statuses == [JobStatus.RUNNING, JobStatus.QUEUED, JobStatus.SUPERSEDED]
        with closing(DbosJobsAdmin(queue_url)) as admin:
            assert "waiting already" in admin.list(JobFilter())[0].error


OTHER_PROCESS = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("CREATE TABLE other (n)")
connection.close()
"""


def test_opening_the_queue_takes_no_lock_from_the_ledger_of_the_same_process(
    tmp_path: Path,
) -> None:
    # Closing a file drops every lock that the process holds on it: the next process that leaves
    # takes itself for the last one, and removes the log that we are writing to.
    file = tmp_path / "pullwright.db"
    with closing(open_ledger(f"sqlite:///{file}")) as ledger:
        ledger.pulls.next_sequence(PullKey(1, 7))
        with closing(DbosJobs(f"sqlite:///{file}")) as jobs:
            jobs.submit(a_job())
        subprocess.run([sys.executable, "-c", OTHER_PROCESS, str(file)], check=True)

        assert Path(f"{file}-wal").exists()
        assert ledger.pulls.next_sequence(PullKey(1, 7)) == 2


class DbosEngine:
    """A worker in a thread of this process; each test hands it a handler."""

    def __init__(self, url: str) -> None:
        self._jobs = DbosJobs(url)
        self._handlers: dict[JobId, Handler] = {}
        self._stop = threading.Event()
        soon = RetryPolicy(attempts=3, first=timedelta(milliseconds=10))
        options = WorkerOptions(poll_s=0.02, patience_s=1, limits=Limits(retry=soon))
        handlers = dict.fromkeys(JobKind, self._handle)
        self._thread = threading.Thread(
            target=run_worker, args=(url, handlers, options, self._stop), daemon=True
        )
        self._thread.start()

    def run(self, handler: Handler, job: Job) -> JobStatus:
        self._handlers[job.id] = handler
        self._jobs.submit(job)
        deadline = time.monotonic() + 20
        while (status := self._jobs.status(job.id)) not in ENDED:
            assert time.monotonic() < deadline, status
            time.sleep(0.01)
        assert status is not None
        return status

    def stop(self, job_id: JobId) -> None:
        self._jobs.stop(job_id)

    def supersede(self, job: Job) -> None:
        self._handlers[job.id] = lambda _context: {}
        self._jobs.submit(job)

    def close(self) -> None:
        self._stop.set()
        self._thread.join(timeout=20)
        self._jobs.close()

    def _handle(self, context: JobContext) -> Json:
        return self._handlers[context.job.id](context)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DbosEngine]:
    running = DbosEngine(f"sqlite:///{tmp_path_factory.mktemp('engine')}/pullwright.db")
    yield running
    running.close()


@pytest.mark.parametrize("clause", CONTEXT_CONTRACT, ids=lambda clause: clause.__name__)
def test_the_context_keeps_the_contract(clause: ContextClause, engine: DbosEngine) -> None:
    clause(engine)


def test_a_job_is_on_the_disk_when_submit_returns(tmp_path: Path) -> None:
    with closing(DbosJobs(f"sqlite:///{tmp_path}/q.db")) as jobs:
        jobs.submit(a_job())

        with closing(sqlite3.connect(tmp_path / "q.db")) as other:
            assert other.execute("SELECT id, status FROM queue_jobs").fetchall() == [
                ("job", "queued")
            ]


def test_a_queue_without_its_database_says_so_within_seconds(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    began = time.monotonic()

    for url in (
        f"sqlite:///{tmp_path}/file/q.db",
        "postgresql://nobody@127.0.0.1:1/none",
    ):
        with closing(DbosJobs(url)) as jobs, pytest.raises(Retryable, match="the job queue's"):
            jobs.submit(a_job())
    assert time.monotonic() - began < 8


def test_a_server_that_accepts_and_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        began = time.monotonic()

        jobs = DbosJobs(f"postgresql://x@127.0.0.1:{port}/none")
        with closing(jobs), pytest.raises(Retryable):
            jobs.check()

    assert time.monotonic() - began < 10


def test_a_server_that_goes_away_and_comes_back_is_met_again(
    postgres_url: str,
) -> None:
    with closing(DbosJobs(postgres_url)) as jobs:
        jobs.submit(a_job("before"))
        cut_all_lines(postgres_url)

        assert jobs.submit(a_job("after"))


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://h/d", "nonsense"])
def test_a_database_that_cannot_hold_a_queue_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        DbosJobs(url).check()


def test_jobs_are_listed_newest_first_and_by_what_is_asked(queue_url: str) -> None:
    with closing(DbosJobs(queue_url)) as jobs, closing(DbosJobsAdmin(queue_url)) as admin:
        for number in range(5):
            jobs.submit(a_job(f"job-{number}", key=f"1#{number % 2}", sequence=number))
        jobs.stop(JobId("job-0"))

        newest = [info.job.id for info in admin.list(JobFilter(limit=2))]
        of_key = [info.job.id for info in admin.list(JobFilter(key="1#0"))]
        stopped = admin.list(JobFilter(statuses=frozenset({JobStatus.STOPPED})))

        assert newest == ["job-4", "job-3"]
        assert of_key == ["job-4", "job-2", "job-0"]
        assert [info.job.id for info in stopped] == ["job-0"]
        assert admin.steps(JobId("job-1")) == []


def test_a_list_of_jobs_goes_on_behind_any_of_them(queue_url: str) -> None:
    with closing(DbosJobs(queue_url)) as jobs, closing(DbosJobsAdmin(queue_url)) as admin:
        for number in range(7):
            jobs.submit(a_job(f"j{number}", key=f"{number % 2}#1", sequence=number // 3))
        whole = list(admin.list(JobFilter()))
        pages, place = [], None
        while page := admin.list(JobFilter(limit=2, before=place)):
            pages.append(list(page))
            place = page[-1].place
        behind = JobFilter(key="1#1", before=whole[1].place)

        assert [info for page in pages for info in page] == whole
        assert len(pages) == 4
        assert list(admin.list(behind)) == [i for i in whole[2:] if i.job.key == "1#1"]


def test_a_newer_review_ends_the_older_ones_that_never_began(jobs: Jobs) -> None:
    for sequence in (1, 3, 2):
        jobs.submit(a_job(f"r{sequence}", kind=JobKind.REVIEW, key="1#1", sequence=sequence))

    statuses = [jobs.status(JobId(f"r{sequence}")) for sequence in (1, 2, 3)]

    # The second came late; it is found to be old when its turn comes.
    assert statuses == [JobStatus.SUPERSEDED, JobStatus.QUEUED, JobStatus.QUEUED]


def test_the_clock_that_dbos_asks_for_answers_on_every_sqlite(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/q.db")
    with engine.connect() as connection:
        seconds = connection.exec_driver_sql("SELECT unixepoch('subsec')").scalar_one()
    engine.dispose()

    assert abs(seconds - time.time()) < 2
    assert seconds != int(seconds)


def test_every_commit_of_the_queue_is_on_the_disk(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/q.db")
    with engine.connect() as connection:
        synchronous = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
    engine.dispose()

    assert synchronous == 2


def test_the_private_recovery_of_dbos_is_where_the_reaper_looks_for_it() -> None:
    parameters = inspect.signature(DBOS._recover_pending_workflows).parameters

    assert importlib.metadata.version("dbos").startswith("3.4.")
    assert list(parameters) == ["executor_ids"]


def test_the_web_process_does_not_pay_for_dbos() -> None:
    program = "import sys, bot.adapters.dbos_jobs; sys.exit('dbos' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
