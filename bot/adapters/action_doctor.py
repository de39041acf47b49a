"""What a token of the Action may do, and what follows from that: its checks of `doctor`.

GitHub tells nobody what an installation token may do, and a workflow's is one. So it is asked: to
read, and to do what cannot be done, such as a check of a commit that there is not. Whether a token
may is looked at first (403), whether it can be done afterwards (422), so nothing is ever written.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any
from urllib.parse import quote

from bot.adapters.doctor_check import Check, unseen
from bot.adapters.github_access import GitHubHost
from bot.adapters.github_auth import PlainToken
from bot.adapters.github_errors import Forbidden, Invalid, NotFound
from bot.adapters.github_http import GitHubRequester, repo_path
from bot.domain.forge import RepoId
from bot.domain.jobs import NO_INSTALLATION
from bot.domain.untrusted import one_line
from bot.errors import Refused, Retryable

_NAME = "action token"
_NOWHERE = "0" * 40
"""No commit has this hash."""
_NO_BRANCH = "pullwright-doctor/there-is-no-such-branch"
_POLICY = "not permitted to create"
"""GitHub says so of a setting of the repository, not of the token."""


class _Level(IntEnum):
    NONE = 0
    READ = 1
    WRITE = 2


@dataclass(frozen=True, slots=True)
class _Scope:
    """One permission: how it is looked for, and what it is for."""

    name: str
    """As under `permissions:` of a workflow."""
    reads: str
    """A path below the repository, with {branch} for its default branch."""
    writes: str
    body: Mapping[str, str]
    """Of a request that GitHub can only refuse."""
    told: Mapping[_Level, str]
    wanted: _Level
    needed: _Level
    """Below this there is no review at all."""


_SCOPES = (
    _Scope(
        "contents",
        "/branches/{branch}",
        "/git/refs",
        {"ref": f"refs/heads/{_NO_BRANCH}", "sha": _NOWHERE},
        {
            _Level.WRITE: "`/agent fix` can commit, and threads of mended findings be resolved",
            _Level.READ: "enough for reviews; `/agent fix` needs write",
            _Level.NONE: "there is no review",
        },
        _Level.READ,
        _Level.READ,
    ),
    _Scope(
        "pull-requests",
        "/pulls?per_page=1",
        "/pulls",
        {"title": "none", "head": _NO_BRANCH, "base": _NO_BRANCH},
        {
            _Level.WRITE: "comments, summary and replies are posted",
            _Level.READ: "comments, summary and replies stand in the job summary only",
            _Level.NONE: "there is no review",
        },
        _Level.WRITE,
        _Level.READ,
    ),
    _Scope(
        "checks",
        "/commits/{branch}/check-runs?per_page=1",
        "/check-runs",
        {"name": "pullwright / doctor", "head_sha": _NOWHERE},
        {
            _Level.WRITE: "the check `pullwright / review` is made",
            _Level.READ: "there is no check `pullwright / review`",
            _Level.NONE: "there is no check `pullwright / review`",
        },
        _Level.WRITE,
        _Level.NONE,
    ),
)


def examine_token(host: GitHubHost, token: PlainToken, full_name: str) -> Iterator[Check]:
    """Yield what the token may do on one repository; nothing is written."""
    requester = host.requester(token, installation_id=NO_INSTALLATION)
    try:
        yield from _examined(requester, full_name)
    except Retryable as error:
        yield unseen(_NAME, f"{one_line(str(error), limit=200)}: is GITHUB_API_URL right?")
    except Refused as error:
        yield Check(_NAME, False, one_line(str(error), limit=300))
    finally:
        requester.close()


def _examined(requester: GitHubRequester, full_name: str) -> Iterator[Check]:
    path = repo_path(RepoId(NO_INSTALLATION, 0, full_name))
    try:
        headers, repo = requester.requestJsonAndCheck("GET", path)
    except NotFound:
        told = f"GitHub does not show {full_name} to it: give the token of a job there, or one for"
        yield Check(_NAME, False, f"{told} that repository")
        return
    yield Check(_NAME, True, f"{full_name} is shown to it{_kind(headers)}")
    for scope in _SCOPES:
        yield _asked(requester, path, scope, quote(str(repo["default_branch"]), safe=""))


def _kind(headers: Mapping[str, Any]) -> str:
    """Tell a personal token by what GitHub sends with it and with no other."""
    scopes = headers.get("x-oauth-scopes")
    if scopes is None:
        return ""
    return f"; it is a person's, with the scopes {one_line(str(scopes), limit=100) or 'none'}"


def _asked(requester: GitHubRequester, path: str, scope: _Scope, branch: str) -> Check:
    name = f"action {scope.name}"
    try:
        level = _level(requester, path, scope, branch)
    except Retryable as error:
        return unseen(name, one_line(str(error), limit=200))
    if level is None:
        told = "a setting of the repository answers before the token does"
        return unseen(name, told, is_needed=False)
    told = f"{level.name.lower()}: {scope.told[level]}"
    if level >= scope.wanted:
        return Check(name, True, told)
    wanted = f"{scope.name}: {scope.wanted.name.lower()}"
    is_needed = level < scope.needed
    detail = f"{told}; the job's `permissions:` need this"
    return Check(name, False, detail, is_needed, paste=(wanted,))


def _level(requester: GitHubRequester, path: str, scope: _Scope, branch: str) -> _Level | None:
    """Return what the token may, or None where GitHub does not let one know."""
    try:
        requester.requestJsonAndCheck("POST", f"{path}{scope.writes}", input=dict(scope.body))
    except Invalid:
        return _Level.WRITE
    except (Forbidden, NotFound) as error:
        if _POLICY in str(error):
            return None
    try:
        requester.requestJsonAndCheck("GET", f"{path}{scope.reads.format(branch=branch)}")
    except Forbidden:
        return _Level.NONE
    except NotFound:
        # An empty repository has no such branch.
        return _Level.READ
    return _Level.READ
