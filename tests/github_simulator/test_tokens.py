import re

import pytest

from tests.github_simulator import GitHub, PullRequest
from tests.github_simulator.bot import Bot

PULL = "/repos/octo/shop/pulls/1"


def test_an_app_signs_in_with_its_key(bot: Bot) -> None:
    assert bot.send("GET", "/app", token=bot.assertion()).json()["slug"] == "pullwright"


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ({"exp": 1_700_000_000}, "must be a numeric value"),
        ({"exp": 9_999_999_999}, "too far in the future"),
        ({"iat": 9_999_999_999}, "'Issued at' claim"),
    ],
)
def test_an_assertion_with_bad_times_is_refused(
    bot: Bot, claims: dict[str, int], message: str
) -> None:
    answer = bot.send("GET", "/app", token=bot.assertion(**claims))

    assert (answer.status_code, message in answer.json()["message"]) == (401, True)


def test_an_assertion_of_somebody_else_is_refused(bot: Bot) -> None:
    assert bot.send("GET", "/app", token=bot.assertion(iss="1")).status_code == 404
    assert bot.send("GET", "/app", token=bot.assertion()[:-9] + "AAAAAAAAA").status_code == 401


def test_tokens_come_in_the_old_and_in_the_stateless_form(github: GitHub, bot: Bot) -> None:
    github.apps[0].token_form = "stateless"  # noqa: S105 a form, no secret

    fresh = bot.sign_in()

    assert re.fullmatch(r"ghs_[A-Za-z0-9]{36}", github.apps[0].minted[0].value)
    assert fresh.count(".") == 2
    assert 400 < len(fresh) < 600
    assert bot.get("/installation/repositories").status_code == 200


def test_a_token_dies_after_an_hour(github: GitHub, bot: Bot) -> None:
    github.clock.advance(minutes=59)
    assert bot.get("/repos/octo/shop").status_code == 200

    github.clock.advance(minutes=2)

    assert bot.get("/repos/octo/shop").json()["message"] == "Bad credentials"


def test_a_revoked_token_is_dead(bot: Bot) -> None:
    assert bot.send("DELETE", "/installation/token").status_code == 204

    assert bot.get("/repos/octo/shop").status_code == 401


def test_a_narrowed_token_does_not_see_other_private_repositories(github: GitHub, bot: Bot) -> None:
    github.repo("octo/secret", private=True)
    assert bot.get("/repos/octo/secret").status_code == 200

    bot.sign_in(repository_ids=[github.repos[0].id])

    assert bot.get("/repos/octo/secret").status_code == 404
    names = [one["name"] for one in bot.get("/installation/repositories").json()["repositories"]]
    assert names == ["shop"]


def test_a_token_cannot_be_narrowed_to_what_the_app_has_not(bot: Bot) -> None:
    path = f"/app/installations/{bot.app.installations[0].id}/access_tokens"
    for body in ({"repository_ids": [999]}, {"permissions": {"issues": "write"}}):
        assert bot.send("POST", path, body, token=bot.assertion()).status_code == 422


def test_a_permission_that_the_token_lacks_is_403_and_named(bot: Bot, pr: PullRequest) -> None:
    bot.sign_in({"pull_requests": "read"})

    answer = bot.post(f"{PULL}/reviews", {"event": "COMMENT", "body": "Hello"})

    assert answer.status_code == 403
    assert answer.json()["message"] == "Resource not accessible by integration"
    assert answer.headers["X-Accepted-GitHub-Permissions"] == "pull_requests=write"
    assert pr.reviews.all == []


def test_comments_of_a_pull_request_need_its_permission_and_not_that_of_issues(
    lenient: GitHub, rude: Bot
) -> None:
    rude.app.installations[0].permissions["issues"] = "write"
    rude.sign_in({"issues": "write"})
    assert rude.post("/repos/octo/shop/issues/1/comments", {"body": "Hi"}).status_code == 403

    lenient.repos[0].open_issue()

    assert rude.post("/repos/octo/shop/issues/2/comments", {"body": "Hi"}).status_code == 201


def test_no_credential_and_a_wrong_one_are_401(bot: Bot) -> None:
    assert bot.send("GET", "/repos/octo/shop", token="").status_code == 401
    assert bot.send("GET", "/repos/octo/shop", token="ghs_" + "a" * 36).status_code == 401


def test_the_app_itself_cannot_do_what_its_installation_can(bot: Bot, pr: PullRequest) -> None:
    assert bot.send("GET", PULL, token=bot.assertion()).status_code == 403
    assert bot.get("/app").status_code == 401


def test_a_suspended_installation_can_do_nothing(github: GitHub, bot: Bot) -> None:
    github.suspend(github.apps[0].installations[0])

    assert bot.get("/repos/octo/shop").json()["message"] == "This installation has been suspended"


def test_an_uninstalled_app_is_gone(github: GitHub, bot: Bot) -> None:
    installation = github.apps[0].installations[0]

    github.uninstall(installation)

    assert bot.get("/repos/octo/shop").status_code == 401
    path = f"/app/installations/{installation.id}"
    assert bot.send("GET", path, token=bot.assertion()).status_code == 404


def test_a_manifest_is_exchanged_for_a_key_once(github: GitHub, bot: Bot) -> None:
    github.manifests["code"] = github.apps[0]

    made = bot.send("POST", "/app-manifests/code/conversions", token="").json()

    assert made["pem"] == github.apps[0].private_key_pem
    assert bot.send("POST", "/app-manifests/code/conversions", token="").status_code == 404
