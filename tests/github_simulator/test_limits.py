import time
from concurrent.futures import ThreadPoolExecutor

from tests.github_simulator import GitHub, PullRequest
from tests.github_simulator.bot import Bot

REPO = "/repos/octo/shop"
COMMENTS = "/repos/octo/shop/issues/1/comments"


def test_every_answer_says_what_is_left(bot: Bot) -> None:
    before, after = (int(bot.get(REPO).headers["X-RateLimit-Remaining"]) for _ in range(2))

    assert after == before - 1
    assert bot.get("/rate_limit").json()["rate"]["remaining"] == after
    assert bot.get("/rate_limit").json()["rate"]["remaining"] == after


def test_nothing_is_left_after_the_last_request_of_the_hour(github: GitHub, bot: Bot) -> None:
    github.limits.per_hour = 2
    answers = [bot.get(REPO).status_code for _ in range(3)]

    assert answers == [200, 200, 403]
    refused = bot.get(REPO)
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert "API rate limit exceeded" in refused.json()["message"]
    github.clock.advance(minutes=59)
    assert bot.get(REPO).status_code == 403
    github.clock.advance(minutes=1, seconds=1)
    bot.sign_in()
    assert bot.get(REPO).status_code == 200


def test_an_unchanged_answer_costs_nothing(bot: Bot, pr: PullRequest) -> None:
    first = bot.get(f"{REPO}/pulls/1")
    again = bot.send("GET", f"{REPO}/pulls/1", headers={"If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    remaining = "X-RateLimit-Remaining"
    assert int(bot.get(REPO).headers[remaining]) == int(first.headers[remaining]) - 1
    pr.push({"a.py": "a\n"})
    changed = bot.send("GET", f"{REPO}/pulls/1", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


def test_an_etag_is_of_no_use_to_another_token(bot: Bot) -> None:
    first = bot.get(REPO)
    bot.sign_in()

    again = bot.send("GET", REPO, headers={"If-None-Match": first.headers["ETag"]})

    assert again.status_code == 200


def test_too_many_writes_in_a_minute_are_refused(github: GitHub, bot: Bot, pr: PullRequest) -> None:
    github.limits.writes_per_minute = 2
    answers = [bot.post(COMMENTS, {"body": "Hi"}) for _ in range(3)]

    assert [one.status_code for one in answers] == [201, 201, 403]
    assert answers[-1].headers["Retry-After"] == "60"
    assert bot.get(COMMENTS).status_code == 200
    github.clock.advance(seconds=61)
    assert bot.post(COMMENTS, {"body": "Hi"}).status_code == 201


def test_too_many_writes_in_an_hour_are_refused(github: GitHub, bot: Bot, pr: PullRequest) -> None:
    github.limits.writes_per_hour = 2
    for _ in range(2):
        bot.post(COMMENTS, {"body": "Hi"})
        github.clock.advance(minutes=2)

    assert bot.post(COMMENTS, {"body": "Hi"}).status_code == 403


def test_writes_that_follow_too_fast_are_recorded(
    github: GitHub, bot: Bot, pr: PullRequest
) -> None:
    github.limits.min_write_gap_s = 1.0
    for _ in range(2):
        bot.post(COMMENTS, {"body": "Hi"})
        bot.get(COMMENTS)

    assert len(github.limits.violations) == 1
    assert "s after the last write" in github.limits.violations[0]


def test_writes_side_by_side_are_recorded(github: GitHub, bot: Bot, pr: PullRequest) -> None:
    github.limits.min_write_gap_s = 0.0

    with ThreadPoolExecutor(2) as pool:
        with github.lock:
            sent = [pool.submit(bot.post, COMMENTS, {"body": "Hi"}) for _ in range(2)]
            while not github.limits.violations:
                time.sleep(0.005)
        assert [one.result().status_code for one in sent] == [201, 201]

    assert "began beside" in github.limits.violations[0]
