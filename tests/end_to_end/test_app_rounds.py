"""What was missed is found: with our processes as they are run, and GitHub as it failed them."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

from bot.adapters.dbos_admin import DbosJobsAdmin
from bot.adapters.dbos_jobs import DbosJobs
from bot.adapters.sql_ledger import open_ledger
from bot.domain.app_forge import run_of_check
from bot.domain.jobs import JobFilter, JobInfo, JobKind, JobStatus
from bot.domain.ledger import PullKey
from bot.domain.untidy import summary_key
from tests.end_to_end.app import App, running_app
from tests.github_simulator import PullRequest, Repo
from tests.github_simulator.faults import Latency

BASE = {"app.py": "def total(prices):\n    return sum(prices)\n"}
LINT_BUG = {"app.py": "import os\n\n\ndef total(prices):\n    return sum(prices)\n"}
LIVE = frozenset({JobStatus.QUEUED, JobStatus.RUNNING})


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with running_app(tmp_path_factory.mktemp("app"), sandbox="none") as ours:
        yield ours


def _database(app: App) -> str:
    return f"sqlite:///{app.folder / 'state' / 'pullwright.db'}"


def _jobs(app: App, wanted: JobFilter | None = None) -> list[JobInfo]:
    with closing(DbosJobsAdmin(_database(app))) as admin:
        return list(admin.list(wanted or JobFilter()))


def _round(app: App) -> None:
    """Ask for a round on the command line and wait until all of it is over."""
    program = [sys.executable, "-c", "from bot.cli import main; main()", "jobs", "reconcile"]
    said = subprocess.run(
        program, env=dict(app.environment), capture_output=True, text=True, timeout=60, check=True
    )
    assert said.stdout.count("queued: reconcile:") == 2
    app.until(lambda: not _jobs(app, JobFilter(LIVE)), "the end of all jobs")
    failed = [i for i in _jobs(app) if i.status is JobStatus.FAILED]
    assert failed == []


def _repo(app: App, name: str) -> Repo:
    repo = app.github.repo(f"octo/{name}", base=BASE)
    repo.collaborator("ada", "write")
    return repo


def _ours(pr: PullRequest) -> list[str]:
    return [c.body for c in pr.comments if c.user.login.endswith("[bot]")]


def _reviewed(app: App, repo: Repo, pr: PullRequest) -> None:
    def is_done() -> bool:
        runs = [run for run in repo.check_runs if run.head_sha == pr.head_sha]
        return bool(runs) and all(run.conclusion for run in runs)

    app.until(is_done, f"a finished check on {pr.head_sha}")


def test_exactly_the_deliveries_that_never_arrived_are_acted_on(app: App) -> None:
    github = app.github
    pr = _repo(app, "down").open_pull_request(BASE | {"b.py": "X = 1\n"}, author="ada", draft=True)
    app.until(lambda: not _jobs(app, JobFilter(LIVE)), "the end of all jobs")
    github.webhooks.is_down = True
    comments = [github.user("ada").comment(pr, "/agent status") for _ in range(3)]
    github.webhooks.is_down = False
    failed = github.webhooks.all[-3:]
    assert [one.status for one in failed] == ["failed to connect to host"] * 3
    github.webhooks.redeliver(failed[1])
    github.webhooks.settle()

    _round(app)

    asked = [one.path.split("/")[4] for one in github.requests("POST", "/attempts")]
    assert asked == [str(failed[0].id), str(failed[2].id)]
    app.until(lambda: not _jobs(app, JobFilter(LIVE)), "the end of all jobs")
    assert len(_ours(pr)) == 3
    assert all("rocket" in {r.content for r in c.reactions} for c in comments)


def test_a_pull_request_whose_event_is_lost_for_good_is_reviewed_once(app: App) -> None:
    repo = _repo(app, "lost")
    app.github.webhooks.losses = 1
    pr = repo.open_pull_request(LINT_BUG, author="ada")
    assert app.github.webhooks.losses == 0

    for _ in range(2):
        _round(app)

    (check,) = repo.check_runs
    assert check.conclusion == "neutral"
    assert (len(_ours(pr)), len(pr.review_comments)) == (1, 1)
    of_pull = _jobs(app, JobFilter(key=f"{repo.id}#{pr.number}"))
    assert [info.job.kind for info in of_pull] == [JobKind.REVIEW]


def test_a_draft_is_not_asked_about_again_and_again(app: App) -> None:
    repo = _repo(app, "draft")
    app.github.webhooks.losses = 1
    pr = repo.open_pull_request(LINT_BUG, author="ada", draft=True)

    for _ in range(3):
        _round(app)

    assert repo.check_runs == []
    assert len(_jobs(app, JobFilter(key=f"{repo.id}#{pr.number}"))) == 1


def test_a_draft_that_got_ready_unheard_is_reviewed(app: App) -> None:
    repo = _repo(app, "ready")
    pr = repo.open_pull_request(LINT_BUG, author="ada", draft=True)
    app.until(lambda: not _jobs(app, JobFilter(LIVE)), "the end of all jobs")
    app.github.clock.advance(seconds=5)
    app.github.webhooks.losses = 1
    pr.mark_ready()

    _round(app)

    assert [check.conclusion for check in repo.check_runs] == ["neutral"]


def test_a_round_costs_three_reads_and_a_token_for_one_installation(app: App) -> None:
    _repo(app, "cheap")
    _round(app)
    start = len(app.github.log)

    _round(app)

    calls = [str(one).split(" ->")[0] for one in app.github.log[start:]]
    repos = app.github.apps[0].installations[0].repos
    queries, open_pulls = len(repos), sum(p.is_open for repo in repos for p in repo.pull_requests)
    # Nobody tells of thumbs: where a suggestion of ours is shown, one request asks for them.
    polls = [call for call in calls if call.endswith("/comments")]
    assert calls.count("POST /graphql") == queries
    assert len(set(polls)) == len(polls) <= open_pulls
    assert len(calls) - queries - len(polls) == len(
        ["deliveries", "installations", "mint", "repositories", "revoke"]
    )
    assert not [w for w in app.github.log[start:] if w.is_write and "token" not in w.path
                and w.path != "/graphql"]  # fmt: skip


def test_what_a_killed_worker_posted_is_recorded_and_its_check_is_ended(app: App) -> None:
    repo = _repo(app, "killed")
    comments = "/repos/octo/killed/issues/*/comments"
    app.github.faults.add("POST", comments, Latency(10))
    pr = repo.open_pull_request(LINT_BUG, author="ada")
    app.until(lambda: not app.github.faults.left, "a summary on its way")
    worker = app.processes[-1]

    worker.kill()
    worker.wait()
    with closing(DbosJobs(_database(app))) as jobs:
        (info,) = _jobs(app, JobFilter(key=f"{repo.id}#{pr.number}"))
        assert jobs.stop(info.job.id)
    app.until(lambda: _ours(pr), "the summary that was on its way")
    app.start("worker", "--slots", "2", ready="working with")
    app.until(lambda: not _jobs(app, JobFilter(LIVE)), "the end of all jobs")
    _round(app)

    ledger = open_ledger(_database(app))
    key = PullKey(repo.id, pr.number)
    (known,) = ledger.findings.known(key)
    (check,) = repo.check_runs
    summary = ledger.publications.find(summary_key(run_of_check(check.external_id)))
    ledger.close()
    assert known.thread is not None
    assert known.thread.id == pr.threads[0].node_id
    assert summary is not None
    assert summary.external_id == str(pr.comments[0].id)
    assert (check.status, check.conclusion, check.title) == ("completed", "neutral", "Not finished")
    assert (len(_ours(pr)), len(pr.review_comments)) == (1, 1)
