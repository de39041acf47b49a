"""Lists of pull requests with the check runs on their heads."""

from typing import Any

import pytest

from tests.github_simulator import GitHub, PullRequest
from tests.github_simulator.bot import Bot

OPEN = """query($states: [PullRequestState!], $app: Int, $first: Int, $check: String) {
  repository(owner: "octo", name: "shop") {
    pullRequests(states: $states, first: $first,
      orderBy: {field: UPDATED_AT, direction: DESC}) {
      totalCount
      nodes {
        number isDraft headRefOid labels(first: 5) { nodes { name } }
        commits(last: 1) { nodes { commit {
          oid
          checkSuites(first: 5, filterBy: {appId: $app}) { nodes {
            checkRuns(first: 5, filterBy: {checkName: $check}) {
              nodes { name status conclusion externalId }
            }
          } }
        } } }
      }
    }
  }
}"""


def _asked(bot: Bot, **variables: Any) -> dict[str, Any]:
    answer: dict[str, Any] = bot.graphql(OPEN, **{"first": 10, "states": ["OPEN"], **variables})
    return answer


def _nodes(bot: Bot, **variables: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _asked(bot, **variables)["data"]["repository"]["pullRequests"][
        "nodes"
    ]
    return found


def _check(bot: Bot, pr: PullRequest, name: str) -> None:
    content = {"name": name, "head_sha": pr.head_sha, "external_id": "run-1"}
    bot.post("/repos/octo/shop/check-runs", content)


def _runs(node: dict[str, Any]) -> list[dict[str, Any]]:
    (last,) = node["commits"]["nodes"]
    assert last["commit"]["oid"] == node["headRefOid"]
    return [r for s in last["commit"]["checkSuites"]["nodes"] for r in s["checkRuns"]["nodes"]]


def test_open_pull_requests_come_with_the_runs_of_one_app_on_their_heads(
    github: GitHub, bot: Bot, pr: PullRequest
) -> None:
    other = github.repos[0].open_pull_request({"other.py": "x = 1\n"}, author="ada")
    for name in ("review", "lint"):
        _check(bot, pr, name)

    first, second = _nodes(bot, app=github.apps[0].id, check="review")

    assert [first["number"], second["number"]] == [other.number, pr.number]
    assert _runs(first) == []
    assert _runs(second) == [
        {"name": "review", "status": "QUEUED", "conclusion": None, "externalId": "run-1"}
    ]
    assert _runs(_nodes(bot, app=1, check="review")[1]) == []


def test_closed_pull_requests_are_in_no_list_of_open_ones(bot: Bot, pr: PullRequest) -> None:
    pr.close()

    assert _nodes(bot) == []
    assert [node["number"] for node in _nodes(bot, states=["CLOSED"])] == [pr.number]


@pytest.mark.parametrize("missing", ["pull_requests", "checks"])
def test_a_token_without_the_permission_sees_no_list(
    github: GitHub, bot: Bot, pr: PullRequest, missing: str
) -> None:
    held = {"pull_requests": "read", "checks": "read"}
    del held[missing]
    bot.sign_in(permissions=held)

    (error, *_) = _asked(bot)["errors"]

    assert (error["type"], pr.is_open) == ("FORBIDDEN", True)


def test_a_list_needs_a_size_and_not_too_large_a_one(bot: Bot, pr: PullRequest) -> None:
    kinds = [_asked(bot, first=size)["errors"][0]["type"] for size in (None, 101)]

    assert (kinds, pr.number) == (["MISSING_PAGINATION_BOUNDARIES", "EXCESSIVE_PAGINATION"], 1)
