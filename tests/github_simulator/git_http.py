"""Smart HTTP for fetching: `git http-backend` behind the credentials of GitHub."""

import base64
import binascii
import os
import re
import subprocess
from urllib.parse import urlsplit

from tests.github_simulator.apps import Token
from tests.github_simulator.exchange import Answer, Request
from tests.github_simulator.repositories import Repo
from tests.github_simulator.world import GitHub
from tests.situations import ENVIRONMENT

_ADDRESS = re.compile(
    r"/(?P<full_name>[^/]+/[^/]+?)(?:\.git)?/(?:info/refs|git-(?:upload|receive)-pack)"
)


def is_git(path: str) -> bool:
    """Tell whether a path is one that git asks for."""
    return _ADDRESS.fullmatch(path) is not None


def git_password(request: Request) -> str | None:
    """Return the token that git sent as `x-access-token:TOKEN`."""
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return password if user == "x-access-token" else ""


def answer_git(github: GitHub, request: Request, token: Token | None) -> Answer:
    """Serve one request of git."""
    found = _ADDRESS.fullmatch(request.path)
    assert found is not None, f"{request.path} is no path of git"
    name = found["full_name"]
    with github.lock:
        if name.lower() in github.moved:
            moved = github.moved[name.lower()]
            return Answer(301, b"", {"Location": request.target.replace(name, moved.full_name, 1)})
        repo = github.find_repo(name)
        refused = _refusal(repo, request, token)
    if refused is not None or repo is None:
        return refused or Answer(404, b"Repository not found.")
    return _backend(repo, request)


def _refusal(repo: Repo | None, request: Request, token: Token | None) -> Answer | None:
    has_credential = "authorization" in request.headers
    if has_credential and token is None:
        return _ask("Invalid username or token.")
    may_read = token is not None and repo is not None and token.sees(repo)
    if repo is None or (repo.is_private and not may_read):
        return (
            Answer(404, b"Repository not found.")
            if has_credential
            else _ask("Repository not found.")
        )
    if token is not None and token.sees(repo) and not token.may("contents", "read"):
        return Answer(403, b"Write access to repository not granted.")
    if "receive-pack" in request.target:
        # The bot writes by `createCommitOnBranch` only, so that every commit is signed.
        return Answer(403, b"The simulator takes no pushes over git.")
    return None


def _ask(reason: str) -> Answer:
    return Answer(401, reason.encode(), {"WWW-Authenticate": 'Basic realm="GitHub"'})


def _backend(repo: Repo, request: Request) -> Answer:
    parts = urlsplit(request.target)
    tail = parts.path.split("/", 3)[3]
    done = subprocess.run(
        ["git", "http-backend"],
        env={
            **ENVIRONMENT,
            "GIT_PROJECT_ROOT": str(repo.store.path),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": request.method,
            "PATH_INFO": f"/{tail}",
            "QUERY_STRING": parts.query,
            "CONTENT_TYPE": request.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(request.body)),
            "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
            "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
        },
        input=request.body,
        capture_output=True,
        check=False,
    )
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    headers = dict(os.fsdecode(row).split(": ", 1) for row in head.splitlines())
    return Answer(int(headers.pop("Status", "200").split()[0]), content, headers)
