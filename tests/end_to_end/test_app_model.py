"""The App with a model: from a signed delivery to what people see, over the real SDK."""

import re
from collections.abc import Iterator

import pytest

from tests.end_to_end.app import App
from tests.end_to_end.scripted_talk import MEAN, answers, app_with
from tests.end_to_end.test_app import BASE, LINT_BUG, _answered, _ours, _repo, _reviewed
from tests.github_simulator import PullRequest
from tests.github_simulator.reviews import ReviewComment
from tests.model_server.api import Api
from tests.model_server.server import ModelServer

MODEL = ModelServer(answers)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with app_with(tmp_path_factory.mktemp("app"), MODEL, sandbox="none") as ours:
        yield ours


def _in_thread(app: App, pr: PullRequest, words: str, login: str = "ada") -> str:
    """Write in the thread of the first comment and return the reply that stands there."""
    root = pr.review_comments[0]
    comment = app.github.user(login).reply(root, words)
    final = {"rocket", "confused"}
    app.until(lambda: final & {r.content for r in comment.reactions}, f"an answer to {words}")
    said: ReviewComment = pr.review_comments[-1]
    assert said.thread is root.thread
    return said.body


def test_a_finding_of_the_model_stands_at_its_line_and_the_summary_says_what_it_cost(
    app: App,
) -> None:
    repo = _repo(app, "found")
    pr = repo.open_pull_request(MEAN, author="ada")
    _reviewed(app, repo, pr)

    (comment,) = pr.review_comments
    (summary,) = _ours(app, pr)
    assert (comment.thread.path, comment.thread.line) == ("app.py", 2)
    assert "total divides by the number of prices" in comment.body
    tokens = re.search(r"([\d,]+) tokens · \$\d\.\d\d", summary)
    assert tokens is not None
    assert int(tokens[1].replace(",", "")) > 500


def test_what_the_second_look_drops_is_not_posted(app: App) -> None:
    repo = _repo(app, "dropped")
    pr = repo.open_pull_request({"app.py": MEAN["app.py"] + "\n\nLENGTH = 1\n"}, author="ada")
    _reviewed(app, repo, pr)

    assert pr.review_comments == []
    assert "total divides" not in _ours(app, pr)[0]


def test_a_file_that_the_model_read_is_not_sent_again(app: App) -> None:
    repo = _repo(app, "again")
    pr = repo.open_pull_request(MEAN, author="ada")
    _reviewed(app, repo, pr)
    before = len(MODEL.chats)

    pr.push({"more.py": "LIMIT = 1\n"})
    _reviewed(app, repo, pr)

    (asked,) = MODEL.chats[before:]
    assert "LIMIT = 1" in asked.said
    assert "+    return sum(prices) / len(prices)" not in asked.said
    assert len(pr.review_comments) == 1
    assert not pr.review_comments[0].thread.is_resolved


def test_a_question_in_a_thread_is_answered_there_with_what_was_said(app: App) -> None:
    repo = _repo(app, "asked")
    pr = repo.open_pull_request(MEAN, author="ada")
    _reviewed(app, repo, pr)
    app.github.user("ada").reply(pr.review_comments[0], "HELLO from me")

    told = _in_thread(app, pr, "@pullwright what was said?", "eve")

    assert told.startswith("It was said: HELLO.")
    assert "[said before" not in MODEL.chats[-1].said or "HELLO from me" in MODEL.chats[-1].said


def test_a_maintainers_refutation_ends_the_finding_for_good(app: App) -> None:
    repo = _repo(app, "refuted")
    pr = repo.open_pull_request(MEAN, author="ada")
    _reviewed(app, repo, pr)

    told = _in_thread(app, pr, "/agent ask Is it wrong? the mean is meant.")
    pr.push({"more.py": "LIMIT = 1\n"})
    _reviewed(app, repo, pr)

    assert "F1 is refuted" in told
    assert pr.review_comments[0].thread.is_resolved
    assert len({c.thread for c in pr.review_comments}) == 1
    assert repo.check_runs[-1].conclusion != "failure"
    assert "total divides" not in _ours(app, pr)[0]


def test_a_budget_of_no_tokens_is_a_partial_review_that_says_so(app: App) -> None:
    base = {**BASE, ".github/pullwright.yml": "budget:\n  tokens: 0\n"}
    repo = app.github.repo("octo/no-tokens", base=base)
    repo.collaborator("ada", "write")
    before = len(MODEL.chats)
    pr = repo.open_pull_request(MEAN, author="ada")
    _reviewed(app, repo, pr)

    (summary,) = _ours(app, pr)
    assert len(MODEL.chats) == before
    assert "the model stopped reading" in summary


def test_without_a_sandbox_no_code_is_written_and_the_reply_says_who_acts(app: App) -> None:
    repo = _repo(app, "unwritten")
    pr = repo.open_pull_request({"more.py": "LIMIT = 1\n"}, author="ada", draft=True)

    reply = _answered(app, pr, "ada", "/agent implement most")

    assert "no code of the repository runs" in reply
    assert "operator of this App" in reply


def test_with_a_wrong_key_the_review_is_the_one_without_a_model(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    model = ModelServer(answers, api=Api(key="csk-right-0123456789abcdef0123456789"))
    folder = tmp_path_factory.mktemp("wrong")
    key = "csk-wrong-0123456789abcdef0123456789"
    with app_with(folder, model, sandbox="none", key=key) as app:
        repo = _repo(app, "wrong-key")
        pr = repo.open_pull_request(LINT_BUG, author="ada")
        _reviewed(app, repo, pr)
        reply = _answered(app, pr, "eve", "/agent ask why?")

        (comment,) = pr.review_comments
        summary = _ours(app, pr)[0]
    assert "imported but unused" in comment.body
    assert summary.count("set CEREBRAS_API_KEY") + summary.count("set CEREBRAS\\_API\\_KEY") == 1
    assert "the model gave no answer" in reply
    assert key not in summary + reply
