"""Where requests go and git fetches: github.com, a data-residency host, an Enterprise Server."""

from typing import NamedTuple

import pytest

from bot.adapters.github_access import GitHubHost, token_access
from bot.adapters.github_auth import PlainToken
from bot.adapters.github_conversation import Conversations
from bot.adapters.github_errors import NotFound
from bot.adapters.github_http import GitHubRequester
from bot.adapters.github_pacing import Pacer
from bot.adapters.github_transport import Answer, Request, Transport, parse_api_address
from bot.domain.forge import RepoId
from bot.errors import Refused

REPO = RepoId(1, 2, "octo/shop")


class Where(NamedTuple):
    """One GitHub."""

    api: str
    rest: str
    graphql: str
    web: str


GITHUBS = [
    Where(
        "https://api.github.com",
        "https://api.github.com/repos/octo/shop/pulls/1",
        "https://api.github.com/graphql",
        "https://github.com/octo/shop",
    ),
    Where(
        "https://api.octo.ghe.com/",
        "https://api.octo.ghe.com/repos/octo/shop/pulls/1",
        "https://api.octo.ghe.com/graphql",
        "https://octo.ghe.com/octo/shop",
    ),
    Where(
        "https://ghes.example/api/v3",
        "https://ghes.example/api/v3/repos/octo/shop/pulls/1",
        "https://ghes.example/api/graphql",
        "https://ghes.example/octo/shop",
    ),
    Where(
        "http://127.0.0.1:3000/api/v3/",
        "http://127.0.0.1:3000/api/v3/repos/octo/shop/pulls/1",
        "http://127.0.0.1:3000/api/graphql",
        "http://127.0.0.1:3000/octo/shop",
    ),
]
each_github = pytest.mark.parametrize("where", GITHUBS, ids=lambda where: where.api)


class Recorder(Transport):
    """Sends nothing, and answers that there is nothing."""

    def __init__(self, api: str) -> None:
        super().__init__(parse_api_address(api), PlainToken("t"), Pacer())
        self.sent: list[Request] = []

    def send(self, request: Request) -> Answer:
        self.sent.append(request)
        body = b'{"data": {"repository": null}}' if request.url.endswith("graphql") else b"{}"
        return Answer(200, {}, body)


@each_github
def test_both_apis_are_where_this_github_has_them(where: Where) -> None:
    transport = Recorder(where.api)
    requester = GitHubRequester(parse_api_address(where.api), transport, user_agent="test")

    requester.requestJsonAndCheck("GET", "/repos/octo/shop/pulls/1")
    with pytest.raises(NotFound):
        Conversations(requester, REPO).of(1)
    requester.close()

    assert [one.url for one in transport.sent] == [where.rest, where.graphql]


@each_github
def test_links_and_clones_are_on_the_host_for_people(where: Where) -> None:
    host = GitHubHost(parse_api_address(where.api))

    with token_access(host, PlainToken("secret"), REPO) as access:
        assert access.web_url == where.web
        assert access.clone_url == f"{where.web}.git"
        assert access.token() == "secret"


@pytest.mark.parametrize(
    "url",
    [
        "http://github.example/api/v3",
        "ftp://x/y",
        "https://u:p@x/y",
        "https://x/?a=b",
        "https://[::1",
        "nonsense",
    ],
)
def test_an_api_address_that_is_not_safe_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        parse_api_address(url)
