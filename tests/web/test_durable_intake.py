"""The web process on its real queue: what was acknowledged is there, whatever dies."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bot.adapters.dbos_admin import DbosJobsAdmin
from bot.adapters.dbos_jobs import DbosJobs
from bot.adapters.sql_ledger import open_ledger
from bot.domain.jobs import JobFilter
from bot.web.serve import Backend
from tests.web.server import SECRET, Site, opened, running, site_of

PROGRAM = """
from functools import partial
from bot.adapters.dbos_jobs import DbosJobs
from bot.adapters.sql_ledger import open_ledger
from bot.settings import load_app_settings
from bot.web.serve import Address, Backend, serve

settings = load_app_settings()
url = settings.database_url
backend = Backend(DbosJobs(url), open_ledger(url).pulls)
serve(settings, backend, address=Address(port=0), announce=partial(print, flush=True))
"""


def pushed(number: int) -> bytes:
    return opened(
        pull_request={
            "number": 7,
            "head": {"sha": f"{number:040x}"},
            "base": {"ref": "main"},
        }
    )


@contextmanager
def real_site(folder: Path) -> Iterator[Site]:
    url = f"sqlite:///{folder / 'pullwright.db'}"
    with (
        closing(DbosJobs(url)) as jobs,
        closing(open_ledger(url, wait_s=1)) as ledger,
        running(backend=Backend(jobs, ledger.pulls)) as site,
    ):
        yield site


@pytest.mark.parametrize("when", ["at once", "in a while"])
def test_what_was_acknowledged_survives_a_kill(tmp_path: Path, when: str) -> None:
    url = f"sqlite:///{tmp_path / 'pullwright.db'}"
    environment = {
        "PULLWRIGHT_APP_ID": "29310",
        "PULLWRIGHT_WEBHOOK_SECRET": SECRET,
        "PULLWRIGHT_DATABASE_URL": url,
    }
    command = [sys.executable, "-c", PROGRAM]
    root = Path(__file__).parents[2]
    taken: list[int] = []

    with subprocess.Popen(
        command, env=environment, cwd=root, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        site = site_of(process.stdout.readline().split()[-1])

        def send(number: int) -> None:
            try:
                if site.deliver(pushed(number)).status == 202:
                    taken.append(number)
            except OSError:
                return
            if number == (0 if when == "at once" else 20):
                process.send_signal(signal.SIGKILL)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(send, range(40)))

    with closing(DbosJobsAdmin(url)) as admin:
        stored = {info.job.payload["head_sha"] for info in admin.list(JobFilter(limit=100))}
    assert 0 < len(taken) < 40
    assert {f"{number:040x}" for number in taken} <= stored


def test_what_is_accepted_after_an_operator_looked_at_the_queue_is_kept(tmp_path: Path) -> None:
    environment = {
        "PULLWRIGHT_APP_ID": "29310",
        "PULLWRIGHT_DATABASE_URL": f"sqlite:///{tmp_path / 'pullwright.db'}",
    }
    look = [sys.executable, "-c", "from bot.cli import main; main()", "jobs", "list"]

    def looked() -> str:
        # The last one to close the database takes its log away, so nobody may seem to be gone.
        return subprocess.run(
            look, env=environment, cwd=Path(__file__).parents[2], check=True,
            capture_output=True, text=True,
        ).stdout  # fmt: skip

    with real_site(tmp_path) as site:
        seen = []
        for number in range(2):
            assert site.deliver(pushed(number)).status == 202
            seen.append(len(looked().splitlines()))

    assert seen == [1, 2]


def test_a_database_that_somebody_else_holds_is_503_in_time(tmp_path: Path) -> None:
    with real_site(tmp_path) as site:
        site.deliver(pushed(1))
        with closing(sqlite3.connect(tmp_path / "pullwright.db")) as holder:
            holder.execute("BEGIN IMMEDIATE")
            began = time.monotonic()
            with ThreadPoolExecutor(8) as pool:
                replies = list(pool.map(lambda n: site.deliver(pushed(n)), range(2, 10)))
            seconds = time.monotonic() - began

        assert [reply.status for reply in replies] == [503] * 8
        assert seconds < 10
        assert json.loads(site.deliver(pushed(2)).body) == {"accepted": 1}


def test_events_of_one_pull_request_have_an_order(tmp_path: Path) -> None:
    with real_site(tmp_path) as site, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: site.deliver(pushed(n)), range(30)))

    with closing(DbosJobsAdmin(f"sqlite:///{tmp_path / 'pullwright.db'}")) as admin:
        sequences = [info.job.sequence for info in admin.list(JobFilter(limit=100))]
    assert sorted(sequences) == list(range(1, 31))


def test_twenty_copies_of_a_delivery_are_one_job_in_the_store(tmp_path: Path) -> None:
    with real_site(tmp_path) as site, ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(lambda _: site.deliver(pushed(1)), range(20)))

    assert [reply.status for reply in replies] == [202] * 20
    assert sum(json.loads(reply.body)["accepted"] for reply in replies) == 1
