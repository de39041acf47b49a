"""Findings keep their identity over pushes, as people see it on GitHub."""

import re
from collections.abc import Iterator

import pytest

from tests.end_to_end.app import App, running_app
from tests.end_to_end.test_app import _answered, _ours, _repo, _reviewed
from tests.github_simulator import PullRequest, Repo

BUGGY = "import os\n\n\ndef total(prices):\n    return sum(prices)\n"
TWO = "def one(x):\n    return x is 'a'\n\n\ndef two(y):\n    return y is 'b'\n"
OTHER = "def other(x):\n    return x\n"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with running_app(tmp_path_factory.mktemp("app"), sandbox="none") as ours:
        yield ours


def _opened(app: App, name: str, files: dict[str, str]) -> tuple[Repo, PullRequest]:
    repo = _repo(app, name)
    pr = repo.open_pull_request(files, author="ada")
    _reviewed(app, repo, pr)
    return repo, pr


def _threads(pr: PullRequest) -> list[tuple[str, bool]]:
    """Return where our comments began and whether they are resolved, the oldest first."""
    return [(c.thread.path, c.thread.is_resolved) for c in pr.review_comments]


def _summary(app: App, pr: PullRequest) -> str:
    """Return the one summary."""
    (body,) = [b for b in _ours(app, pr) if "kind=summary" in b]
    assert pr.head_sha in body
    return body


def _run_of(summary: str) -> str:
    """Return the run that a summary is of."""
    found = re.search(r" run=(\S+)", summary)
    assert found is not None
    return found[1]


def _rows(app: App, pr: PullRequest) -> list[str]:
    """Return the ids that the summary's table lists."""
    table = [row for row in _summary(app, pr).splitlines() if row.startswith("| ")]
    return [row.split(" | ")[1] for row in table[1:]]


def test_a_push_looks_only_at_what_is_new_and_says_so(app: App) -> None:
    repo, pr = _opened(app, "push", {"app.py": BUGGY})
    first = pr.head_sha

    pr.push({"other.py": OTHER})
    _reviewed(app, repo, pr)

    assert _threads(pr) == [("app.py", False)]
    assert _rows(app, pr) == ["F1"]
    assert f"Looked at anew since `{first[:7]}`: 1 of 2 hunks" in _summary(app, pr)
    assert "2 of 2 hunks seen" in _summary(app, pr)


def test_a_force_push_of_the_same_change_says_nothing_twice(app: App) -> None:
    repo, pr = _opened(app, "force", {"app.py": BUGGY})

    pr.force_push({"app.py": BUGGY, "other.py": OTHER})
    _reviewed(app, repo, pr)

    assert _threads(pr) == [("app.py", False)]
    assert _rows(app, pr) == ["F1"]
    assert "1 of 2 hunks" in _summary(app, pr)


def test_a_rebase_keeps_the_finding_and_its_thread(app: App) -> None:
    repo, pr = _opened(app, "rebase", {"app.py": BUGGY})

    repo.push("main", {"test_app.py": "def test_nothing():\n    assert True\n"})
    pr.rebase()
    _reviewed(app, repo, pr)

    assert _threads(pr) == [("app.py", False)]
    assert _rows(app, pr) == ["F1"]


def test_a_base_side_that_changed_is_looked_at_again(app: App) -> None:
    repo, pr = _opened(app, "side", {"app.py": BUGGY, "other.py": OTHER})

    repo.push("main", {"app.py": "def total(prices):\n    return sum(prices)\n\n\nX = 1\n"})
    pr.update_branch()
    _reviewed(app, repo, pr)

    assert _threads(pr) == [("app.py", False)]
    assert "1 of 2 hunks" in _summary(app, pr)


def test_a_merge_of_the_base_branch_keeps_the_finding_and_its_thread(app: App) -> None:
    repo, pr = _opened(app, "merge", {"app.py": BUGGY})

    repo.push("main", {"new.py": "Z = 1\n"})
    pr.update_branch()
    _reviewed(app, repo, pr)

    assert _threads(pr) == [("app.py", False)]
    assert _rows(app, pr) == ["F1"]
    assert "0 of 1 hunk;" in _summary(app, pr)


@pytest.mark.parametrize("old", ["app.py", "fresh.py"], ids=["of the base", "of the change"])
def test_a_renamed_file_keeps_its_finding_and_says_nothing_twice(app: App, old: str) -> None:
    repo, pr = _opened(app, f"rename-{old[:3]}", {old: BUGGY})

    pr.push({old: None, "renamed.py": BUGGY})
    _reviewed(app, repo, pr)

    assert _threads(pr) == [(old, False)]
    assert _rows(app, pr) == ["F1"]
    assert "renamed.py" in _summary(app, pr)


def test_a_dismissal_holds_until_the_enclosing_code_changes(app: App) -> None:
    repo, pr = _opened(app, "enclosing", {"two.py": TWO})
    _answered(app, pr, "ada", "/agent dismiss F1 noise")
    dismissed = next(c for c in pr.review_comments if "F1 " in c.body)

    pr.push({"two.py": f"# moved down\n\n{TWO}"})
    _reviewed(app, repo, pr)
    held = _rows(app, pr)
    pr.push({"two.py": TWO.replace("return x", "x = x.strip()\n    return x")})
    _reviewed(app, repo, pr)

    assert dismissed.thread.is_resolved
    assert held == ["F2"]
    assert sorted(_rows(app, pr)) == ["F1", "F2"]
    assert len(pr.review_comments) == 3


def test_only_the_thread_of_what_was_fixed_is_resolved(app: App) -> None:
    repo, pr = _opened(app, "fixed", {"two.py": TWO})

    pr.push({"two.py": TWO.replace("x is 'a'", "x == 'a'")})
    _reviewed(app, repo, pr)

    app.until(lambda: sum(done for _, done in _threads(pr)) == 1, "one resolved thread")
    (left,) = [c for c in pr.review_comments if not c.thread.is_resolved]
    (row,) = _rows(app, pr)
    assert f"{row} " in left.body


def test_what_is_pushed_while_it_was_closed_is_looked_at_when_it_opens_again(app: App) -> None:
    repo, pr = _opened(app, "reopened", {"app.py": BUGGY})

    pr.close()
    pr.push({"two.py": TWO})
    pr.reopen()
    _reviewed(app, repo, pr)

    assert sorted(_rows(app, pr)) == ["F1", "F2", "F3"]
    assert [path for path, _ in _threads(pr)].count("app.py") == 1


def test_a_closed_and_reopened_head_is_not_reviewed_again(app: App) -> None:
    repo, pr = _opened(app, "again", {"app.py": BUGGY})

    pr.close()
    pr.reopen()

    def is_told() -> bool:
        return "reviewed already" in _answered(app, pr, "ada", "/agent why")

    app.until(is_told, "a head left alone")
    assert len(repo.check_runs) == 1
    assert _threads(pr) == [("app.py", False)]


def test_a_new_base_is_what_the_change_is_compared_with(app: App) -> None:
    repo = _repo(app, "retarget")
    repo.push("next", {"app.py": BUGGY}, message="Next")
    pr = repo.open_pull_request({"two.py": TWO}, author="ada", base="next")
    _reviewed(app, repo, pr)
    before = sorted(_rows(app, pr))

    pr.retarget("main")
    app.until(lambda: len([r for r in repo.check_runs if r.conclusion]) == 2, "a second review")

    assert before == ["F1", "F2"]
    assert sorted(_rows(app, pr)) == ["F1", "F2", "F3"]
    assert [path for path, _ in _threads(pr)] == ["two.py", "two.py", "app.py"]
    assert "1 of 2 hunks" in _summary(app, pr)


def test_a_new_base_with_another_configuration_counts(app: App) -> None:
    repo = _repo(app, "strict")
    repo.push("strict", {".github/pullwright.yml": "fail_on: [partial]\n"})
    pr = repo.open_pull_request({"app.py": BUGGY}, author="ada", base="main")
    _reviewed(app, repo, pr)

    pr.retarget("strict")
    app.until(lambda: len([r for r in repo.check_runs if r.conclusion]) == 2, "a second review")

    assert [run.conclusion for run in repo.check_runs] == ["neutral", "failure"]
    assert _threads(pr) == [("app.py", False)]


def test_a_head_that_comes_back_is_reviewed_again(app: App) -> None:
    repo, pr = _opened(app, "back", {"app.py": BUGGY})
    first = pr.head_sha
    pr.push({"app.py": BUGGY.removeprefix("import os\n\n\n")})
    _reviewed(app, repo, pr)
    app.until(lambda: _threads(pr) == [("app.py", True)], "a resolved thread")

    pr.reset(first)
    app.until(lambda: f"head={first}" in _ours(app, pr)[0], "a summary of the first head")

    assert _rows(app, pr) == ["F1"]
    assert _threads(pr) == [("app.py", True), ("app.py", False)]


def test_the_same_words_in_two_files_are_two_findings(app: App) -> None:
    repo, pr = _opened(app, "twins", {"app.py": BUGGY})

    pr.push({"twin.py": "import os\n\nY = 1\n"})
    _reviewed(app, repo, pr)
    both = _threads(pr)
    _answered(app, pr, "ada", "/agent dismiss F1 noise")
    pr.push({"other.py": OTHER})
    _reviewed(app, repo, pr)

    assert both == [("app.py", False), ("twin.py", False)]
    assert _rows(app, pr) == ["F2"]
    assert _threads(pr) == [("app.py", True), ("twin.py", False)]


def test_a_shared_comment_stays_open_until_all_of_its_findings_end(app: App) -> None:
    repo, pr = _opened(app, "shared", {"a.py": "import os\n", "b.py": "import re\n"})

    _answered(app, pr, "ada", "/agent dismiss F1 noise")
    after_one = _threads(pr)
    pr.push({"b.py": "Z = 1\n"})
    _reviewed(app, repo, pr)

    assert after_one == [("a.py", False)]
    app.until(lambda: _threads(pr) == [("a.py", True)], "the resolved comment")


def test_full_reviews_are_had_by_configuration_and_by_command(app: App) -> None:
    repo = _repo(app, "full")
    settings = "auto_review:\n  incremental: false\n"
    repo.push("main", {".github/pullwright.yml": settings})
    pr = repo.open_pull_request({"app.py": BUGGY}, author="ada")
    _reviewed(app, repo, pr)

    pr.push({"other.py": OTHER})
    _reviewed(app, repo, pr)
    by_itself = _summary(app, pr)
    asked = _answered(app, pr, "ada", "/agent review")
    untouched = _summary(app, pr)
    _answered(app, pr, "ada", "/agent review full")

    assert "Looked at anew" not in by_itself
    assert "Nothing is new" in asked
    assert untouched == by_itself
    assert "Looked at anew" not in _summary(app, pr)
    assert _run_of(_summary(app, pr)) != _run_of(by_itself)
