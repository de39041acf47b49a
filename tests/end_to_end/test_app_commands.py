"""Commands and buttons from a signed delivery to what people see, where no code may run."""

from collections.abc import Iterator

import pytest

from tests.end_to_end.app import App, running_app
from tests.end_to_end.test_app import LINT_BUG, _answered, _ours, _repo, _reviewed
from tests.github_simulator import PullRequest, Repo


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with running_app(tmp_path_factory.mktemp("app"), sandbox="none") as ours:
        yield ours


def _pressed(app: App, repo: Repo, pr: PullRequest, name: str, login: str = "ada") -> str:
    """Press a button of the first check and return what we say to that."""
    run = repo.check_runs[0]
    app.github.user(login).press_button(run, f"{name}#{pr.number}")
    told = f"`{login}` pressed `{name}`. "

    def answers() -> list[str]:
        said = [words for words in _ours(app, pr) if words.startswith(told)]
        return [words for words in said if "Working on it" not in words]

    app.until(answers, f"an answer to the button {name}")
    (answer,) = answers()
    return answer.removeprefix(told)


def test_the_buttons_of_a_check_are_answered_once_in_the_conversation(app: App) -> None:
    repo = _repo(app, "buttons")
    pr = repo.open_pull_request(LINT_BUG, author="ada")
    _reviewed(app, repo, pr)

    dismissed = _pressed(app, repo, pr, "dismiss")
    again = _pressed(app, repo, pr, "rerun")

    assert "Dismissed F1" in dismissed
    assert "Reviewed" in again
    assert len(_ours(app, pr)) == 3
    assert len(repo.check_runs) == 2


def test_a_button_of_an_older_head_does_nothing(app: App) -> None:
    repo = _repo(app, "old-button")
    pr = repo.open_pull_request(LINT_BUG, author="ada")
    _reviewed(app, repo, pr)
    pr.push({"c.py": "Y = 1\n"})
    _reviewed(app, repo, pr)
    head = pr.head_sha

    answer = _pressed(app, repo, pr, "dismiss")

    assert "press the one of the newest check" in answer
    assert pr.head_sha == head
    assert not pr.review_comments[0].thread.is_resolved


def test_a_button_asks_for_the_same_permission_as_its_command(app: App) -> None:
    repo = _repo(app, "stranger")
    pr = repo.open_pull_request(LINT_BUG, author="ada")
    _reviewed(app, repo, pr)

    answer = _pressed(app, repo, pr, "rerun", login="eve")

    assert "this needs write access to the repository" in answer
    assert len(repo.check_runs) == 1


def test_the_buttons_of_a_fork_know_their_pull_request(app: App) -> None:
    repo = _repo(app, "fork-buttons")
    pr = repo.open_pull_request(LINT_BUG, author="eve", fork=True)
    _reviewed(app, repo, pr)

    assert "Dismissed F1" in _pressed(app, repo, pr, "dismiss")


def test_a_review_of_the_same_head_says_that_nothing_is_new(app: App) -> None:
    repo = _repo(app, "same-head")
    pr = repo.open_pull_request(LINT_BUG, author="ada")
    _reviewed(app, repo, pr)

    told = _answered(app, pr, "ada", "/agent review")
    looked = _answered(app, pr, "ada", "/agent review full")

    assert f"Nothing is new since the review of `{pr.head_sha[:12]}`" in told
    assert looked.startswith("Reviewed")
    assert len(repo.check_runs) == 2


def test_tests_that_may_not_run_are_no_comparison(app: App) -> None:
    repo = _repo(app, "no-sandbox")
    pr = repo.open_pull_request(LINT_BUG, author="ada", draft=True)

    reply = _answered(app, pr, "ada", "/agent test")

    assert "I could not look" in reply
    assert "no code of the repository runs" in reply
    assert "operator of this App" in reply


def test_an_undo_without_a_commit_of_ours_touches_nothing(app: App) -> None:
    repo = _repo(app, "nothing-ours")
    pr = repo.open_pull_request(LINT_BUG, author="ada", draft=True)
    head = pr.head_sha

    reply = _answered(app, pr, "ada", "/agent undo")

    assert "nothing of ours to undo" in reply
    assert pr.head_sha == head


def test_an_unknown_finding_is_answered_with_the_known_ones(app: App) -> None:
    repo = _repo(app, "unknown")
    pr = repo.open_pull_request(LINT_BUG, author="ada")
    _reviewed(app, repo, pr)

    reply = _answered(app, pr, "ada", "/agent dismiss F9")

    assert "there is no F9: name one of F1" in reply
