"""Check runs and suites as GitHub's JSON."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from tests.github_simulator import render_base as base
from tests.github_simulator.clock import stamp
from tests.github_simulator.exchange import Json

if TYPE_CHECKING:
    from tests.github_simulator.checks import CheckRun, CheckSuite
    from tests.github_simulator.pull_requests import PullRequest
    from tests.github_simulator.repositories import Repo


def check_run(run: "CheckRun") -> Json:
    """Return a check run, as the API does."""
    url = f"{base.repo_url(run.repo)}/check-runs/{run.id}"
    return {
        "id": run.id,
        "name": run.name,
        "node_id": run.node_id,
        "head_sha": run.head_sha,
        "external_id": run.external_id,
        "url": url,
        "html_url": f"{base.html_url(run.repo)}/runs/{run.id}",
        "details_url": run.details_url or f"{base.html_url(run.repo)}/runs/{run.id}",
        "status": run.status,
        "conclusion": run.conclusion,
        "started_at": run.started_at,
        "completed_at": run.completed_at,
        "output": {
            "title": run.title,
            "summary": run.summary,
            "text": run.text,
            "annotations_count": len(run.annotations),
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": run.suite.id},
        "app": base.app(run.suite.app),
        "pull_requests": [_pull(pr) for pr in run.suite.pull_requests],
    }


def check_run_event(run: "CheckRun") -> Json:
    """Return a check run as webhooks do: with its suite."""
    return {**check_run(run), "check_suite": _suite(run.suite)}


def check_suite(suite: "CheckSuite") -> Json:
    """Return a check suite, as the API does."""
    url = f"{base.repo_url(suite.repo)}/check-suites/{suite.id}"
    return {
        **_suite(suite),
        "head_commit": head_commit(suite.repo, suite.head_sha),
        "repository": base.repository(suite.repo),
        "latest_check_runs_count": len(suite.runs),
        "check_runs_url": f"{url}/check-runs",
    }


def check_suite_event(suite: "CheckSuite") -> Json:
    """Return a check suite as webhooks do."""
    whole = check_suite(suite)
    del whole["repository"]
    return whole


def _suite(suite: "CheckSuite") -> Json:
    return {
        "id": suite.id,
        "node_id": suite.node_id,
        "head_branch": suite.head_branch,
        "head_sha": suite.head_sha,
        "status": suite.status,
        "conclusion": suite.conclusion,
        "url": f"{base.repo_url(suite.repo)}/check-suites/{suite.id}",
        "before": None,
        "after": suite.head_sha,
        "pull_requests": [_pull(pr) for pr in suite.pull_requests],
        "app": base.app(suite.app),
        "created_at": suite.created_at,
        "updated_at": suite.created_at,
    }


def head_commit(repo: "Repo", sha: str) -> Json:
    """Return the short form of a commit that suites and merge groups carry."""
    commit = repo.store.commit(sha)
    assert commit is not None, f"no commit {sha}"
    return {
        "id": sha,
        "tree_id": commit.tree,
        "message": commit.message,
        "timestamp": stamp(datetime.fromtimestamp(commit.seconds, UTC)),
        "author": {"name": commit.author.name, "email": commit.author.email},
        "committer": {"name": commit.committer.name, "email": commit.committer.email},
    }


def annotation(run: "CheckRun", one: Json) -> Json:
    page = f"{base.html_url(run.repo)}/blob/{run.head_sha}/{quote(one['path'])}"
    optional = ("start_column", "end_column", "title", "raw_details")
    return {**dict.fromkeys(optional), **one, "blob_href": page}


def _pull(pr: "PullRequest") -> Json:
    repo = {"id": pr.repo.id, "url": base.repo_url(pr.repo), "name": pr.repo.name}
    return {
        "url": f"{base.repo_url(pr.repo)}/pulls/{pr.number}",
        "id": pr.id,
        "number": pr.number,
        "head": {"ref": pr.head_ref, "sha": pr.head_sha, "repo": repo},
        "base": {"ref": pr.base_ref, "sha": pr.base_sha, "repo": repo},
    }
