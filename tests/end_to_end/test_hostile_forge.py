"""GitHub on a bad day, deliveries out of order, and text that wants more: cases A09 to A12, G."""

import re

import pytest

from tests.end_to_end.arena import LINT_BUG, Arena
from tests.github_simulator import Drop, Echo, Limited, Redirect, Status
from tests.github_simulator.deliveries import Delivery

TEXT = (
    "![x](https://evil.example/?q=1) <img src=https://evil.example/a> [a](javascript:alert(1)) "
    "@octocat @everyone-team fixes #1 closes GH-2 https://evil.example/?q=2 \\u202e\\x1b[31m"
)
HOSTILE = {
    "app.py": f'X = "%(a)s" % {{"a": 1, "{TEXT}": 2}}\n',
    "@octocat fixes #1 ![x](y).py": "import os\n\nY = 1\n",
}


def _outside_code(body: str) -> str:
    """Return what GitHub renders: without code, and without the lines that are ours."""
    bare = re.sub(r"^(`{3,}).*?^\1$", "", body, flags=re.DOTALL | re.MULTILINE)
    bare = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", bare)
    return re.sub(r"</?details>|</?summary>|<!-- pullwright:[^>]*-->", "", bare)


def _posted(arena: Arena) -> list[str]:
    """Return every text that we sent to this repository."""
    found: list[str] = []
    for one in arena.app.github.writes:
        if arena.repo.full_name in one.path and isinstance(one.json, dict):
            output = one.json.get("output") or {}
            bodies = [comment["body"] for comment in one.json.get("comments", [])]
            found += [one.json.get("body") or "", output.get("summary") or "", *bodies]
    return [text for text in found if text]


def test_no_word_of_a_pull_request_does_anything_on_github(arena: Arena) -> None:
    pr = arena.repo.open_pull_request(HOSTILE, author="ada", title=TEXT, body=TEXT)
    arena.reviewed(pr)
    arena.answer(pr, "ada", f"/agent {TEXT}")

    texts = _posted(arena)

    assert any("octocat" in text for text in texts)
    for text in map(_outside_code, texts):
        assert not re.search(r"@\w|#\d|GH-\d|!\[|<[a-z]|\]\(javascript|://evil", text), text
        assert all(c.isprintable() or c in "\n\u200b" for c in text)
        assert not re.search(r"^\s*/\w", text, re.MULTILINE)


def test_a_huge_review_is_cut_and_says_so(arena: Arena) -> None:
    lines = "".join(f"import m{'—' * 40}{n}\n" for n in range(1500))
    pr = arena.open({"app.py": lines.replace("—", "x")})

    assert max(len(text.encode()) for text in _posted(arena)) <= 60_000
    assert "more findings" in arena.ours(pr)[0]


def _copy(arena: Arena, delivery: Delivery) -> None:
    """Send the same event under another GUID."""
    with arena.app.github.lock:
        arena.app.github.webhooks.emit(delivery.app, delivery.event, delivery.payload)
    arena.app.github.webhooks.settle()


def test_an_event_that_comes_again_is_reviewed_once(arena: Arena) -> None:
    webhooks = arena.app.github.webhooks
    pr = arena.repo.open_pull_request(LINT_BUG, author="ada")
    opened = next(d for d in reversed(webhooks.all) if d.action == "opened")
    statuses = [webhooks.repeat(opened) for _ in range(3)]
    _copy(arena, opened)
    arena.reviewed(pr)
    _copy(arena, opened)

    arena.answer(pr, "ada", "/agent status")

    assert statuses == [202] * 3
    assert len(pr.review_comments) == len(arena.repo.check_runs) == 1
    assert len(arena.ours(pr)) == 2


def test_an_old_event_that_comes_late_is_not_acted_on(arena: Arena) -> None:
    webhooks = arena.app.github.webhooks
    webhooks.is_queued = True
    pr = arena.repo.open_pull_request(LINT_BUG, author="ada")
    old = pr.head_sha
    pr.push({"b.py": "import re\n\nX = 1\n"})
    webhooks.waiting.reverse()
    webhooks.is_queued = False

    webhooks.deliver()
    arena.reviewed(pr)
    arena.answer(pr, "ada", "/agent status")

    assert len(pr.review_comments) == 1
    assert "b.py" in arena.ours(pr)[0]
    assert old not in {run.head_sha for run in arena.repo.check_runs}


@pytest.mark.parametrize("fault", [Drop(after=True), Status(502, after=True)])
def test_an_answer_that_is_lost_makes_no_second_comment(arena: Arena, fault: Drop | Status) -> None:
    for path in ("issues/*/comments", "pulls/*/reviews", "check-runs"):
        arena.app.github.faults.add("POST", f"/repos/{arena.repo.full_name}/{path}", fault)

    pr = arena.open()

    assert len(arena.ours(pr)) == len(pr.review_comments) == len(arena.repo.check_runs) == 1
    assert arena.app.github.faults.left == 0


def test_a_limit_is_waited_for(arena: Arena) -> None:
    path = f"/repos/{arena.repo.full_name}/issues/*/comments"
    arena.app.github.faults.add("POST", path, Limited(retry_after_s=1))

    pr = arena.open()

    first, second = arena.app.github.requests("POST", f"{arena.repo.full_name}/issues/")
    assert (first.status, second.status) == (403, 201)
    assert second.at - first.at >= 1
    assert len(arena.ours(pr)) == 1


def test_a_repository_that_was_renamed_is_reviewed(arena: Arena) -> None:
    pr = arena.draft()
    arena.app.github.rename(arena.repo, f"new-{arena.repo.name}")

    pr.mark_ready()
    arena.reviewed(pr)

    assert len(pr.review_comments) == 1


def test_a_redirect_to_a_stranger_is_not_followed(arena: Arena) -> None:
    elsewhere = "http://192.0.2.1/repos/x/y/pulls/1"
    path = f"/repos/{arena.repo.full_name}/pulls/*"
    arena.app.github.faults.add("GET", path, Redirect(elsewhere, 302))

    arena.repo.open_pull_request(LINT_BUG, author="ada")

    arena.app.until(lambda: any(s.endswith("302") for s in arena.requests("/pulls/")), "a redirect")


def test_the_diff_is_ours_and_not_what_the_api_leaves_of_it(arena: Arena) -> None:
    arena.open({f"m{n}.py": "X = 1\n" for n in range(40)} | dict(LINT_BUG))

    assert not [one for one in arena.requests() if "/files" in one or ".diff" in one]


def test_what_github_repeats_of_our_credential_is_not_posted(arena: Arena) -> None:
    path = f"/repos/{arena.repo.full_name}/pulls/*/reviews"
    arena.app.github.faults.add("POST", path, Echo(400), times=9)

    pr = arena.open()

    told = [run.summary or "" for run in arena.repo.check_runs if run.head_sha == pr.head_sha]
    assert "cannot serve Bearer" in told[0]
