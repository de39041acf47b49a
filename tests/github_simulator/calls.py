"""One API call with everything a handler may ask: who calls, of which repository, with what."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from tests.github_simulator.accounts import Account
from tests.github_simulator.apps import App, Token
from tests.github_simulator.exchange import Answer, ApiError, Request, not_found
from tests.github_simulator.fields import Fields
from tests.github_simulator.issues import Issue
from tests.github_simulator.pull_requests import PullRequest
from tests.github_simulator.repositories import Repo
from tests.github_simulator.world import GitHub

NO_ACCESS = "Resource not accessible by integration"
_LONG = ("path", "ref", "branch", "basehead")
"""Parameters that may hold slashes."""


@dataclass(slots=True, eq=False)
class Call:
    """One call of the REST API."""

    github: GitHub
    request: Request
    template: str
    args: dict[str, str]
    caller: App | Token | None
    found_repo: Repo | None = None
    query: dict[str, str] = field(default_factory=dict)

    @property
    def repo(self) -> Repo:
        assert self.found_repo is not None, f"{self.template} has no repository"
        return self.found_repo

    @property
    def app(self) -> App:
        assert isinstance(self.caller, App), f"{self.template} is not called by the App"
        return self.caller

    @property
    def token(self) -> Token:
        assert isinstance(self.caller, Token), f"{self.template} is not called with a token"
        return self.caller

    @property
    def actor(self) -> Account:
        """Who does it: the App's bot."""
        return self.token.installation.app.bot

    @property
    def body(self) -> Fields:
        return Fields(self.request.json())

    def number(self, name: str) -> int:
        """Return a numeric parameter of the path; anything else is not found."""
        if not self.args[name].isdecimal():
            raise not_found()
        return int(self.args[name])

    def require(self, scope: str, access: str) -> None:
        """Raise 403 where the token has not this permission."""
        if not isinstance(self.caller, Token) or not self.caller.may(scope, access):
            accepted = {"X-Accepted-GitHub-Permissions": f"{scope}={access}"}
            raise ApiError(403, NO_ACCESS, headers=accepted)

    def issue(self, access: str) -> Issue:
        """Return the issue of the path. What a pull request's token may do depends on that scope.

        The path says `issues`, and GitHub looks at the resource: for a pull request the permission
        `pull_requests` counts.
        """
        issue = self.repo.issues.get(self.number("issue_number"))
        if issue is None:
            raise not_found()
        self.require_for(issue, access)
        return issue

    def require_for(self, issue: Issue, access: str) -> None:
        self.require("pull_requests" if issue.is_pull_request else "issues", access)

    def pull_request(self) -> PullRequest:
        """Return the pull request of the path."""
        found = self.repo.issues.get(self.number("pull_number"))
        if not isinstance(found, PullRequest):
            raise not_found()
        return found

    def paged(self, items: Sequence[Any], *, key: str | None = None) -> Answer:
        """Return one page of a list; with a key, as an object with `total_count`."""
        size = min(max(_number(self.query.get("per_page"), 30), 1), 100)
        page = max(_number(self.query.get("page"), 1), 1)
        shown = list(items[(page - 1) * size : page * size])
        last = max(1, -(-len(items) // size))
        content = shown if key is None else {"total_count": len(items), key: shown}
        return Answer(200, content, self._links(page, last))

    def _links(self, page: int, last: int) -> dict[str, str]:
        places: dict[str, int] = {}
        if page > 1:
            places |= {"prev": page - 1}
        if page < last:
            places |= {"next": page + 1, "last": last}
        if page > 1:
            places |= {"first": 1}
        if not places:
            return {}
        rows = [f'<{self._address(page=str(to))}>; rel="{word}"' for word, to in places.items()]
        return {"Link": ", ".join(rows)}

    def _address(self, **query: str) -> str:
        return f"{self.github.url}{self.request.path}?{urlencode({**self.query, **query})}"

    def next_link(self, **query: str) -> dict[str, str]:
        """Return the header of a list that goes on at a cursor."""
        return {"Link": f'<{self._address(**query)}>; rel="next"'}

    def with_query(self, **query: str) -> "Call":
        return replace(self, query={**self.query, **query})


Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation: method and path as GitHub's OpenAPI names them, and what it needs."""

    method: str
    template: str
    handler: Handler
    needs: str
    """`anybody`, `app` (its JWT), `token` (any), or a permission such as `contents:read`."""

    def match(self, method: str, path: str) -> dict[str, str] | None:
        if method != self.method:
            return None
        found = _pattern(self.template).fullmatch(path)
        return found.groupdict() if found else None


def _pattern(template: str) -> re.Pattern[str]:
    def group(found: re.Match[str]) -> str:
        return f"(?P<{found[1]}>{'.+' if found[1] in _LONG else '[^/]+'})"

    return re.compile(re.sub(r"\\{(\w+)\\}", group, re.escape(template)))


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isdecimal() else default
