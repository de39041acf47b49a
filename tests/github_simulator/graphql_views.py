"""Objects of the state as GraphQL reads them: a field is a value or a function of arguments."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.github_simulator import render_base as base
from tests.github_simulator import render_pulls as pulls
from tests.github_simulator.clock import stamp
from tests.github_simulator.exchange import Json
from tests.github_simulator.graphql_pages import GraphQLRefusal, connection

if TYPE_CHECKING:
    from tests.github_simulator.accounts import Account
    from tests.github_simulator.checks import CheckRun, CheckSuite
    from tests.github_simulator.conversations import Comment, IssueComment, ReviewComment
    from tests.github_simulator.git_store import Commit
    from tests.github_simulator.issues import Label
    from tests.github_simulator.pull_requests import PullRequest
    from tests.github_simulator.repositories import Repo
    from tests.github_simulator.reviews import Review, Thread
    from tests.github_simulator.world import GitHub


def actor(account: "Account") -> Json:
    """Return an actor. A bot's login has no `[bot]` here, unlike in the REST API."""
    return {
        "__typename": account.type if account.type == "Bot" else "User",
        "id": account.node_id,
        "databaseId": account.id,
        "login": account.login.removesuffix("[bot]"),
        "url": base.user(account)["html_url"],
    }


def author(account: "Account") -> Json | None:
    """Return who wrote something; an account that was deleted wrote nothing here."""
    return None if account.is_gone else actor(account)


def rate_limit(github: "GitHub", who: str) -> Json:
    overview = github.limits.overview(who)
    reset = stamp(datetime.fromtimestamp(overview["reset"], UTC))
    counts = {name: overview[name] for name in ("limit", "remaining", "used")}
    return {**counts, "cost": 1, "nodeCount": 1, "resetAt": reset}


def repository(repo: "Repo") -> Json:
    def pull_request(_info: object, number: int) -> Json:
        found = next((pr for pr in repo.pull_requests if pr.number == number), None)
        if found is None:
            message = f"Could not resolve to a PullRequest with the number of {number}."
            raise GraphQLRefusal("NOT_FOUND", message)
        return pull(found)

    def pull_requests(
        info: Any,
        states: Sequence[str] | None = None,
        orderBy: Json | None = None,  # noqa: N803 GitHub's name
        **page: Any,
    ) -> Json:
        info.root_value.require_in(repo, "pull_requests", "read")
        found = [pr for pr in repo.pull_requests if states is None or _state(pr) in states]
        if orderBy is not None:
            key = _PULL_ORDERS[orderBy["field"]]
            found.sort(key=key, reverse=orderBy["direction"] == "DESC")
        shown: Json = connection("pullRequests", found, pull)(info, **page)
        return shown

    def ref_named(_info: object, qualifiedName: str) -> Json | None:  # noqa: N803 GitHub's name
        name = qualifiedName if qualifiedName.startswith("refs/") else f"refs/heads/{qualifiedName}"
        return ref(repo, name) if name in repo.store.refs else None

    def git_object(
        _info: object, oid: str | None = None, expression: str | None = None
    ) -> Json | None:
        sha = oid or repo.store.head(expression or "") or expression or ""
        found = repo.store.commit(sha)
        return commit(repo, found) if found else None

    return {
        "__typename": "Repository",
        "id": f"R_{repo.id}",
        "databaseId": repo.id,
        "name": repo.name,
        "nameWithOwner": repo.full_name,
        "isPrivate": repo.is_private,
        "pullRequest": pull_request,
        "pullRequests": pull_requests,
        "ref": ref_named,
        "object": git_object,
    }


def ref(repo: "Repo", name: str) -> Json:
    found = repo.store.commit(repo.store.refs[name])
    prefix = "/".join(name.split("/")[:2]) + "/"
    return {
        "__typename": "Ref",
        "id": f"REF_{repo.id}_{name}",
        "name": name.removeprefix(prefix),
        "prefix": prefix,
        "target": commit(repo, found) if found else None,
    }


def commit(repo: "Repo", one: "Commit") -> Json:
    headline, _, body = one.message.partition("\n")
    signed = one.committer.name == "GitHub"
    parents = [found for sha in one.parents if (found := repo.store.commit(sha))]
    return {
        "__typename": "Commit",
        "id": f"C_{one.sha}",
        "oid": one.sha,
        "url": f"{base.html_url(repo)}/commit/{one.sha}",
        "message": one.message,
        "messageHeadline": headline,
        "messageBody": body.strip("\n"),
        "signature": {"isValid": True, "wasSignedByGitHub": True} if signed else None,
        "parents": connection("parents", parents, lambda parent: commit(repo, parent)),
        "checkSuites": _check_suites(repo, one.sha),
    }


def _check_suites(repo: "Repo", sha: str) -> Callable[..., Json]:
    def suites(info: Any, filterBy: Json | None = None, **page: Any) -> Json:  # noqa: N803 GitHub's name
        info.root_value.require_in(repo, "checks", "read")
        wanted = filterBy or {}
        found = [
            suite
            for suite in repo.check_suites
            if suite.head_sha == sha
            and wanted.get("appId") in (None, suite.app.id)
            and _has_run(suite, wanted.get("checkName"))
        ]
        shown: Json = connection("checkSuites", found, _check_suite)(info, **page)
        return shown

    return suites


def _has_run(suite: "CheckSuite", name: str | None) -> bool:
    return name is None or any(run.name == name for run in suite.runs)


def _check_suite(suite: "CheckSuite") -> Json:
    return {
        "__typename": "CheckSuite",
        "id": suite.node_id,
        "databaseId": suite.id,
        "status": suite.status.upper(),
        "conclusion": suite.conclusion.upper() if suite.conclusion else None,
        "checkRuns": _check_runs(suite),
    }


def _check_runs(suite: "CheckSuite") -> Callable[..., Json]:
    def runs(info: Any, filterBy: Json | None = None, **page: Any) -> Json:  # noqa: N803 GitHub's name
        wanted = filterBy or {}
        found = list(suite.runs)
        if wanted.get("checkType", "LATEST") == "LATEST":
            found = list({run.name: run for run in found}.values())
        statuses = wanted.get("statuses") or [wanted.get("status")]
        shown = [
            run
            for run in found
            if wanted.get("checkName") in (None, run.name)
            and wanted.get("appId") in (None, suite.app.id)
            and (statuses == [None] or run.status.upper() in statuses)
            and (run.conclusion or "").upper() in wanted.get("checkConclusions", [_any(run)])
        ]
        page_of: Json = connection("checkRuns", shown, _check_run)(info, **page)
        return page_of

    return runs


def _any(run: "CheckRun") -> str:
    return (run.conclusion or "").upper()


def _check_run(run: "CheckRun") -> Json:
    return {
        "__typename": "CheckRun",
        "id": run.node_id,
        "databaseId": run.id,
        "externalId": run.external_id or None,
        "name": run.name,
        "status": run.status.upper(),
        "conclusion": run.conclusion.upper() if run.conclusion else None,
        "title": run.title,
        "summary": run.summary,
    }


_PULL_ORDERS: dict[str, Callable[["PullRequest"], Any]] = {
    "COMMENTS": lambda pr: len(pr.comments),
    "CREATED_AT": lambda pr: (pr.created_at, pr.number),
    "UPDATED_AT": lambda pr: (pr.updated_at or pr.created_at, pr.number),
}


def _state(pr: "PullRequest") -> str:
    return "MERGED" if pr.merged_at else pr.state.upper()


def _label(one: "Label") -> Json:
    content = {"name": one.name, "color": one.color, "description": one.description}
    return {"__typename": "Label", "id": f"LA_{one.id}", **content}


def _commits(pr: "PullRequest") -> Callable[..., Json]:
    def show(one: "Commit") -> Json:
        return {
            "__typename": "PullRequestCommit",
            "id": f"PURC_{pr.id}_{one.sha}",
            "commit": commit(pr.repo, one),
            "pullRequest": lambda _info: pull(pr),
        }

    def page_of(info: object, **page: Any) -> Json:
        shown: Json = connection("commits", pr.commits(), show)(info, **page)
        return shown

    return page_of


def pull(pr: "PullRequest") -> Json:
    state = _state(pr)
    return {
        "__typename": "PullRequest",
        "id": pr.node_id,
        "databaseId": pr.id,
        "fullDatabaseId": str(pr.id),
        "number": pr.number,
        "title": pr.title,
        "state": state,
        "isDraft": pr.is_draft,
        "locked": pr.is_locked,
        "closed": not pr.is_open,
        "merged": state == "MERGED",
        "author": author(pr.author),
        "viewerDidAuthor": lambda info: info.root_value.viewer["login"] == pr.author.login,
        "headRefName": pr.head_ref,
        "headRefOid": pr.head_sha,
        "baseRefName": pr.base_ref,
        "baseRefOid": pr.base_sha,
        "isCrossRepository": pr.is_fork,
        "headRepository": repository(pr.head_repo) if pr.head_repo else None,
        "createdAt": pr.created_at,
        "updatedAt": pr.updated_at or pr.created_at,
        "closedAt": pr.closed_at,
        "mergedAt": pr.merged_at,
        "mergeCommit": _merge_commit(pr),
        "baseRef": _base_ref(pr),
        "timelineItems": _timeline(pr),
        "labels": connection("labels", pr.labels, _label),
        "commits": _commits(pr),
        "reviewThreads": connection("reviewThreads", pr.threads, thread),
        "comments": connection("comments", pr.comments, issue_comment),
    }


def _merge_commit(pr: "PullRequest") -> Json | None:
    sha = pr.merge_commit_sha if pr.merged_at else None
    found = pr.repo.store.commit(sha) if sha else None
    return commit(pr.repo, found) if found else None


def _base_ref(pr: "PullRequest") -> Json | None:
    name = f"refs/heads/{pr.base_ref}"
    return ref(pr.repo, name) if name in pr.repo.store.refs else None


def review(one: "Review") -> Json:
    return {
        "id": one.node_id,
        "databaseId": one.id,
        "fullDatabaseId": str(one.id),
        "body": one.body,
        "url": pulls.review(one)["html_url"],
    }


def _timeline(pr: "PullRequest") -> Callable[..., Json]:
    def page_of(
        info: object,
        itemTypes: Sequence[str] | None = None,  # noqa: N803 GitHub's name
        **page: Any,
    ) -> Json:
        assert itemTypes == ["REVIEW_DISMISSED_EVENT"], "the simulator keeps no other events"
        dismissed = [review for review in pr.reviews.all if review.dismissal is not None]
        dismissed.sort(key=lambda review: review.dismissal.id if review.dismissal else 0)
        shown: Json = connection("timelineItems", dismissed, _dismissal)(info, **page)
        return shown

    return page_of


def _dismissal(one: "Review") -> Json:
    made = one.dismissal
    assert made is not None
    return {
        "__typename": "ReviewDismissedEvent",
        "id": f"RDE_{made.id}",
        "databaseId": made.id,
        "actor": author(made.by),
        "createdAt": made.at,
        "dismissalMessage": made.message,
        "previousReviewState": made.before,
        "pullRequest": lambda _info: pull(one.pr),
        "review": review(one),
    }


def thread(one: "Thread") -> Json:
    return {
        "__typename": "PullRequestReviewThread",
        "id": one.node_id,
        "isResolved": one.is_resolved,
        "isOutdated": one.is_outdated,
        "isCollapsed": one.is_resolved,
        "path": one.path,
        "line": one.line,
        "originalLine": one.original_line,
        "startLine": one.start_line,
        "originalStartLine": one.original_start_line,
        "diffSide": one.side,
        "startDiffSide": one.start_side,
        "subjectType": "FILE" if one.is_file else "LINE",
        "resolvedBy": actor(one.resolved_by) if one.resolved_by else None,
        "viewerCanResolve": not one.is_resolved,
        "viewerCanUnresolve": one.is_resolved,
        "viewerCanReply": True,
        "pullRequest": lambda _info: pull(one.pr),
        "comments": connection("comments", one.comments, review_comment),
    }


def review_comment(one: "ReviewComment") -> Json:
    return {
        "__typename": "PullRequestReviewComment",
        **_comment(one, one.node_id, pulls.review_comment(one)["html_url"]),
        "path": one.thread.path,
        "outdated": one.thread.is_outdated,
        "pullRequestReview": review(one.review),
    }


def issue_comment(one: "IssueComment") -> Json:
    shown = _comment(one, one.node_id, pulls.issue_comment(one)["html_url"])
    return {"__typename": "IssueComment", **shown}


def _comment(one: "Comment", node_id: str, url: str) -> Json:
    return {
        "id": node_id,
        "databaseId": one.id,
        "fullDatabaseId": str(one.id),
        "author": author(one.user),
        "viewerDidAuthor": lambda info: info.root_value.viewer["login"] == one.user.login,
        "body": one.body,
        "url": url,
        "createdAt": one.created_at,
        "isMinimized": one.minimized is not None,
        "minimizedReason": one.minimized.lower() if one.minimized else None,
    }
