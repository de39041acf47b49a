"""Webhook payloads: what GitHub tells the App of each act, built from the state."""

from typing import TYPE_CHECKING

from tests.github_simulator import render_base as base
from tests.github_simulator import render_checks as checks
from tests.github_simulator import render_pulls as pulls
from tests.github_simulator.exchange import Json
from tests.github_simulator.file_diffs import changed_files
from tests.github_simulator.git_store import ZERO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.github_simulator.accounts import Account
    from tests.github_simulator.apps import App, Installation
    from tests.github_simulator.checks import CheckRun, CheckSuite
    from tests.github_simulator.conversations import IssueComment, ReviewComment
    from tests.github_simulator.git_store import Commit
    from tests.github_simulator.issues import Label
    from tests.github_simulator.pull_requests import PullRequest
    from tests.github_simulator.repositories import Repo
    from tests.github_simulator.reviews import Review, Thread
    from tests.github_simulator.world import GitHub


class Hooks:
    """Builds a payload at the moment of the act and hands it to the deliveries."""

    def __init__(self, github: "GitHub") -> None:
        self._github = github

    def pull_request(
        self, pr: "PullRequest", action: str, by: "Account", extra: Json | None = None
    ) -> None:
        content = {"number": pr.number, "pull_request": pulls.full(pr, is_computed=False)}
        self._send(pr.repo, "pull_request", action, by, {**content, **(extra or {})})

    def labelled(self, pr: "PullRequest", action: str, label: "Label", by: "Account") -> None:
        self.pull_request(pr, action, by, {"label": base.label(pr.repo, label)})

    def issue_comment(
        self, comment: "IssueComment", action: str, by: "Account", extra: Json | None = None
    ) -> None:
        content = {"issue": pulls.issue(comment.issue), "comment": pulls.issue_comment(comment)}
        self._send(comment.issue.repo, "issue_comment", action, by, {**content, **(extra or {})})

    def review(self, review: "Review", action: str, by: "Account") -> None:
        # Webhooks say the state in lower case and an empty body as null; the API does neither.
        shown = pulls.review(review)
        shown |= {"state": review.state.lower(), "body": review.body or None}
        content = {"review": shown, "pull_request": pulls.simple(review.pr)}
        self._send(review.pr.repo, "pull_request_review", action, by, content)

    def review_comment(
        self, comment: "ReviewComment", action: str, by: "Account", extra: Json | None = None
    ) -> None:
        pr = comment.thread.pr
        content = {"comment": pulls.review_comment(comment), "pull_request": pulls.simple(pr)}
        event = "pull_request_review_comment"
        self._send(pr.repo, event, action, by, {**content, **(extra or {})})

    def review_thread(self, thread: "Thread", action: str, by: "Account") -> None:
        shown = {
            "node_id": thread.node_id,
            "comments": [pulls.review_comment(comment) for comment in thread.comments],
        }
        content = {"thread": shown, "pull_request": pulls.simple(thread.pr)}
        self._send(thread.pr.repo, "pull_request_review_thread", action, by, content)

    def check_run(
        self, run: "CheckRun", action: str, by: "Account", extra: Json | None = None
    ) -> None:
        content = {"check_run": checks.check_run_event(run), **(extra or {})}
        self._send(run.repo, "check_run", action, by, content)

    def check_suite(self, suite: "CheckSuite", action: str, by: "Account") -> None:
        content = {"check_suite": checks.check_suite_event(suite)}
        self._send(suite.repo, "check_suite", action, by, content)

    def merge_group(self, repo: "Repo", ref: str, shas: tuple[str, str], by: "Account") -> None:
        base_sha, head_sha = shas
        group = {
            "head_sha": head_sha,
            "head_ref": ref,
            "base_sha": base_sha,
            "base_ref": f"refs/heads/{repo.default_branch}",
            "head_commit": checks.head_commit(repo, head_sha),
        }
        self._send(repo, "merge_group", "checks_requested", by, {"merge_group": group})

    def push(self, repo: "Repo", branch: str, shas: tuple[str, str], by: "Account") -> None:
        before, after = shas
        gone, fresh = after == ZERO, before == ZERO
        start = repo.head() if fresh else before
        new = [] if gone else repo.store.between(start, after)
        rows = [_pushed_commit(repo, commit) for sha in new if (commit := repo.store.commit(sha))]
        head = None if gone else repo.store.commit(after)
        is_forced = not (gone or fresh) and repo.store.merge_base(before, after) != before
        owner = {**base.user(repo.owner), "name": repo.owner.login, "email": None}
        content = {
            "ref": f"refs/heads/{branch}",
            "before": before,
            "after": after,
            "repository": {**base.repository(repo), "owner": owner},
            "pusher": {"name": by.login, "email": by.person.email},
            "created": fresh,
            "deleted": gone,
            "forced": is_forced,
            "base_ref": None,
            "compare": f"{base.html_url(repo)}/compare/{before[:12]}...{after[:12]}",
            "commits": rows,
            "head_commit": _pushed_commit(repo, head) if head else None,
        }
        self._send(repo, "push", None, by, content)

    def installation(self, one: "Installation", action: str, by: "Account") -> None:
        repos = [base.short_repository(repo) for repo in one.repos]
        content = {"installation": base.installation(one), "repositories": repos, "requester": None}
        self._emit(one, "installation", action, by, content)

    def installation_repositories(
        self,
        one: "Installation",
        added: "Sequence[Repo]",
        by: "Account",
        *,
        removed: "Sequence[Repo]" = (),
    ) -> None:
        content = {
            "installation": base.installation(one),
            "repository_selection": "selected",
            "repositories_added": [base.short_repository(repo) for repo in added],
            "repositories_removed": [base.short_repository(repo) for repo in removed],
            "requester": None,
        }
        action = "removed" if removed else "added"
        self._emit(one, "installation_repositories", action, by, content)

    def _send(
        self, repo: "Repo", event: str, action: str | None, by: "Account", content: Json
    ) -> None:
        found = self._github.app_of(repo)
        if found is None or not _is_told(found[0], event, action):
            return
        installation = found[1]
        short = {"id": installation.id, "node_id": f"INS_{installation.id}"}
        whole = {"repository": base.repository(repo), **content, "installation": short}
        if repo.owner.type == "Organization":
            whole["organization"] = _organization(repo.owner)
        self._emit(installation, event, action, by, whole)

    def _emit(
        self, one: "Installation", event: str, action: str | None, by: "Account", content: Json
    ) -> None:
        if one.is_suspended and event != "installation":
            return
        head = {} if action is None else {"action": action}
        payload = {**head, **content, "sender": base.user(by)}
        self._github.webhooks.emit(one.app, event, payload)


_UNASKED = ("requested", "rerequested", "requested_action")


def _is_told(app: "App", event: str, action: str | None) -> bool:
    """Tell whether an App gets an event: it subscribed, or it may write checks and must know."""
    if event in ("check_run", "check_suite") and action in _UNASKED:
        return app.permissions.get("checks") == "write"
    return event in app.events


def _organization(account: "Account") -> Json:
    url = f"{account.github.api_url}/orgs/{account.login}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": account.node_id,
        "url": url,
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events",
        "hooks_url": f"{url}/hooks",
        "issues_url": f"{url}/issues",
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": f"{account.github.url}/avatars/u/{account.id}?v=4",
        "description": None,
    }


def _pushed_commit(repo: "Repo", commit: "Commit") -> Json:
    words = {"added": "added", "removed": "removed", "modified": "modified"}
    rows: dict[str, list[str]] = {"added": [], "removed": [], "modified": []}
    if commit.parents:
        for file in changed_files(repo.store, commit.parents[0], commit.sha):
            rows[words.get(file.status, "modified")].append(file.path)
    else:
        rows["added"] = list(repo.store.files(commit.sha))
    people = {
        role: {"name": who.name, "email": who.email, "username": who.name}
        for role, who in (("author", commit.author), ("committer", commit.committer))
    }
    head = checks.head_commit(repo, commit.sha)
    page = f"{base.html_url(repo)}/commit/{commit.sha}"
    return {**head, "distinct": True, "url": page, **people, **rows}
