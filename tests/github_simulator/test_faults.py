import pytest
import requests

from tests.github_simulator import (
    BadCredentials,
    Drop,
    ForeignLink,
    GitHub,
    Html,
    Latency,
    Limited,
    PullRequest,
    Redirect,
    Status,
    Strike,
)
from tests.github_simulator.bot import Bot

COMMENTS = "/repos/octo/shop/issues/1/comments"
ANY_COMMENT = "/repos/*/comments"


def test_a_connection_can_end_before_or_after_the_write(
    github: GitHub, bot: Bot, pr: PullRequest
) -> None:
    github.faults.add("POST", ANY_COMMENT, Drop())
    with pytest.raises(requests.ConnectionError):
        bot.post(COMMENTS, {"body": "One"})
    assert pr.comments == []

    github.faults.add("POST", ANY_COMMENT, Drop(after=True))
    with pytest.raises(requests.ConnectionError):
        bot.post(COMMENTS, {"body": "Two"})

    assert [one.body for one in pr.comments] == ["Two"]
    assert [one.status for one in github.requests("POST", COMMENTS)] == [0, 0]


def test_a_sender_can_be_struck_before_or_after_its_write(
    github: GitHub, bot: Bot, pr: PullRequest
) -> None:
    seen: list[int] = []
    for after in (False, True):
        blow = Strike(lambda: seen.append(len(pr.comments)), after)
        github.faults.add("POST", ANY_COMMENT, blow)
        with pytest.raises(requests.ConnectionError):
            bot.post(COMMENTS, {"body": "Hi"})

    assert seen == [0, 1]


def test_an_error_can_hide_a_write_that_was_stored(
    github: GitHub, bot: Bot, pr: PullRequest
) -> None:
    github.faults.add("POST", ANY_COMMENT, Status(502, after=True))
    github.faults.add("POST", ANY_COMMENT, Status(503), times=2)

    answers = [bot.post(COMMENTS, {"body": "Hi"}).status_code for _ in range(4)]

    assert answers == [502, 503, 503, 201]
    assert len(pr.comments) == 2


def test_a_secondary_limit_may_say_how_long_to_wait(
    github: GitHub, bot: Bot, pr: PullRequest
) -> None:
    github.faults.add("POST", ANY_COMMENT, Limited(403, retry_after_s=7))
    github.faults.add("POST", ANY_COMMENT, Limited(429))

    first, second = (bot.post(COMMENTS, {"body": "Hi"}) for _ in range(2))

    assert (first.status_code, first.headers["Retry-After"]) == (403, "7")
    assert "secondary rate limit" in first.json()["message"]
    assert (second.status_code, "Retry-After" in second.headers) == (429, False)


def test_an_answer_can_be_late_or_a_page_or_unauthorised(github: GitHub, bot: Bot) -> None:
    path = "/repos/octo/shop"
    github.faults.add("GET", path, Latency(0.05))
    github.faults.add("GET", path, Html())
    github.faults.add("GET", path, BadCredentials())

    late, page, unauthorised = (bot.get(path) for _ in range(3))

    assert github.log[-3].seconds >= 0.05
    assert late.ok
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert unauthorised.status_code == 401
    assert github.faults.left == 0


def test_a_redirect_and_a_link_can_lead_elsewhere(
    github: GitHub, bot: Bot, pr: PullRequest
) -> None:
    github.faults.add("GET", "/repos/octo/shop", Redirect("http://evil.example/repos"))
    github.faults.add("GET", ANY_COMMENT, ForeignLink("http://evil.example/comments?page=2"))

    assert bot.get("/repos/octo/shop").headers["Location"] == "http://evil.example/repos"
    assert bot.get(COMMENTS).links["next"]["url"] == "http://evil.example/comments?page=2"


def test_a_renamed_repository_answers_under_its_number(
    github: GitHub, bot: Bot, pr: PullRequest
) -> None:
    github.rename(github.repos[0], "store")

    moved = bot.get("/repos/octo/shop/pulls?state=all")
    assert moved.status_code == 301
    assert moved.headers["Location"].endswith(f"/repositories/{pr.repo.id}/pulls?state=all")
    assert bot.post(COMMENTS, {"body": "Hi"}).status_code == 307
    there = bot.send("GET", moved.headers["Location"])
    assert there.json()[0]["base"]["repo"]["full_name"] == "octo/store"
