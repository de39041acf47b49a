import threading
import time
from pathlib import Path
from typing import Any

import github as pygithub
import pytest

from tests.github_simulator import GitHub, PullRequest, simulator
from tests.github_simulator.bot import Bot
from tests.github_simulator.contract import OPENAPI


def test_it_starts_at_once_and_leaves_no_thread(tmp_path: Path) -> None:
    before = threading.active_count()
    started = time.process_time()

    with simulator(tmp_path) as github:
        bot = Bot(github, github.app())
        assert time.process_time() - started < 0.5
        bot.session.get(f"{github.api_url}/app", timeout=5)  # leaves its connection open

    assert threading.active_count() == before
    bot.session.close()


def test_two_simulators_know_nothing_of_each_other(tmp_path: Path) -> None:
    with simulator(tmp_path / "1") as one, simulator(tmp_path / "2") as other:
        one.app()
        one.repo("octo/shop")

        assert one.url != other.url
        assert other.repos == []


def test_the_log_names_the_token_and_never_shows_it(
    github: GitHub, bot: Bot, pr: PullRequest
) -> None:
    bot.post("/repos/octo/shop/issues/1/comments", {"body": "Hi"})

    minted, posted = github.log
    assert (minted.credential, posted.credential) == ("app", "token 1")
    assert posted.json == {"body": "Hi"}
    assert (posted.status, posted.answer["body"]) == (201, "Hi")
    assert bot.token not in repr(github.log)
    assert "authorization" not in posted.headers
    assert github.writes == [posted]


needs_contract = pytest.mark.skipif(
    not OPENAPI.is_file(), reason="PULLWRIGHT_CONTRACT_DATA has no OpenAPI description"
)


@needs_contract
def test_a_field_that_github_does_not_know_fails_the_test_at_its_end(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="colour"):
        _comment_in_colour(tmp_path)


def _comment_in_colour(folder: Path) -> None:
    with simulator(folder) as github:
        github.app()
        pr = github.repo("octo/shop").open_pull_request({"a.py": "a\n"})
        bot = Bot(github, github.apps[0])
        bot.sign_in()
        path = f"/repos/octo/shop/issues/{pr.number}/comments"
        assert bot.post(path, {"body": "Hi", "colour": "red"}).status_code == 201
        bot.session.close()


@needs_contract
def test_an_unknown_query_parameter_and_an_unknown_path_are_violations(tmp_path: Path) -> None:
    with simulator(tmp_path) as github:
        github.app()
        github.repo("octo/shop")
        bot = Bot(github, github.apps[0])
        bot.sign_in()
        bot.get("/repos/octo/shop/pulls?stat=open")
        bot.get("/repos/octo/shop/stargazers")
        bot.session.close()

        assert len(github.contract.violations) == 2
        github.contract.violations.clear()


@needs_contract
def test_every_exchange_is_checked(github: GitHub, bot: Bot, pr: PullRequest) -> None:
    bot.get("/repos/octo/shop/pulls/1")

    assert github.contract.checked == len(github.log) == 2


def test_pygithub_understands_what_it_gets(github: GitHub, bot: Bot, pr: PullRequest) -> None:
    client = pygithub.Github(
        auth=pygithub.Auth.Token(bot.token), base_url=github.api_url, retry=None,
        seconds_between_requests=0, seconds_between_writes=0,
    )  # fmt: skip
    repo = client.get_repo("octo/shop")
    pull = repo.get_pull(1)
    place: Any = {"path": "shop.py", "line": 10, "side": "RIGHT", "body": "Why?"}

    review = pull.create_review(body="Look", event="COMMENT", comments=[place])
    run = repo.create_check_run("review", pull.head.sha, status="in_progress")
    run.edit(conclusion="neutral", output={"title": "Done", "summary": "Fine"})

    assert (pull.head.sha, pull.user.login, pull.mergeable) == (pr.head_sha, "ada", True)
    assert [one.filename for one in pull.get_files()] == ["new.py", "old.txt", "shop.py"]
    assert [one.line for one in pull.get_review_comments()] == [10]
    assert review.user.login == "pullwright[bot]"
    assert repo.get_collaborator_permission("ada") == "read"
    assert pr.repo.check_runs[0].conclusion == "neutral"
    client.close()


@pytest.mark.parametrize(
    ("role", "permission"),
    [("admin", "admin"), ("maintain", "write"), ("write", "write"), ("triage", "read")],
)
def test_a_role_gives_a_permission(github: GitHub, bot: Bot, role: str, permission: str) -> None:
    github.repos[0].collaborator("ada", role)

    found = bot.get("/repos/octo/shop/collaborators/ada/permission").json()

    assert (found["permission"], found["role_name"]) == (permission, role)


def test_a_stranger_reads_what_is_public_and_nothing_else(github: GitHub, bot: Bot) -> None:
    github.user("eve")
    github.repo("octo/secret", private=True)

    path = "/repos/octo/{}/collaborators/{}/permission"
    assert bot.get(path.format("shop", "eve")).json()["permission"] == "read"
    assert bot.get(path.format("secret", "eve")).json()["permission"] == "none"
    assert bot.get(path.format("shop", "nobody")).status_code == 404
