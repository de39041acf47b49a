import base64
from typing import Any

import pytest

from tests.github_simulator import GitHub, PullRequest
from tests.github_simulator.bot import Bot
from tests.situations import Program

COMMIT = """
mutation($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid signature { isValid } } ref { name } }
}"""
THREADS = """
query($number: Int!, $size: Int, $after: String) {
  repository(owner: "octo", name: "shop") {
    pullRequest(number: $number) {
      reviewThreads(first: $size, after: $after) {
        nodes {
          id isResolved isOutdated path line
          comments(first: 1) { nodes { databaseId body author { login } } }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}"""
RESOLVE = """
mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { isResolved } } }"""


def _input(pr: PullRequest, **fields: Any) -> dict[str, Any]:
    additions = [{"path": "shop.py", "contents": base64.b64encode(b"fixed\n").decode()}]
    return {
        "branch": {"repositoryNameWithOwner": "octo/shop", "branchName": pr.head_ref},
        "expectedHeadOid": pr.head_sha,
        "fileChanges": {"additions": additions},
        "message": {"headline": "Fix it", "body": "Pullwright-Run: 7"},
        **fields,
    }


def test_a_commit_is_a_signed_commit_of_the_bot_in_real_git(
    github: GitHub, bot: Bot, pr: PullRequest
) -> None:
    old = pr.head_sha

    made = bot.graphql(COMMIT, input=_input(pr))["data"]["createCommitOnBranch"]

    commit = github.repos[0].store.commit(made["commit"]["oid"])
    assert commit is not None
    assert commit.message == "Fix it\n\nPullwright-Run: 7"
    assert (commit.parents, commit.author.name) == ((old,), "pullwright[bot]")
    assert github.repos[0].store.read(commit.sha, "shop.py") == b"fixed\n"
    assert made["commit"]["signature"] == {"isValid": True}
    shown = bot.get(f"/repos/octo/shop/commits/{commit.sha}").json()
    assert shown["commit"]["verification"]["verified"] is True
    assert shown["committer"]["login"] == "web-flow"


def test_a_commit_moves_the_pull_request_and_tells_the_app(
    github: GitHub, bot: Bot, pr: PullRequest
) -> None:
    made = bot.graphql(COMMIT, input=_input(pr))["data"]["createCommitOnBranch"]

    assert pr.head_sha == made["commit"]["oid"]
    last = github.webhooks.all[-1]
    assert (last.event, last.action) == ("pull_request", "synchronize")
    assert last.payload["sender"]["login"] == "pullwright[bot]"


def test_a_head_that_moved_is_not_overwritten(bot: Bot, pr: PullRequest) -> None:
    stale = _input(pr)
    moved = pr.push({"shop.py": "theirs\n"})

    answer = bot.graphql(COMMIT, input=stale)

    assert answer["data"] == {"createCommitOnBranch": None}
    assert answer["errors"][0]["type"] == "STALE_DATA"
    assert answer["errors"][0]["path"] == ["createCommitOnBranch"]
    expected = f'Expected branch to point to "{stale["expectedHeadOid"]}" but it did not.'
    assert answer["errors"][0]["message"].startswith(expected)
    assert pr.head_sha == moved


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"additions": [{"path": ".github/workflows/ci.yml", "contents": ""}]}, "FORBIDDEN"),
        ({"additions": [{"path": "../up", "contents": ""}]}, "UNPROCESSABLE"),
        ({"additions": [{"path": "a/.git/config", "contents": ""}]}, "UNPROCESSABLE"),
        ({"additions": [{"path": "a", "contents": "%"}]}, "UNPROCESSABLE"),
        ({"deletions": [{"path": "none.py"}]}, "UNPROCESSABLE"),
    ],
)
def test_a_change_that_github_refuses_commits_nothing(
    bot: Bot, pr: PullRequest, changes: dict[str, Any], kind: str
) -> None:
    head = pr.head_sha

    answer = bot.graphql(COMMIT, input=_input(pr, fileChanges=changes))

    assert answer["errors"][0]["type"] == kind
    assert pr.head_sha == head


def test_a_commit_needs_contents_write_and_its_own_repository(
    github: GitHub, bot: Bot, pr: PullRequest
) -> None:
    fork = github.repos[0].open_pull_request({"a": "a\n"}, author="eve", fork=True)
    branch = {"repositoryNameWithOwner": "eve/shop", "branchName": fork.head_ref}
    there = _input(fork, branch=branch)
    assert bot.graphql(COMMIT, input=there)["errors"][0]["type"] == "FORBIDDEN"

    bot.sign_in({"contents": "read", "pull_requests": "write"})

    assert bot.graphql(COMMIT, input=_input(pr))["errors"][0]["type"] == "FORBIDDEN"


def test_a_protected_branch_takes_no_commit(github: GitHub, bot: Bot, pr: PullRequest) -> None:
    github.repos[0].protected.add(pr.head_ref)

    assert "Protected branch" in bot.graphql(COMMIT, input=_input(pr))["errors"][0]["message"]


def test_an_executable_file_stays_one(github: GitHub, bot: Bot) -> None:
    repo = github.repos[0]
    pr = repo.open_pull_request({"run.sh": Program(b"echo 1\n")})
    additions = [{"path": "run.sh", "contents": base64.b64encode(b"echo 2\n").decode()}]

    bot.graphql(COMMIT, input=_input(pr, fileChanges={"additions": additions}))

    assert repo.store.entries(pr.head_sha)["run.sh"][0] == "100755"


def test_threads_are_listed_in_pages(github: GitHub, bot: Bot, pr: PullRequest) -> None:
    ada = github.user("ada")
    for line in (10, 40):
        ada.review_comment(pr, "Why?", path="shop.py", line=line)

    first = bot.graphql(THREADS, number=1, size=1)
    page = first["data"]["repository"]["pullRequest"]["reviewThreads"]
    after = page["pageInfo"]["endCursor"]
    second = bot.graphql(THREADS, number=1, size=1, after=after)

    nodes = second["data"]["repository"]["pullRequest"]["reviewThreads"]["nodes"]
    assert (page["pageInfo"]["hasNextPage"], nodes[0]["line"]) == (True, 40)
    assert nodes[0]["comments"]["nodes"][0]["author"] == {"login": "ada"}


def test_a_list_has_to_say_how_much_it_wants(bot: Bot, pr: PullRequest) -> None:
    kinds = [bot.graphql(THREADS, number=1, size=size)["errors"][0]["type"] for size in (None, 101)]

    assert kinds == ["MISSING_PAGINATION_BOUNDARIES", "EXCESSIVE_PAGINATION"]


def test_a_request_for_half_a_million_nodes_is_refused_before_it_runs(
    bot: Bot, pr: PullRequest
) -> None:
    query = """query($most: Int!) { repository(owner: "octo", name: "shop") {
      pullRequests(first: 100) { nodes { reviewThreads(first: 100) { nodes {
        comments(first: $most) { nodes { id } } } } } } } }"""

    sizes = [bot.graphql(query, most=most) for most in (48, 49)]

    assert "errors" not in sizes[0]
    (error,) = sizes[1]["errors"]
    assert error["type"] == "MAX_NODE_LIMIT_EXCEEDED"
    assert "up to 500,100 possible nodes" in error["message"]


def test_a_person_who_left_github_wrote_nothing_by_name(
    github: GitHub, bot: Bot, pr: PullRequest
) -> None:
    ada = github.user("ada")
    ada.review_comment(pr, "Why?", path="shop.py", line=10)
    ada.delete_account()

    found = bot.graphql(THREADS, number=1, size=5)["data"]["repository"]["pullRequest"]

    assert found["reviewThreads"]["nodes"][0]["comments"]["nodes"][0]["author"] is None
    assert bot.get("/repos/octo/shop/pulls/1/comments").json()[0]["user"]["login"] == "ghost"


def test_a_bot_has_no_suffix_in_graphql(bot: Bot, pr: PullRequest) -> None:
    comment = {"path": "shop.py", "line": 10, "body": "Why?"}
    bot.post("/repos/octo/shop/pulls/1/reviews", {"event": "COMMENT", "comments": [comment]})

    found = bot.graphql(THREADS, number=1, size=5)["data"]["repository"]["pullRequest"]

    node = found["reviewThreads"]["nodes"][0]
    assert node["comments"]["nodes"][0]["author"] == {"login": "pullwright"}
    assert bot.get("/repos/octo/shop/pulls/1/comments").json()[0]["user"]["login"] == (
        "pullwright[bot]"
    )


def test_resolving_a_thread_needs_contents_write(github: GitHub, bot: Bot, pr: PullRequest) -> None:
    thread = github.user("ada").review_comment(pr, "Why?", path="shop.py", line=10).thread
    bot.sign_in({"pull_requests": "write", "contents": "read"})
    assert bot.graphql(RESOLVE, id=thread.node_id)["errors"][0]["type"] == "FORBIDDEN"

    bot.sign_in({"pull_requests": "write", "contents": "write"})

    assert bot.graphql(RESOLVE, id=thread.node_id)["data"]["resolveReviewThread"]
    assert thread.is_resolved
    assert github.webhooks.all[-1].action == "resolved"
    assert bot.graphql(RESOLVE, id="PRRT_0")["errors"][0]["type"] == "NOT_FOUND"


def test_a_comment_can_be_hidden(github: GitHub, bot: Bot, pr: PullRequest) -> None:
    comment = github.user("ada").comment(pr, "Noise")
    hide = """mutation($id: ID!) {
      minimizeComment(input: {subjectId: $id, classifier: OUTDATED}) {
        minimizedComment { isMinimized }
      }
    }"""

    assert "errors" not in bot.graphql(hide, id=comment.node_id)

    assert comment.minimized == "OUTDATED"


def test_a_field_that_github_has_not_is_an_error(bot: Bot, pr: PullRequest) -> None:
    answer = bot.graphql("{ viewer { login shoeSize } }")

    assert "data" not in answer
    assert "shoeSize" in answer["errors"][0]["message"]


def test_graphql_is_for_tokens_only(bot: Bot) -> None:
    url = bot.github.graphql_url
    body = {"query": "{ viewer { login } }"}

    assert bot.send("POST", url, body, token=bot.assertion()).status_code == 403
    assert bot.send("POST", url, body).json()["data"]["viewer"]["login"] == "pullwright[bot]"
