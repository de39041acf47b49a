from typing import Any

import pytest

from tests.github_simulator import GitHub, PullRequest
from tests.github_simulator.bot import Bot

REVIEWS = "/repos/octo/shop/pulls/1/reviews"
COMMENTS = "/repos/octo/shop/pulls/1/comments"
GOOD = {"path": "shop.py", "line": 10, "body": "Why?"}


def _review(**fields: Any) -> dict[str, Any]:
    return {"event": "COMMENT", "comments": [GOOD], **fields}


def test_a_review_keeps_its_comments_in_threads(bot: Bot, pr: PullRequest) -> None:
    ranged = {"path": "shop.py", "line": 12, "start_line": 8, "side": "RIGHT", "body": "All this?"}

    review = bot.post(REVIEWS, _review(comments=[GOOD, ranged], body="Two things")).json()

    assert [(one.line, one.start_line) for one in pr.threads] == [(10, None), (12, 8)]
    assert bot.get(REVIEWS).json() == [review]
    listed = bot.get(f"{REVIEWS}/{review['id']}/comments").json()
    assert [one["pull_request_review_id"] for one in listed] == [review["id"]] * 2
    assert listed[0]["diff_hunk"].splitlines()[-1] == "+line 10!"


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        ({"path": "other.py", "line": 1}, "path is invalid"),
        ({"path": "shop.py", "line": 25}, "line must be part of the diff"),
        ({"path": "shop.py", "line": 60}, "line must be part of the diff"),
        ({"path": "old.txt", "line": 1, "side": "RIGHT"}, "line must be part of the diff"),
        ({"path": "shop.py", "line": 40, "start_line": 10}, "same hunk"),
        ({"path": "shop.py", "line": 10, "start_line": 10}, "precede the end line"),
        ({"path": "shop.py", "line": 9, "start_line": 10}, "precede the end line"),
        ({"path": "shop.py", "line": 10, "body": " "}, "blank"),
        ({"path": "shop.py", "line": 10, "body": "a" * 65_537}, "too long"),
    ],
)
def test_one_bad_comment_loses_the_whole_review(
    bot: Bot, pr: PullRequest, comment: dict[str, Any], message: str
) -> None:
    answer = bot.post(REVIEWS, _review(comments=[GOOD, {"body": "No", **comment}]))

    assert answer.status_code == 422
    assert answer.json()["message"] == "Unprocessable Entity"
    assert message in answer.json()["errors"][0]
    assert (pr.reviews.all, pr.threads) == ([], [])


def test_a_deleted_line_takes_a_comment_on_the_left(bot: Bot, pr: PullRequest) -> None:
    left = {"path": "old.txt", "line": 1, "side": "LEFT", "body": "Gone?"}

    assert bot.post(REVIEWS, _review(comments=[left])).status_code == 200

    assert (pr.threads[0].side, pr.threads[0].line) == ("LEFT", 1)


def test_a_comment_without_a_line_is_refused(bot: Bot, pr: PullRequest) -> None:
    nowhere = {"path": "shop.py", "body": "Here"}

    assert bot.post(REVIEWS, _review(comments=[nowhere])).status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        {"event": "COMMENT"},
        {"event": "COMMENT", "body": " "},
        {"event": "REQUEST_CHANGES", "comments": [GOOD]},
        {"event": "COMMENT", "body": "a" * 65_537},
    ],
)
def test_a_review_needs_something_to_say(bot: Bot, pr: PullRequest, body: dict[str, Any]) -> None:
    assert bot.post(REVIEWS, body).status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        {"event": "SHRUG", "body": "Hm"},
        {"event": "COMMENT", "body": 7},
        {"event": "COMMENT", "comments": [{**GOOD, "start_line": None}]},
        {"event": "COMMENT", "comments": [{**GOOD, "line": "10"}]},
        {"event": "COMMENT", "comments": {"path": "shop.py"}},
        {"event": "COMMENT", "comments": [{"path": "shop.py", "line": 10}]},
    ],
)
def test_fields_of_a_wrong_type_are_refused(rude: Bot, body: dict[str, Any]) -> None:
    answer = rude.post(REVIEWS, body)

    assert answer.status_code == 422
    assert answer.json()["message"].startswith("Invalid request.")


def test_a_review_is_of_a_commit_of_the_pull_request(bot: Bot, pr: PullRequest) -> None:
    old_head, base = pr.head_sha, pr.base_sha
    pr.force_push({"shop.py": "line 1\n"})

    assert bot.post(REVIEWS, _review(body="Hm", comments=[], commit_id=base)).status_code == 422
    assert bot.post(REVIEWS, _review(body="Hm", comments=[], commit_id=old_head)).status_code == 422
    assert bot.post(REVIEWS, _review(body="Hm", comments=[], commit_id=pr.head_sha)).ok


def test_lines_count_in_the_commit_that_was_named(bot: Bot, pr: PullRequest) -> None:
    first = pr.head_sha
    pr.push({"shop.py": "".join(f"line {n}\n" for n in range(1, 61))})

    assert bot.post(REVIEWS, _review()).status_code == 422
    assert bot.post(REVIEWS, _review(commit_id=first)).status_code == 200
    assert pr.threads[0].is_outdated


def test_there_is_one_pending_review_and_only_its_author_sees_it(
    github: GitHub, bot: Bot, pr: PullRequest
) -> None:
    pending = bot.post(REVIEWS, {"comments": [GOOD]}).json()

    assert pending["state"] == "PENDING"
    assert "submitted_at" not in pending
    assert pr.threads == []
    assert bot.post(REVIEWS, _review()).status_code == 422
    path = f"{REVIEWS}/{pending['id']}"
    assert bot.post(f"{path}/events", {"event": "COMMENT"}).json()["state"] == "COMMENTED"
    assert len(pr.threads) == 1
    assert bot.send("DELETE", path).status_code == 422


def test_a_pending_review_can_be_deleted(bot: Bot, pr: PullRequest) -> None:
    pending = bot.post(REVIEWS, {"comments": [GOOD]}).json()

    assert bot.send("DELETE", f"{REVIEWS}/{pending['id']}").status_code == 200

    assert bot.get(REVIEWS).json() == []


def test_a_locked_pull_request_takes_no_review_and_no_comment(bot: Bot, pr: PullRequest) -> None:
    pr.lock()

    assert bot.post(REVIEWS, _review()).json()["errors"] == ["lock prevents review"]
    assert bot.post("/repos/octo/shop/issues/1/comments", {"body": "Hi"}).status_code == 403


def test_a_closed_pull_request_still_takes_comments(bot: Bot, pr: PullRequest) -> None:
    pr.close()

    assert bot.post(REVIEWS, _review()).status_code == 200


def test_nobody_approves_their_own_pull_request(bot: Bot, github: GitHub) -> None:
    repo = github.repos[0]
    pr = repo.open_pull_request({"a.py": "a\n"}, author=github.apps[0].bot)

    answer = bot.post(f"/repos/octo/shop/pulls/{pr.number}/reviews", {"event": "APPROVE"})

    assert answer.status_code == 422


def test_a_thread_follows_its_line_and_ends_with_it(bot: Bot, pr: PullRequest) -> None:
    bot.post(REVIEWS, _review())
    shifted = "new\n" + "".join(f"line {n}{'!' if n in (10, 40) else ''}\n" for n in range(1, 61))

    pr.push({"shop.py": shifted})
    assert bot.get(COMMENTS).json()[0]["line"] == 11

    pr.push({"shop.py": shifted.replace("line 10!", "line ten")})
    comment = bot.get(COMMENTS).json()[0]
    assert (comment["line"], comment["position"], comment["original_line"]) == (None, None, 10)
    assert comment["commit_id"] == comment["original_commit_id"] != pr.head_sha


def test_replies_go_to_the_first_comment_of_a_thread(bot: Bot, pr: PullRequest) -> None:
    bot.post(REVIEWS, _review())
    first = pr.threads[0].comments[0]

    reply = bot.post(f"{COMMENTS}/{first.id}/replies", {"body": "Because"}).json()

    assert reply["in_reply_to_id"] == first.id
    assert bot.post(f"{COMMENTS}/{reply['id']}/replies", {"body": "No"}).status_code == 422
    assert bot.post(f"{COMMENTS}/77/replies", {"body": "No"}).status_code == 404


def test_a_single_comment_may_be_on_a_file(bot: Bot, pr: PullRequest) -> None:
    body = {"path": "new.py", "body": "Tests?", "commit_id": pr.head_sha, "subject_type": "file"}

    comment = bot.post(COMMENTS, body).json()

    assert (comment["subject_type"], comment["line"]) == ("file", None)
    assert bot.post(COMMENTS, {**body, "path": "none.py"}).status_code == 422
