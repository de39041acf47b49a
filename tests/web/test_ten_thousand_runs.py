"""The pages over a real database that is full, in a real browser and without one."""

from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest
from playwright.sync_api import expect

from bot.adapters.dbos_admin import DbosJobsAdmin
from bot.adapters.dbos_jobs import DbosJobs
from bot.adapters.sql_board import open_board
from bot.adapters.sql_ledger import open_ledger
from bot.web.dashboard import Records
from bot.web.serve import Backend
from tests.fakes.policy_board import FakePolicyBoard
from tests.web.chromium import open_chromium, open_tab
from tests.web.crowd import REPOS, crowd
from tests.web.server import TODAY, Site, running
from tests.web.test_dashboard import PATHS
from tests.web.visitor import Visitor

RUNS = 10_000


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    url = f"sqlite:///{tmp_path_factory.mktemp('full')}/pullwright.db"
    with ExitStack() as stack:
        jobs, admin = stack.enter_context(closing(DbosJobs(url))), DbosJobsAdmin(url)
        stack.callback(admin.close)
        ledger = stack.enter_context(closing(open_ledger(url)))
        board = stack.enter_context(closing(open_board(url)))
        crowd(url, RUNS, until=TODAY)
        backend = Backend(
            jobs,
            ledger.deliveries,
            Records(board, ledger, admin, jobs, FakePolicyBoard(ledger.policies)),
        )
        yield stack.enter_context(running(backend=backend))


@pytest.mark.parametrize("path", PATHS)
def test_a_page_stays_small_however_many_runs_there_are(full: Site, path: str) -> None:
    assert len(Visitor(full).text(path)) < 150_000


def test_all_of_them_are_counted(full: Site) -> None:
    visitor = Visitor(full)
    metrics = visitor.text("/metrics").splitlines()
    runs = [line for line in metrics if line.startswith("pullwright_runs_total{")]

    assert sum(float(line.rpartition(" ")[2]) for line in runs) == RUNS
    assert f'pullwright_steps_total{{tool="lint"}} {float(RUNS)}' in metrics
    assert visitor.text("/repositories").count("/findings?repo=") == REPOS


def test_a_browser_shows_them_page_by_page(full: Site) -> None:
    with (
        open_chromium() as browser,
        open_tab(browser, f"http://{full.host}:{full.port}") as tab,
    ):
        tab.open("/runs?repo=7")
        rows = tab.page.locator("main tbody tr")
        expect(rows).to_have_count(50)
        first = rows.first.inner_text()
        tab.page.get_by_role("link", name="Older").click()
        expect(rows.first).not_to_have_text(first)
        expect(rows).to_have_count(50)
        expect(tab.page.get_by_label("Repository")).to_have_value("7")

        assert tab.violations() == []
        assert tab.trouble == []
