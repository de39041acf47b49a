"""Payloads against GitHub's own examples: no key may be missing."""

import gzip
import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest

from tests.github_simulator import DraftComment, GitHub, simulator
from tests.github_simulator.bot import Bot
from tests.github_simulator.conftest import BASE, HEAD
from tests.github_simulator.contract import HOOK_EXAMPLES

OPTIONAL = {
    # Only where an organisation, a milestone, a deployment or a user's name is involved.
    "organization", "milestone", "deployment", "username",
    # Examples of some years have them and newer ones have not.
    "master_branch", "stargazers",
    # What other Apps were given.
    "permissions",
}  # fmt: skip
NOT_SENT = {
    "assigned", "unassigned", "review_requested", "review_request_removed", "removed",
    "new_permissions_accepted",
}  # fmt: skip
"""Acts that nobody performs here, because the bot heeds none of them."""


@cache
def _examples() -> Mapping[str, Any]:
    if not HOOK_EXAMPLES.is_file():
        return {}
    found: Mapping[str, Any] = json.loads(gzip.decompress(HOOK_EXAMPLES.read_bytes()))
    return found


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, str], Any]]:
    """One payload of ours by event and action, of a life that has everything."""
    with simulator(tmp_path_factory.mktemp("hooks")) as github:
        _live(github)
        found = {(one.event, one.action or ""): one.payload for one in github.webhooks.all}
        yield found


def _live(github: GitHub) -> None:
    app = github.app()
    repo = github.repo("octo/shop", base=BASE)
    ada = repo.collaborator("ada", "write")
    pr = repo.open_pull_request(HEAD, author=ada)
    ada.label(pr, "bug")
    for act in (pr.lock, pr.convert_to_draft, pr.mark_ready, pr.close, pr.reopen):
        act()
    pr.lock(is_locked=False)
    comment = ada.comment(pr, "Hello")
    ada.edit(comment, "Hello again")
    ada.delete(comment)
    review = ada.review(pr, "Look", comments=(DraftComment("shop.py", "Why?", 10),))
    ada.edit(review.comments[0], "Why not?")
    ada.resolve(review.comments[0].thread)
    ada.resolve(review.comments[0].thread, is_resolved=False)
    ada.delete(review.comments[0])
    pr.reviews.dismiss(github.user("bob").review(pr, event="APPROVE"), ada)
    pr.push({"more.py": "x\n"})
    ada.label(pr, "bug", remove=True)
    _check(github, app.slug)
    installation = app.installations[0]
    github.repo("octo/other")
    github.suspend(installation)
    github.suspend(installation, is_suspended=False)
    github.uninstall(installation)


def _check(github: GitHub, slug: str) -> None:
    bot = Bot(github, github.apps[0])
    bot.sign_in()
    repo = github.repos[0]
    button = {"label": "Fix", "description": slug, "identifier": "fix"}
    body = {"name": "review", "head_sha": repo.pull_requests[0].head_sha, "actions": [button]}
    bot.post("/repos/octo/shop/check-runs", {**body, "conclusion": "neutral"})
    path = f"/repos/octo/shop/check-runs/{repo.check_runs[-1].id}"
    bot.patch(path, {"status": "in_progress"})
    bot.patch(path, {"conclusion": "success"})
    run, ada = repo.check_runs[-1], github.user("ada")
    ada.press_button(run, "fix")
    ada.rerun(run)
    ada.rerun_all(run.suite)
    bot.session.close()


def _missing(example: Any, ours: Any, place: str = "") -> Iterator[str]:
    if isinstance(example, dict) and isinstance(ours, dict):
        for key, value in example.items():
            if key in OPTIONAL:
                continue
            if key not in ours:
                yield f"{place}.{key}"
            else:
                yield from _missing(value, ours[key], f"{place}.{key}")
    elif isinstance(example, list) and isinstance(ours, list) and example and ours:
        yield from _missing(example[0], ours[0], f"{place}[]")


def _is_ours(name: str) -> bool:
    event, _, action = name.split(".")[:3]
    is_pushed_suite = event == "check_suite" and action == "completed"
    return event != "ping" and action not in NOT_SENT and not is_pushed_suite


@pytest.mark.parametrize("name", sorted(filter(_is_ours, _examples())))
def test_our_payload_has_every_key_of_the_official_example(
    generated: dict[tuple[str, str], Any], name: str
) -> None:
    example = _examples()[name]
    event, action = name.split(".", maxsplit=1)[0], example.get("action", "")

    assert list(_missing(example, generated[event, action])) == []


def test_the_examples_are_there_where_the_contract_data_is() -> None:
    if not HOOK_EXAMPLES.is_file():
        pytest.skip("PULLWRIGHT_CONTRACT_DATA has no official payloads")
    assert len(_examples()) == 89
