"""From a signed delivery to what people see on GitHub, with our processes as they are run."""

import gzip
from collections.abc import Iterator

import pytest

from bot import replay_wiring
from bot.settings import Settings
from tests.end_to_end.app import App, running_app
from tests.github_simulator import PullRequest, Repo

BASE = {
    "app.py": "def total(prices):\n    return sum(prices)\n",
    "test_app.py": "from app import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n",
}
LINT_BUG = {"app.py": "import os\n\n\ndef total(prices):\n    return sum(prices)\n"}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with running_app(tmp_path_factory.mktemp("app"), sandbox="none") as ours:
        yield ours


def _repo(app: App, name: str) -> Repo:
    repo = app.github.repo(f"octo/{name}", base=BASE)
    repo.collaborator("ada", "write")
    repo.collaborator("eve", "read")
    return repo


def _reviewed(app: App, repo: Repo, pr: PullRequest) -> None:
    def is_done() -> bool:
        runs = [run for run in repo.check_runs if run.head_sha == pr.head_sha]
        return bool(runs) and all(run.conclusion for run in runs)

    app.until(is_done, f"a finished check on {pr.head_sha}")


def _ours(app: App, pr: PullRequest) -> list[str]:
    """Return the bodies of our comments in the conversation."""
    return [c.body for c in pr.comments if c.user.login.endswith("[bot]")]


def _answered(app: App, pr: PullRequest, login: str, words: str) -> str:
    """Write a comment and return the reply to it."""
    before = len(_ours(app, pr))
    comment = app.github.user(login).comment(pr, words)
    final = {"rocket", "confused"}
    app.until(lambda: final & {r.content for r in comment.reactions}, f"an answer to {words}")
    said = _ours(app, pr)
    assert len(said) == before + 1
    return said[-1]


def test_an_opened_pull_request_gets_one_summary_one_comment_and_one_check(app: App) -> None:
    repo = _repo(app, "opened")

    pr = repo.open_pull_request(LINT_BUG, author="ada")
    _reviewed(app, repo, pr)

    (check,) = repo.check_runs
    (comment,) = pr.review_comments
    (summary,) = _ours(app, pr)
    assert (check.name, check.conclusion) == ("pullwright / review", "neutral")
    assert (comment.thread.path, comment.thread.line) == ("app.py", 1)
    assert "imported but unused" in comment.body
    assert "1 finding (1 low): 1 of 1 hunk seen" in summary
    assert "no code of the repository runs" in summary


def test_a_run_of_the_app_is_kept_without_its_secrets_and_plays_again(app: App) -> None:
    repo = _repo(app, "kept")
    pr = repo.open_pull_request({"kept.py": "import os\n"}, author="ada")
    _reviewed(app, repo, pr)
    (check,) = repo.check_runs
    path = app.folder / "state" / "runs" / f"{check.external_id}.json.gz"

    played = replay_wiring.play(
        replay_wiring.load_bundle(Settings(app.folder / "state"), str(path))
    )

    assert played.differences == ()
    assert '"rule": "F401"' in played.report
    assert path.stat().st_mode & 0o777 == 0o600
    stored = gzip.decompress(path.read_bytes()).decode()
    secrets = [(app.folder / name).read_text() for name in ("secret", "key.pem")]
    assert [secret for secret in secrets if secret.strip() in stored] == []
    assert "ghs_" not in stored


def test_a_review_costs_few_calls_whatever_the_number_of_files(app: App) -> None:
    calls = {}
    for count in (2, 40):
        repo = _repo(app, f"calls-{count}")
        start = len(app.github.log)
        files = {f"m{i}.py": f"import os\n\nX = {i}\n" for i in range(count)}
        pr = repo.open_pull_request(files, author="ada")
        _reviewed(app, repo, pr)
        app.until(lambda: app.github.requests("DELETE", "/installation/token"), "a revoked token")
        calls[count] = len([r for r in app.github.log[start:] if "/api/" in r.path])

    assert calls[2] <= 14
    assert calls[40] <= 14


def test_a_second_push_keeps_the_comment_and_resolves_what_is_fixed(app: App) -> None:
    repo = _repo(app, "pushed")
    pr = repo.open_pull_request(
        {**LINT_BUG, "b.py": "def f(x):\n    return x is 'a'\n"}, author="ada"
    )
    _reviewed(app, repo, pr)

    pr.push({"b.py": "def f(x):\n    return x\n"})
    _reviewed(app, repo, pr)

    assert len(pr.review_comments) == 2
    assert len(_ours(app, pr)) == 1
    app.until(
        lambda: (
            {c.thread.path: c.thread.is_resolved for c in pr.review_comments}
            == {"app.py": False, "b.py": True}
        ),
        "one resolved thread",
    )


def test_a_dismissed_finding_is_never_raised_again(app: App) -> None:
    repo = _repo(app, "dismissed")
    pr = repo.open_pull_request(LINT_BUG, author="ada")
    _reviewed(app, repo, pr)

    reply = _answered(app, pr, "ada", "/agent dismiss F1 noise")
    pr.push({"c.py": "Y = 1\n"})
    _reviewed(app, repo, pr)

    assert "Dismissed F1 (noise)" in reply
    assert len(pr.review_comments) == 1
    assert repo.check_runs[-1].conclusion != "failure"
    assert "No findings" in _ours(app, pr)[0] or "Partial" in _ours(app, pr)[0]


def test_who_may_only_read_is_refused_with_the_reason(app: App) -> None:
    repo = _repo(app, "refused")
    pr = repo.open_pull_request(LINT_BUG, author="ada")
    _reviewed(app, repo, pr)

    reply = _answered(app, pr, "eve", "/agent fix")

    assert "this needs write access to the repository" in reply


def test_a_paused_pull_request_is_left_alone_and_says_why(app: App) -> None:
    repo = _repo(app, "paused")
    pr = repo.open_pull_request(LINT_BUG, author="ada")
    _reviewed(app, repo, pr)

    _answered(app, pr, "ada", "/agent pause")
    pr.push({"c.py": "import re\n"})
    reply = _answered(app, pr, "ada", "/agent why")

    assert "paused" in reply
    assert len(repo.check_runs) == 1


def test_a_draft_is_reviewed_when_it_is_ready(app: App) -> None:
    repo = _repo(app, "draft")
    pr = repo.open_pull_request(LINT_BUG, author="ada", draft=True)
    reply = _answered(app, pr, "ada", "/agent why")

    pr.mark_ready()
    _reviewed(app, repo, pr)

    assert "draft" in reply
    assert len(pr.review_comments) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("/agent help", "/agent fix"),
        ("/agent paint", "unknown command"),
        ("/agent config", "max_comments = 10"),
        ("/agent status", "Nothing is running"),
        ("/agent stop", "Nothing was running"),
        ("/agent ask why?", "needs a model"),
        ("/agent fix --base_url=http://evil", "does not take"),
    ],
)
def test_every_command_is_answered_once(app: App, words: str, said: str) -> None:
    name = "".join(c for c in words if c.isalpha())
    repo = _repo(app, f"says-{name}")
    pr = repo.open_pull_request(LINT_BUG, author="ada", draft=True)

    reply = _answered(app, pr, "ada", words)

    assert said.replace("/", "") in reply.replace("\u200b", "").replace("/", "").replace("\\", "")


def test_a_quoted_command_does_nothing(app: App) -> None:
    repo = _repo(app, "quoted")
    pr = repo.open_pull_request(LINT_BUG, author="ada", draft=True)
    comment = app.github.user("ada").comment(pr, "> /agent fix\nI would not.")

    _answered(app, pr, "ada", "/agent status")

    assert comment.reactions == []
