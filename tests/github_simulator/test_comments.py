from tests.github_simulator import GitHub, PullRequest
from tests.github_simulator.bot import Bot

COMMENTS = "/repos/octo/shop/issues/1/comments"


def _comment(number: int | str) -> str:
    return f"/repos/octo/shop/issues/comments/{number}"


def test_a_comment_is_created_edited_and_deleted(bot: Bot, pr: PullRequest) -> None:
    made = bot.post(COMMENTS, {"body": "Hello"}).json()
    assert bot.patch(_comment(made["id"]), {"body": "Hello again"}).json()["body"] == "Hello again"
    assert [one.body for one in pr.comments] == ["Hello again"]

    assert bot.send("DELETE", _comment(made["id"])).status_code == 204

    assert bot.get(_comment(made["id"])).status_code == 404


def test_a_comment_holds_65536_characters_and_no_more(bot: Bot, pr: PullRequest) -> None:
    assert bot.post(COMMENTS, {"body": "ä" * 65_536}).status_code == 201

    refused = bot.post(COMMENTS, {"body": "ä" * 65_537})

    assert refused.status_code == 422
    assert (
        refused.json()["errors"][0]["message"] == "body is too long (maximum is 65536 characters)"
    )
    assert bot.post(COMMENTS, {"body": " "}).status_code == 422


def test_the_comments_of_others_are_not_ours_to_edit(
    github: GitHub, bot: Bot, pr: PullRequest
) -> None:
    theirs = github.user("ada").comment(pr, "Mine")

    assert bot.patch(_comment(theirs.id), {"body": "Yours"}).status_code == 403
    assert theirs.body == "Mine"


def test_a_reaction_is_there_once(github: GitHub, bot: Bot, pr: PullRequest) -> None:
    comment = github.user("ada").comment(pr, "/agent fix")
    path = f"{_comment(comment.id)}/reactions"

    answers = [bot.post(path, {"content": "eyes"}).status_code for _ in range(2)]

    assert answers == [201, 200]
    assert [one.content for one in comment.reactions] == ["eyes"]
    reaction = bot.get(path).json()[0]
    assert bot.send("DELETE", f"{path}/{reaction['id']}").status_code == 204
    assert comment.reactions == []


def test_only_eight_reactions_exist(rude: Bot, lenient: GitHub) -> None:
    comment = lenient.user("ada").comment(lenient.repos[0].pull_requests[0], "Hm")

    answer = rude.post(f"{_comment(comment.id)}/reactions", {"content": "shrug"})

    assert answer.status_code == 422


def test_unknown_fields_are_ignored_and_wrong_types_are_not(rude: Bot) -> None:
    assert rude.post(COMMENTS, {"body": "Hi", "colour": "red"}).status_code == 201
    assert rude.post(COMMENTS, {"body": ["Hi"]}).status_code == 422
    assert rude.post(COMMENTS, {}).status_code == 422
    assert rude.post(COMMENTS, ["Hi"]).status_code == 422


def test_a_body_that_is_no_json_is_400(rude: Bot) -> None:
    url = f"{rude.github.api_url}{COMMENTS}"
    headers = {"Authorization": f"Bearer {rude.token}"}

    answer = rude.session.post(url, data=b"{", headers=headers, timeout=5)

    assert (answer.status_code, answer.json()["message"]) == (400, "Problems parsing JSON")


def test_comments_come_in_pages_with_links(github: GitHub, bot: Bot, pr: PullRequest) -> None:
    ada = github.user("ada")
    for number in range(7):
        ada.comment(pr, f"{number}")

    first = bot.get(f"{COMMENTS}?per_page=3")
    second = bot.send("GET", first.links["next"]["url"])

    assert [one["body"] for one in second.json()] == ["3", "4", "5"]
    assert set(second.links) == {"prev", "next", "last", "first"}
    assert "next" not in bot.send("GET", first.links["last"]["url"]).links


def test_labels_are_put_on_and_taken_off(bot: Bot, pr: PullRequest) -> None:
    path = "/repos/octo/shop/issues/1/labels"

    assert [one["name"] for one in bot.post(path, {"labels": ["bug"]}).json()] == ["bug"]
    assert bot.send("DELETE", f"{path}/bug").json() == []
    assert bot.send("DELETE", f"{path}/bug").status_code == 404


def test_an_issue_is_no_pull_request(github: GitHub, bot: Bot, pr: PullRequest) -> None:
    issue = github.repos[0].open_issue()

    assert bot.get(f"/repos/octo/shop/pulls/{issue.number}").status_code == 404
    assert "pull_request" in bot.get("/repos/octo/shop/issues/1").json()
