"""Accounts, repositories, the App and its installations as GitHub's JSON."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tests.github_simulator.exchange import Json

if TYPE_CHECKING:
    from tests.github_simulator.accounts import Account
    from tests.github_simulator.apps import App, Installation, Token
    from tests.github_simulator.conversations import Comment, Reaction
    from tests.github_simulator.issues import Label
    from tests.github_simulator.repositories import Repo

_USER_URLS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
_REPO_URLS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}


def user(account: "Account") -> Json:
    """Return a simple user."""
    github = account.github
    account = github.user("ghost") if account.is_gone else account
    slug = account.login.replace("[", "%5B").replace("]", "%5D")
    url = f"{github.api_url}/users/{slug}"
    page = f"apps/{account.login.removesuffix('[bot]')}" if account.type == "Bot" else account.login
    return {
        "login": account.login,
        "id": account.id,
        "node_id": account.node_id,
        "avatar_url": f"{github.url}/avatars/u/{account.id}?v=4",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{github.url}/{page}",
        **{name: url + path for name, path in _USER_URLS.items()},
        "type": account.type,
        "user_view_type": "public",
        "site_admin": False,
    }


def public_user(account: "Account") -> Json:
    """Return a user with the profile."""
    nothing = ("bio", "blog", "company", "email", "hireable", "location", "name")
    counts = ("followers", "following", "public_gists", "public_repos")
    since = "2020-01-01T00:00:00Z"
    return {
        **user(account),
        **dict.fromkeys(nothing),
        **dict.fromkeys(counts, 0),
        "created_at": since,
        "updated_at": since,
    }


def repo_url(repo: "Repo") -> str:
    """Return the API address of a repository."""
    return f"{repo.github.api_url}/repos/{repo.full_name}"


def html_url(repo: "Repo") -> str:
    """Return the page of a repository."""
    return f"{repo.github.url}/{repo.full_name}"


def repository(repo: "Repo") -> Json:
    """Return a repository, as it stands in pull requests and webhooks."""
    url, page = repo_url(repo), html_url(repo)
    open_issues = sum(issue.is_open for issue in repo.issues.values())
    return {
        "id": repo.id,
        "node_id": f"R_{repo.id}",
        "name": repo.name,
        "full_name": repo.full_name,
        "private": repo.is_private,
        "owner": user(repo.owner),
        "html_url": page,
        "description": None,
        "fork": repo.parent is not None,
        "url": url,
        **{name: url + path for name, path in _REPO_URLS.items()},
        "created_at": repo.created_at,
        "updated_at": repo.created_at,
        "pushed_at": repo.created_at,
        "git_url": f"git:{page.partition(':')[2]}.git",
        "ssh_url": f"git@127.0.0.1:{repo.full_name}.git",
        "clone_url": repo.clone_url,
        "svn_url": page,
        "homepage": None,
        "size": 0,
        "stargazers_count": 0,
        "watchers_count": 0,
        "language": None,
        **dict.fromkeys(("has_issues", "has_projects", "has_downloads", "has_wiki"), True),
        **dict.fromkeys(("has_pages", "has_discussions", "archived", "disabled"), False),
        "forks_count": len(repo.forks),
        "mirror_url": None,
        "open_issues_count": open_issues,
        "license": None,
        "allow_forking": True,
        "is_template": False,
        "web_commit_signoff_required": False,
        "topics": [],
        "visibility": "private" if repo.is_private else "public",
        "forks": len(repo.forks),
        "open_issues": open_issues,
        "watchers": 0,
        "default_branch": repo.default_branch,
        "custom_properties": {},
    }


def merge_settings() -> Json:
    """Return what a repository inside a pull request says besides."""
    allowed = ("allow_squash_merge", "allow_merge_commit", "allow_rebase_merge")
    return {
        **dict.fromkeys(allowed, True),
        **dict.fromkeys(
            ("allow_auto_merge", "delete_branch_on_merge", "allow_update_branch"), False
        ),
        "use_squash_pr_title_as_default": False,
        "squash_merge_commit_message": "COMMIT_MESSAGES",
        "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
        "merge_commit_message": "PR_TITLE",
        "merge_commit_title": "MERGE_MESSAGE",
    }


def full_repository(repo: "Repo") -> Json:
    """Return a repository as `GET /repos/OWNER/NAME` does."""
    return {
        **repository(repo),
        **merge_settings(),
        "network_count": len(repo.forks),
        "subscribers_count": 1,
        "permissions": {"admin": False, "push": False, "pull": False},
    }


def short_repository(repo: "Repo") -> Json:
    """Return a repository as it stands in the events of an installation."""
    return {
        "id": repo.id,
        "node_id": f"R_{repo.id}",
        "name": repo.name,
        "full_name": repo.full_name,
        "private": repo.is_private,
    }


def label(repo: "Repo", one: "Label") -> Json:
    return {
        "id": one.id,
        "node_id": f"LA_{one.id}",
        "url": f"{repo_url(repo)}/labels/{one.name}",
        "name": one.name,
        "color": one.color,
        "default": False,
        "description": one.description,
    }


def app(one: "App") -> Json:
    """Return the App, as `GET /app` and check runs do."""
    github = one.github
    since = "2020-01-01T00:00:00Z"
    return {
        "id": one.id,
        "slug": one.slug,
        "client_id": one.client_id,
        "node_id": f"A_{one.id}",
        "owner": user(one.owner),
        "name": one.slug.title(),
        "description": "",
        "external_url": f"{github.url}/apps/{one.slug}",
        "html_url": f"{github.url}/apps/{one.slug}",
        "created_at": since,
        "updated_at": since,
        "permissions": dict(one.permissions),
        "events": list(one.events),
    }


def installation(one: "Installation") -> Json:
    github = one.app.github
    since = github.clock.stamp()
    return {
        "id": one.id,
        "account": user(one.account),
        "repository_selection": "selected",
        "access_tokens_url": f"{github.api_url}/app/installations/{one.id}/access_tokens",
        "repositories_url": f"{github.api_url}/installation/repositories",
        "html_url": f"{github.url}/settings/installations/{one.id}",
        "app_id": one.app.id,
        "app_slug": one.app.slug,
        "client_id": one.app.client_id,
        "target_id": one.account.id,
        "target_type": one.account.type,
        "permissions": dict(one.permissions),
        "events": list(one.app.events),
        "created_at": since,
        "updated_at": since,
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": user(one.account) if one.is_suspended else None,
        "suspended_at": since if one.is_suspended else None,
    }


def token(one: "Token") -> Json:
    """Return a fresh installation token."""
    content: Json = {
        "token": one.value,
        "expires_at": one.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "permissions": dict(one.permissions),
        "repository_selection": "selected",
    }
    if one.repos is not None:
        content["repositories"] = [full_repository(repo) for repo in one.repos]
    return content


def reaction(one: "Reaction") -> Json:
    return {
        "id": one.id,
        "node_id": f"REA_{one.id}",
        "user": user(one.user),
        "content": one.content,
        "created_at": one.created_at,
    }


def reaction_rollup(comment: "Comment", url: str) -> Json:
    """Return the counts that stand in every comment."""
    words = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")
    counts = {word: sum(one.content == word for one in comment.reactions) for word in words}
    return {"url": f"{url}/reactions", "total_count": len(comment.reactions), **counts}


def links(**places: str) -> Mapping[str, Any]:
    """Return a `_links` object."""
    return {name: {"href": place} for name, place in places.items()}
