"""Pull requests and their conversation as GitHub's JSON."""

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from tests.github_simulator import render_base as base
from tests.github_simulator.clock import stamp
from tests.github_simulator.exchange import Json
from tests.github_simulator.pull_requests import PullRequest

if TYPE_CHECKING:
    from tests.github_simulator.conversations import IssueComment, ReviewComment
    from tests.github_simulator.file_diffs import ChangedFile
    from tests.github_simulator.git_store import Commit, Person
    from tests.github_simulator.issues import Issue
    from tests.github_simulator.repositories import Repo
    from tests.github_simulator.reviews import Review


def simple(pr: PullRequest) -> Json:
    """Return a pull request as lists do."""
    repo = pr.repo
    url, page = base.repo_url(repo), base.html_url(repo)
    me, issue = f"{url}/pulls/{pr.number}", f"{url}/issues/{pr.number}"
    statuses = f"{url}/statuses/{pr.head_sha}"
    return {
        "url": me,
        "id": pr.id,
        "node_id": pr.node_id,
        "html_url": f"{page}/pull/{pr.number}",
        "diff_url": f"{page}/pull/{pr.number}.diff",
        "patch_url": f"{page}/pull/{pr.number}.patch",
        "issue_url": issue,
        "number": pr.number,
        "state": pr.state,
        "locked": pr.is_locked,
        "title": pr.title,
        "user": base.user(pr.author),
        "body": pr.body,
        "created_at": pr.created_at,
        "updated_at": pr.updated_at,
        "closed_at": pr.closed_at,
        "merged_at": pr.merged_at,
        "merge_commit_sha": pr.merge_commit_sha,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "labels": [base.label(repo, one) for one in pr.labels],
        "milestone": None,
        "draft": pr.is_draft,
        "commits_url": f"{me}/commits",
        "review_comments_url": f"{me}/comments",
        "review_comment_url": f"{url}/pulls/comments{{/number}}",
        "comments_url": f"{issue}/comments",
        "statuses_url": statuses,
        "head": _end(pr.head_repo, pr.head_ref, pr.head_sha, pr.head_label),
        "base": _end(repo, pr.base_ref, pr.base_sha, f"{repo.owner.login}:{pr.base_ref}"),
        "_links": base.links(
            self=me,
            html=f"{page}/pull/{pr.number}",
            issue=issue,
            comments=f"{issue}/comments",
            review_comments=f"{me}/comments",
            review_comment=f"{url}/pulls/comments{{/number}}",
            commits=f"{me}/commits",
            statuses=statuses,
        ),
        "author_association": repo.association(pr.author),
        "auto_merge": None,
        "active_lock_reason": None,
    }


def full(pr: PullRequest, *, is_computed: bool = True) -> Json:
    """Return a pull request as `GET` does; webhooks do not wait for `mergeable`."""
    mergeable = pr.is_mergeable if is_computed and pr.is_open else None
    states = {None: "unknown", True: "draft" if pr.is_draft else "clean", False: "dirty"}
    return {
        **simple(pr),
        "merged": pr.merged_at is not None,
        "mergeable": mergeable,
        "rebaseable": mergeable,
        "mergeable_state": states[mergeable],
        "merged_by": base.user(pr.merged_by) if pr.merged_by else None,
        "comments": len(pr.comments),
        "review_comments": len(pr.review_comments),
        "maintainer_can_modify": pr.can_maintainer_modify,
        "commits": len(pr.commit_shas()),
        "additions": sum(file.additions for file in pr.files),
        "deletions": sum(file.deletions for file in pr.files),
        "changed_files": len(pr.files),
    }


def _end(repo: "Repo | None", ref: str, sha: str, label: str) -> Json:
    return {
        "label": label,
        "ref": ref,
        "sha": sha,
        "user": base.user(repo.owner) if repo else None,
        "repo": {**base.repository(repo), **base.merge_settings()} if repo else None,
    }


def issue(one: "Issue") -> Json:
    """Return an issue; one that is a pull request says so."""
    url = f"{base.repo_url(one.repo)}/issues/{one.number}"
    kind = "pull" if one.is_pull_request else "issues"
    content: Json = {
        "url": url,
        "repository_url": base.repo_url(one.repo),
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "timeline_url": f"{url}/timeline",
        "html_url": f"{base.html_url(one.repo)}/{kind}/{one.number}",
        "id": one.id,
        "node_id": f"I_{one.id}",
        "number": one.number,
        "title": one.title,
        "user": base.user(one.author),
        "labels": [base.label(one.repo, label) for label in one.labels],
        "state": one.state,
        "locked": one.is_locked,
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "comments": len(one.comments),
        "created_at": one.created_at,
        "updated_at": one.updated_at or one.created_at,
        "closed_at": one.closed_at,
        "author_association": one.repo.association(one.author),
        "active_lock_reason": None,
        "body": one.body,
        "performed_via_github_app": None,
        "state_reason": None,
        "reactions": {"url": f"{url}/reactions", "total_count": 0, **dict.fromkeys(_WORDS, 0)},
    }
    if isinstance(one, PullRequest):
        content["draft"] = one.is_draft
        content["pull_request"] = _pull_links(one)
    return content


_WORDS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


def _pull_links(pr: PullRequest) -> Json:
    page = f"{base.html_url(pr.repo)}/pull/{pr.number}"
    return {
        "url": f"{base.repo_url(pr.repo)}/pulls/{pr.number}",
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "merged_at": pr.merged_at,
    }


def issue_comment(comment: "IssueComment") -> Json:
    one = comment.issue
    repo_url = base.repo_url(one.repo)
    url = f"{repo_url}/issues/comments/{comment.id}"
    kind = "pull" if one.is_pull_request else "issues"
    page = f"{base.html_url(one.repo)}/{kind}/{one.number}#issuecomment-{comment.id}"
    by_app = next((app for app in one.repo.github.apps if app.bot is comment.user), None)
    return {
        "url": url,
        "html_url": page,
        "issue_url": f"{repo_url}/issues/{one.number}",
        "id": comment.id,
        "node_id": comment.node_id,
        "user": base.user(comment.user),
        "created_at": comment.created_at,
        "updated_at": comment.updated_at or comment.created_at,
        "body": comment.body,
        "author_association": one.repo.association(comment.user),
        "reactions": base.reaction_rollup(comment, url),
        "performed_via_github_app": base.app(by_app) if by_app else None,
    }


def review(one: "Review") -> Json:
    page = f"{base.html_url(one.pr.repo)}/pull/{one.pr.number}"
    pull = f"{base.repo_url(one.pr.repo)}/pulls/{one.pr.number}"
    content: Json = {
        "id": one.id,
        "node_id": one.node_id,
        "user": base.user(one.user),
        "body": one.body,
        "state": one.state,
        "html_url": f"{page}#pullrequestreview-{one.id}",
        "pull_request_url": pull,
        "author_association": one.pr.repo.association(one.user),
        "_links": base.links(html=f"{page}#pullrequestreview-{one.id}", pull_request=pull),
        "commit_id": one.commit_sha,
    }
    if one.submitted_at is not None:
        # A pending review has no such field at all.
        content["submitted_at"] = one.submitted_at
    return content


def review_comment(comment: "ReviewComment") -> Json:
    thread = comment.thread
    pr = thread.pr
    url = f"{base.repo_url(pr.repo)}/pulls/comments/{comment.id}"
    pull = f"{base.repo_url(pr.repo)}/pulls/{pr.number}"
    page = f"{base.html_url(pr.repo)}/pull/{pr.number}#discussion_r{comment.id}"
    content: Json = {
        "url": url,
        "pull_request_review_id": comment.review.id,
        "id": comment.id,
        "node_id": comment.node_id,
        "diff_hunk": thread.diff_hunk,
        "path": thread.path,
        "commit_id": thread.commit_sha if thread.is_outdated else pr.head_sha,
        "original_commit_id": thread.commit_sha,
        "user": base.user(comment.user),
        "body": comment.body,
        "created_at": comment.created_at,
        "updated_at": comment.updated_at or comment.created_at,
        "html_url": page,
        "pull_request_url": pull,
        "author_association": pr.repo.association(comment.user),
        "_links": base.links(self=url, html=page, pull_request=pull),
        "reactions": base.reaction_rollup(comment, url),
        "start_line": thread.start_line,
        "original_start_line": thread.original_start_line,
        "start_side": thread.start_side,
        "line": thread.line,
        "original_line": thread.original_line,
        "side": thread.side,
        "original_position": thread.original_position or 1,
        "position": 1 if thread.is_file else thread.position,
        "subject_type": "file" if thread.is_file else "line",
    }
    if comment.in_reply_to is not None:
        content["in_reply_to_id"] = comment.in_reply_to
    return content


def changed_file(pr: PullRequest, file: "ChangedFile") -> Json:
    """Return one entry of `pulls/N/files`."""
    url, page, name = base.repo_url(pr.repo), base.html_url(pr.repo), quote(file.path)
    content: Json = {
        "sha": file.blob,
        "filename": file.path,
        "status": file.status,
        "additions": file.additions,
        "deletions": file.deletions,
        "changes": file.additions + file.deletions,
        "blob_url": f"{page}/blob/{pr.head_sha}/{name}",
        "raw_url": f"{page}/raw/{pr.head_sha}/{name}",
        "contents_url": f"{url}/contents/{name}?ref={pr.head_sha}",
    }
    if file.patch is not None:
        content["patch"] = file.patch
    if file.status == "renamed":
        content["previous_filename"] = file.old_path
    return content


def commit(repo: "Repo", one: "Commit") -> Json:
    """Return a commit as `GET commits/SHA` does, without its files."""
    url, page = base.repo_url(repo), base.html_url(repo)
    signed = one.committer.name == "GitHub"
    author = _account(repo, one.author)
    return {
        "sha": one.sha,
        "node_id": f"C_{one.sha}",
        "commit": {
            "author": _signature(one.author, one.seconds),
            "committer": _signature(one.committer, one.seconds),
            "message": one.message,
            "tree": {"sha": one.tree, "url": f"{url}/git/trees/{one.tree}"},
            "url": f"{url}/git/commits/{one.sha}",
            "comment_count": 0,
            "verification": verification(is_signed=signed),
        },
        "url": f"{url}/commits/{one.sha}",
        "html_url": f"{page}/commit/{one.sha}",
        "comments_url": f"{url}/commits/{one.sha}/comments",
        "author": author,
        "committer": base.user(repo.github.user("web-flow")) if signed else author,
        "parents": [
            {"sha": sha, "url": f"{url}/commits/{sha}", "html_url": f"{page}/commit/{sha}"}
            for sha in one.parents
        ],
    }


def verification(*, is_signed: bool) -> Json:
    """Return whether GitHub signed a commit: it does for what it commits itself."""
    return {
        "verified": is_signed,
        "reason": "valid" if is_signed else "unsigned",
        "signature": hashlib.sha256(b"web-flow").hexdigest() if is_signed else None,
        "payload": "commit" if is_signed else None,
        "verified_at": "2020-01-01T00:00:00Z" if is_signed else None,
    }


def _signature(person: "Person", seconds: int) -> Json:
    date = stamp(datetime.fromtimestamp(seconds, UTC))
    return {"name": person.name, "email": person.email, "date": date}


def _account(repo: "Repo", person: "Person") -> Json | None:
    found = repo.github.accounts.get(person.name)
    return base.user(found) if found else None
