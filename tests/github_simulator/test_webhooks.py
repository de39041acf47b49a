import uuid
from collections.abc import Callable, Iterator

import pytest

from tests.github_simulator import DraftComment, GitHub, PullRequest
from tests.github_simulator.bot import Bot
from tests.github_simulator.conftest import HEAD
from tests.github_simulator.deliveries import signature
from tests.github_simulator.receiver import Receiver, receiving


@pytest.fixture
def receiver(github: GitHub, pr: PullRequest) -> Iterator[Receiver]:
    """Listens from after the pull request was opened."""
    with receiving() as receiver:
        github.webhook_url = receiver.url
        yield receiver
        github.webhooks.settle()


def test_signatures_are_those_of_the_documentation() -> None:
    assert signature("It's a Secret to Everybody", b"Hello, World!") == (
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    )


def test_a_delivery_is_signed_and_was_answered_when_the_act_returns(
    github: GitHub, receiver: Receiver, pr: PullRequest
) -> None:
    github.user("ada").comment(pr, "/agent fix")

    request = receiver.requests[-1]
    assert receiver.events == [("issue_comment", "created")]
    assert receiver.is_signed(request, github.apps[0].webhook_secret)
    guid = request.headers["x-github-delivery"]
    assert str(uuid.UUID(guid)) == guid
    payload = receiver.payload(request)
    assert payload["installation"]["id"] == github.apps[0].installations[0].id
    assert payload["issue"]["pull_request"]["url"].endswith("/repos/octo/shop/pulls/1")
    assert (github.webhooks.all[-1].status_code, github.webhooks.all[-1].status) == (202, "OK")


def test_each_act_sends_what_github_sends(
    github: GitHub, receiver: Receiver, pr: PullRequest
) -> None:
    acts: dict[str, Callable[[], object]] = {
        "synchronize": lambda: pr.push({"a.py": "a\n"}),
        "edited": lambda: pr.edit_title("Better"),
        "converted_to_draft": pr.convert_to_draft,
        "ready_for_review": pr.mark_ready,
        "locked": pr.lock,
        "unlocked": lambda: pr.lock(is_locked=False),
        "labeled": lambda: github.user("ada").label(pr, "bug"),
        "unlabeled": lambda: github.user("ada").label(pr, "bug", remove=True),
        "closed": pr.close,
        "reopened": pr.reopen,
    }
    for action, act in acts.items():
        act()
        assert receiver.events[-1] == ("pull_request", action)

    assert ("push", None) in receiver.events


def test_a_force_push_and_a_rebase_move_the_head(
    github: GitHub, receiver: Receiver, pr: PullRequest
) -> None:
    repo = github.repos[0]
    repo.push("main", {"base.txt": "moved\n"})
    old = pr.head_sha

    new = pr.rebase()

    pushes = [one.payload for one in github.webhooks.all if one.event == "push"]
    assert (pushes[-1]["before"], pushes[-1]["after"], pushes[-1]["forced"]) == (old, new, True)
    assert repo.store.between(repo.head(), new) == [new]
    assert {file.path for file in pr.files} == set(HEAD)
    assert pr.force_push({"shop.py": "x\n"}) == pr.head_sha
    assert [file.path for file in pr.files] == ["shop.py"]


def test_a_merge_closes_the_pull_request_and_pushes_the_base(
    github: GitHub, receiver: Receiver, pr: PullRequest
) -> None:
    sha = pr.merge()

    assert github.repos[0].head("main") == sha
    payload = github.webhooks.all[-1].payload
    assert (payload["action"], payload["pull_request"]["merged"]) == ("closed", True)


def test_what_is_pushed_while_closed_shows_when_reopened(
    receiver: Receiver, pr: PullRequest
) -> None:
    pr.close()
    before = pr.head_sha
    new = pr.push({"late.py": "x\n"})
    assert pr.head_sha == before

    pr.reopen()

    assert pr.head_sha == new
    assert ("pull_request", "synchronize") not in receiver.events


def test_a_review_sends_itself_and_each_of_its_comments(
    github: GitHub, receiver: Receiver, pr: PullRequest
) -> None:
    ada = github.user("ada")
    drafts = (DraftComment("shop.py", "One", 10), DraftComment("shop.py", "Two", 40))

    review = ada.review(pr, "Look", comments=drafts)
    ada.reply(review.comments[0], "/agent fix")
    ada.resolve(review.comments[0].thread)

    assert receiver.events == [
        ("pull_request_review", "submitted"),
        ("pull_request_review_comment", "created"),
        ("pull_request_review_comment", "created"),
        ("pull_request_review", "submitted"),
        ("pull_request_review_comment", "created"),
        ("pull_request_review_thread", "resolved"),
    ]
    reply = receiver.payload(receiver.requests[4])["comment"]
    assert reply["in_reply_to_id"] == review.comments[0].id


def test_a_button_names_itself(
    github: GitHub, receiver: Receiver, bot: Bot, pr: PullRequest
) -> None:
    button = {"label": "Fix", "description": "Fix it", "identifier": "fix"}
    body = {"name": "review", "head_sha": pr.head_sha, "actions": [button]}
    bot.post("/repos/octo/shop/check-runs", {**body, "conclusion": "neutral"})
    run = github.repos[0].check_runs[-1]

    github.user("ada").press_button(run, "fix")
    github.user("ada").rerun(run)
    github.user("ada").rerun_all(run.suite)

    assert receiver.events[-3:] == [
        ("check_run", "requested_action"),
        ("check_run", "rerequested"),
        ("check_suite", "rerequested"),
    ]
    payload = receiver.payload(receiver.requests[-3])
    assert payload["requested_action"] == {"identifier": "fix"}
    with pytest.raises(AssertionError, match="no button"):
        github.user("ada").press_button(run, "burn")


def test_a_merge_queue_wants_checks_of_a_head_with_all_changes(
    github: GitHub, receiver: Receiver, pr: PullRequest
) -> None:
    other = github.repos[0].open_pull_request({"b.py": "b\n"})

    head = github.repos[0].merge_queue([pr, other])

    group = receiver.payload(receiver.requests[-1])["merge_group"]
    assert (receiver.events[-1], group["head_sha"]) == (("merge_group", "checks_requested"), head)
    assert group["head_ref"].startswith(f"refs/heads/gh-readonly-queue/main/pr-{other.number}-")
    assert {"b.py", "new.py"} <= set(github.repos[0].store.files(head))


def test_a_deleted_fork_leaves_a_pull_request_without_a_head_repository(
    github: GitHub, receiver: Receiver, bot: Bot
) -> None:
    pr = github.repos[0].open_pull_request({"a.py": "a\n"}, author="eve", fork=True)
    assert pr.is_fork

    pr.delete_fork()

    shown = bot.get(f"/repos/octo/shop/pulls/{pr.number}").json()
    assert (shown["head"]["repo"], shown["state"]) == (None, "open")


def test_deliveries_can_wait_be_reordered_and_be_repeated(
    github: GitHub, receiver: Receiver, pr: PullRequest
) -> None:
    github.webhooks.is_queued = True
    ada = github.user("ada")
    ada.comment(pr, "One")
    ada.comment(pr, "Two")
    assert receiver.requests == []

    github.webhooks.waiting.reverse()
    github.webhooks.deliver()

    bodies = [receiver.payload(one)["comment"]["body"] for one in receiver.requests]
    assert bodies == ["Two", "One"]
    assert github.webhooks.repeat(github.webhooks.all[-1]) == 202
    guids = [one.headers["x-github-delivery"] for one in receiver.requests]
    assert guids[2] == guids[0]


def test_a_missed_delivery_is_found_and_sent_again_under_its_guid(
    github: GitHub, receiver: Receiver, bot: Bot, pr: PullRequest
) -> None:
    github.webhooks.is_down = True
    github.user("ada").comment(pr, "/agent fix")
    github.webhooks.is_down = False
    receiver.status = 503
    github.user("ada").comment(pr, "/agent fix")
    receiver.status = 202
    token = bot.assertion()

    failed = bot.send("GET", "/app/hook/deliveries?status=failure", token=token).json()
    path = f"/app/hook/deliveries/{failed[-1]['id']}"
    assert bot.send("POST", f"{path}/attempts", token=token).status_code == 202
    github.webhooks.settle()

    assert [one["status"] for one in failed] == [
        "Invalid HTTP Response: 503",
        "failed to connect to host",
    ]
    assert receiver.requests[-1].headers["x-github-delivery"] == failed[-1]["guid"]
    again = bot.send("GET", "/app/hook/deliveries", token=token).json()[0]
    assert (again["redelivery"], again["guid"]) == (True, failed[-1]["guid"])
    assert bot.send("GET", path, token=token).json()["request"]["payload"]["action"] == "created"


def test_deliveries_are_listed_with_a_cursor(
    github: GitHub, receiver: Receiver, bot: Bot, pr: PullRequest
) -> None:
    for number in range(5):
        github.user("ada").comment(pr, f"{number}")
    token = bot.assertion()

    first = bot.send("GET", "/app/hook/deliveries?per_page=3", token=token)
    second = bot.send("GET", first.links["next"]["url"], token=token)

    assert (len(first.json()), len(second.json())) == (3, 2)
    assert "next" not in second.links


def test_a_lost_delivery_leaves_no_trace(
    github: GitHub, receiver: Receiver, pr: PullRequest
) -> None:
    github.webhooks.losses = 1
    before = len(github.webhooks.all)

    github.user("ada").comment(pr, "/agent fix")

    assert (receiver.requests, len(github.webhooks.all)) == ([], before)


def test_an_app_hears_only_what_it_subscribed_to(github: GitHub, pr: PullRequest) -> None:
    github.apps[0].events = ("push",)
    before = len(github.webhooks.all)

    github.user("ada").comment(pr, "Hello")
    pr.push({"a.py": "a\n"})

    events = [one.event for one in github.webhooks.all[before:]]
    assert events == ["push", "check_suite"]


def test_the_receiver_may_ask_github_while_it_answers(
    github: GitHub, bot: Bot, pr: PullRequest
) -> None:
    with receiving() as receiver:
        take = receiver.respond

        def ask_back(request: object) -> object:
            assert bot.get("/repos/octo/shop").status_code == 200
            return take(request)  # type: ignore[arg-type] # the server only sends requests

        receiver.respond = ask_back  # type: ignore[assignment,method-assign] # a receiver that asks
        github.webhook_url = receiver.url
        github.repo("octo/other")
        github.user("ada").comment(pr, "Hello")

    assert {one.status_code for one in github.webhooks.all[-2:]} == {202}
