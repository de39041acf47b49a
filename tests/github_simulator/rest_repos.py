"""Repositories, people, contents, commits, branches and refs."""

import base64
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from tests.github_simulator import render_base as base
from tests.github_simulator import render_pulls as pulls
from tests.github_simulator.calls import Call, Route
from tests.github_simulator.exchange import Answer, ApiError, Json, not_found
from tests.github_simulator.file_diffs import changed_files

if TYPE_CHECKING:
    from tests.github_simulator.git_store import Commit

_SHA = re.compile(r"[0-9a-f]{40}")
_MOST_INLINE_BYTES = 1_000_000


def _repo(call: Call) -> Answer:
    return Answer(200, base.full_repository(call.repo))


def _permission(call: Call) -> Answer:
    account = call.github.accounts.get(call.args["username"])
    if account is None:
        raise ApiError(404, f"{call.args['username']} is not a user")
    permission, role = call.repo.permission(account)
    names = ("admin", "maintain", "push", "triage", "pull")
    held = {"none": 0, "read": 1, "triage": 2, "write": 3, "maintain": 4, "admin": 5}[role]
    flags = {name: held >= 5 - place for place, name in enumerate(names)}
    person = {**base.user(account), "permissions": flags, "role_name": role}
    return Answer(200, {"permission": permission, "role_name": role, "user": person})


def _user(call: Call) -> Answer:
    account = call.github.accounts.get(call.args["username"])
    if account is None:
        raise not_found()
    return Answer(200, base.public_user(account))


def _content(call: Call) -> Answer:
    revision = _revision(call, call.query.get("ref") or call.repo.default_branch)
    path = call.args["path"].strip("/")
    files = call.repo.store.files(revision)
    if path not in files:
        return _folder(call, path, files)
    data = call.repo.store.read(revision, path) or b""
    if ".raw" in call.request.headers.get("accept", ""):
        return Answer(200, data, {"Content-Type": "application/vnd.github.raw; charset=utf-8"})
    if len(data) > _MOST_INLINE_BYTES:
        # GitHub gives the metadata and no content: `encoding` is `none`.
        return Answer(
            200, {**_entry(call, path, files[path], len(data)), "encoding": "none", "content": ""}
        )
    text = base64.encodebytes(data).decode()
    entry = _entry(call, path, files[path], len(data))
    return Answer(200, {**entry, "encoding": "base64", "content": text})


def _folder(call: Call, path: str, files: dict[str, str]) -> Answer:
    prefix = f"{path}/" if path else ""
    below = [name for name in files if name.startswith(prefix)]
    if not below:
        raise not_found()
    direct = [name for name in below if "/" not in name.removeprefix(prefix)]
    return Answer(200, [_entry(call, name, files[name], 0) for name in direct])


def _entry(call: Call, path: str, blob: str, size: int) -> Json:
    url, page = base.repo_url(call.repo), base.html_url(call.repo)
    ref = call.query.get("ref") or call.repo.default_branch
    me = f"{url}/contents/{quote(path)}?ref={quote(ref)}"
    git, html = f"{url}/git/blobs/{blob}", f"{page}/blob/{quote(ref)}/{quote(path)}"
    return {
        "type": "file",
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": blob,
        "size": size,
        "url": me,
        "git_url": git,
        "html_url": html,
        "download_url": f"{page}/raw/{quote(ref)}/{quote(path)}",
        "_links": {"self": me, "git": git, "html": html},
    }


def _revision(call: Call, ref: str) -> str:
    """Return the commit of a branch, a full ref or a SHA."""
    store = call.repo.store
    for name in (f"refs/heads/{ref}", f"refs/{ref}", ref):
        if name in store.refs:
            return store.refs[name]
    if _SHA.fullmatch(ref) and store.commit(ref) is not None:
        return ref
    raise ApiError(404, f"No commit found for the ref {ref}")


def _known_commit(call: Call, sha: str) -> "Commit":
    commit = call.repo.store.commit(sha) if _SHA.fullmatch(sha) else None
    if commit is None:
        raise ApiError(422, f"No commit found for SHA: {sha}")
    return commit


def _commit(call: Call) -> Answer:
    ref = call.args["ref"]
    store = call.repo.store
    sha = store.refs.get(f"refs/heads/{ref}") or store.refs.get(f"refs/{ref}") or ref
    commit = _known_commit(call, sha)
    files = changed_files(store, commit.parents[0], sha) if commit.parents else ()
    added, removed = sum(one.additions for one in files), sum(one.deletions for one in files)
    stats = {"additions": added, "deletions": removed, "total": added + removed}
    return Answer(200, {**pulls.commit(call.repo, commit), "stats": stats, "files": []})


def _commit_pulls(call: Call) -> Answer:
    """List the pull requests of a commit: open ones, and merged ones of the default branch."""
    sha = _known_commit(call, call.args["commit_sha"]).sha
    found = [
        pr for pr in call.repo.pull_requests if sha in (*pr.commit_shas(), pr.merge_commit_sha)
    ]
    return call.paged([pulls.simple(pr) for pr in found])


def _branch(call: Call) -> Answer:
    name = call.args["branch"]
    sha = call.repo.store.head(name)
    commit = call.repo.store.commit(sha) if sha else None
    if commit is None:
        raise ApiError(404, "Branch not found")
    url = f"{base.repo_url(call.repo)}/branches/{quote(name)}"
    content = {
        "name": name,
        "commit": pulls.commit(call.repo, commit),
        "_links": {"self": url, "html": f"{base.html_url(call.repo)}/tree/{quote(name)}"},
        "protected": name in call.repo.protected,
        "protection": {"enabled": name in call.repo.protected},
        "protection_url": f"{url}/protection",
    }
    return Answer(200, content)


_R = "/repos/{owner}/{repo}"

ROUTES = (
    Route("GET", _R, _repo, "metadata:read"),
    Route("GET", "/users/{username}", _user, "token"),
    Route("GET", f"{_R}/collaborators/{{username}}/permission", _permission, "metadata:read"),
    Route("GET", f"{_R}/contents/{{path}}", _content, "contents:read"),
    Route("GET", f"{_R}/branches/{{branch}}", _branch, "contents:read"),
    Route("GET", f"{_R}/commits/{{commit_sha}}/pulls", _commit_pulls, "pull_requests:read"),
)
LAST_ROUTES = (
    # `commits/REF` matches everything below it, so it is tried after all others.
    Route("GET", f"{_R}/commits/{{ref}}", _commit, "contents:read"),
)
