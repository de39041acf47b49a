from typing import Any

import pytest

from tests.github_simulator import GitHub, PullRequest
from tests.github_simulator.bot import Bot

RUNS = "/repos/octo/shop/check-runs"
BUTTON = {"label": "Fix", "description": "Commit the fix", "identifier": "fix"}


def _annotation(line: int = 1, **fields: Any) -> dict[str, Any]:
    place = {"path": "shop.py", "start_line": line, "end_line": line}
    return {**place, "annotation_level": "warning", "message": "Hm", **fields}


def _output(*annotations: dict[str, Any]) -> dict[str, Any]:
    return {"title": "Done", "summary": "All good", "annotations": list(annotations)}


def test_annotations_are_appended_fifty_at_a_time(bot: Bot, pr: PullRequest) -> None:
    body = {"name": "review", "head_sha": pr.head_sha, "output": _output(_annotation())}
    run = bot.post(RUNS, body).json()
    path = f"{RUNS}/{run['id']}"

    full = {"output": _output(*[_annotation(n) for n in range(1, 51)])}
    assert bot.patch(path, full).json()["output"]["annotations_count"] == 51
    assert len(bot.get(f"{path}/annotations?per_page=100").json()) == 51


def test_fifty_one_annotations_are_refused_and_none_is_stored(rude: Bot) -> None:
    pr = rude.github.repos[0].pull_requests[0]
    many = _output(*[_annotation(n) for n in range(1, 52)])

    answer = rude.post(RUNS, {"name": "review", "head_sha": pr.head_sha, "output": many})

    assert answer.status_code == 422
    assert rude.github.repos[0].check_runs == []


@pytest.mark.parametrize(
    "fields",
    [
        {"actions": [BUTTON] * 4},
        {"actions": [{**BUTTON, "label": "a" * 21}]},
        {"actions": [{**BUTTON, "description": "a" * 41}]},
        {"actions": [{**BUTTON, "identifier": "a" * 21}]},
        {"status": "completed"},
        {"status": "finished"},
        {"conclusion": "great"},
        {"output": {"title": "No summary"}},
        {"output": {"title": "Long", "summary": "a" * 65_536}},
        {"output": _output(_annotation(end_line=0))},
        {"output": _output(_annotation(annotation_level="error"))},
        {"output": _output(_annotation(end_line=2, start_column=1))},
        {"details_url": "javascript:alert(1)"},
        {"completed_at": "yesterday"},
        {"head_sha": "f" * 40},
    ],
)
def test_a_check_run_that_breaks_a_rule_is_refused(rude: Bot, fields: dict[str, Any]) -> None:
    pr = rude.github.repos[0].pull_requests[0]

    answer = rude.post(RUNS, {"name": "review", "head_sha": pr.head_sha, **fields})

    assert answer.status_code == 422
    assert rude.github.repos[0].check_runs == []


def test_a_conclusion_completes_a_run(github: GitHub, bot: Bot, pr: PullRequest) -> None:
    run = bot.post(RUNS, {"name": "review", "head_sha": pr.head_sha, "external_id": "7"}).json()

    done = bot.patch(f"{RUNS}/{run['id']}", {"conclusion": "neutral"}).json()

    assert (done["status"], done["conclusion"], done["external_id"]) == (
        "completed",
        "neutral",
        "7",
    )
    assert done["completed_at"]
    assert done["pull_requests"][0]["number"] == 1


def test_the_runs_of_a_head_are_the_newest_of_each_name(bot: Bot, pr: PullRequest) -> None:
    made = [
        bot.post(RUNS, {"name": name, "head_sha": pr.head_sha}).json()["id"]
        for name in ("review", "review", "lint")
    ]

    path = f"/repos/octo/shop/commits/{pr.head_sha}/check-runs"
    assert [one["id"] for one in bot.get(path).json()["check_runs"]] == [made[2], made[1]]
    assert bot.get(f"{path}?filter=all").json()["total_count"] == 3
    assert bot.get(f"{path}?check_name=lint").json()["total_count"] == 1


def test_the_head_of_a_fork_has_no_pull_requests_in_its_check_runs(
    github: GitHub, bot: Bot
) -> None:
    pr = github.repos[0].open_pull_request({"a.py": "a\n"}, author="eve", fork=True)

    run = bot.post(RUNS, {"name": "review", "head_sha": pr.head_sha}).json()

    assert run["pull_requests"] == []


def test_checks_need_their_permission(bot: Bot, pr: PullRequest) -> None:
    bot.sign_in({"pull_requests": "write", "contents": "write"})

    assert bot.post(RUNS, {"name": "review", "head_sha": pr.head_sha}).status_code == 403
