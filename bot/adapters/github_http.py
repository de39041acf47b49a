"""PyGithub on our own transport: its objects and calls, our pacing, our errors.

PyGithub sends everything through `Requester.requestJsonAndCheck`. Ours is in its place, because
PyGithub repeats writes by itself, follows a redirect without its query, takes proxies from the
environment, and answers a link to another host with an AssertionError.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from github.GithubException import GithubException
from github.Requester import Requester

from bot.adapters.github_errors import Uncertain, graphql_error, rest_error
from bot.adapters.github_transport import ApiAddress, Request, Transport
from bot.domain.forge import ForgeUnavailable, RepoId

API_VERSION = "2022-11-28"
PER_PAGE = 100
_ACCEPT = "application/vnd.github+json"
_TIMEOUT_S = 30
_READS = ("GET", "HEAD")


class GitHubRequester(Requester):
    """What PyGithub's objects talk to; lazy, so that making an object costs no request."""

    def __init__(self, address: ApiAddress, transport: Transport, *, user_agent: str) -> None:
        super().__init__(
            auth=None,
            base_url=address.url,
            timeout=_TIMEOUT_S,
            user_agent=user_agent,
            per_page=PER_PAGE,
            verify=True,
            retry=0,
            pool_size=None,
            lazy=True,
        )
        self._transport = transport
        self._user_agent = user_agent

    def requestJsonAndCheck(  # noqa: N802, PLR0913, PLR0917  # PyGithub's name and arguments
        self,
        verb: str,
        url: str,
        parameters: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        input: Any | None = None,  # noqa: A002  # PyGithub's name
        follow_302_redirect: bool = False,  # noqa: ARG002  # ours follows by itself
    ) -> tuple[dict[str, Any], Any]:
        """Send one request and return headers and JSON; raises our errors, none of PyGithub's."""
        request = self._request(verb, url, parameters or {}, headers or {}, input)
        answer = self._transport.send(request)
        data = _parsed(answer.body, request)
        if answer.status >= 400:
            raise rest_error(answer.status, data, what=request.name)
        if verb == "GET" and isinstance(data, dict):
            data.setdefault("url", url)
        return dict(answer.headers), data

    def query(self, query: str, variables: Mapping[str, object]) -> dict[str, Any]:
        """Return the `data` of a GraphQL query or mutation; raises our errors."""
        what = query.split("(", 1)[0].strip()
        try:
            _, answer = self.graphql_query(query, dict(variables))
        except GithubException as error:
            raise graphql_error(error.data, what=what) from error
        data: dict[str, Any] | None = answer.get("data")
        if data is None:
            raise Uncertain(f"the answer to {what} is empty")
        return data

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _request(
        self,
        verb: str,
        url: str,
        parameters: dict[str, Any],
        headers: Mapping[str, str],
        body: object,
    ) -> Request:
        is_query = isinstance(body, dict) and str(body.get("query", "")).startswith("query ")
        absolute = url if "://" in url else f"{self.base_url}{url}"
        sent = {
            "Accept": _ACCEPT,
            "User-Agent": self._user_agent,
            "X-GitHub-Api-Version": API_VERSION,
            **headers,
        }
        if body is not None:
            sent["Content-Type"] = "application/json"
        return Request(
            verb,
            self.add_parameters_to_url(absolute, parameters),
            is_write=verb not in _READS and not is_query,
            headers=sent,
            body=None if body is None else json.dumps(body).encode(),
        )


def repo_path(repo: RepoId) -> str:
    """Return where the repository is in the API."""
    owner, _, name = repo.full_name.partition("/")
    return f"/repos/{quote(owner, safe='')}/{quote(name, safe='')}"


def _parsed(body: bytes, request: Request) -> Any:
    if not body:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        kind = Uncertain if request.is_write else ForgeUnavailable
        raise kind(f"the answer to {request.name} is no JSON") from error
