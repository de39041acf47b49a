"""From a signed delivery to what people see on GitHub, with our processes as they are run."""

import gzip
from collections.abc import Iterator
from functools import partial

import pytest

from bot import replay_wiring
from bot.domain.app_forge import run_of_check
from bot.settings import Settings
from tests.end_to_end.app import App, api_calls, running_app
from tests.github_simulator import PullRequest, Repo, Status
from tests.github_simulator.checks import CheckRun
from tests.web.server import site_of
from tests.web.visitor import Visitor

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


def _left_alone(app: App, pr: PullRequest) -> None:
    """Wait until the job of a draft has ended without a review."""
    app.until(lambda: "draft" in _answered(app, pr, "ada", "/agent why"), "a draft left alone")


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
    assert "process: for our analyzers alone, no code of the repository runs" in summary


def test_a_run_of_the_app_is_kept_without_its_secrets_and_plays_again(app: App) -> None:
    repo = _repo(app, "kept")
    pr = repo.open_pull_request({"kept.py": "import os\n"}, author="ada")
    _reviewed(app, repo, pr)
    (check,) = repo.check_runs
    path = app.folder / "state" / "runs" / f"{run_of_check(check.external_id)}.json.gz"

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


def test_a_run_that_went_on_from_an_earlier_one_is_kept_and_plays_again(app: App) -> None:
    repo = _repo(app, "went-on")
    pr = repo.open_pull_request({"first.py": "import os\n", "more.py": "X = 1\n"}, author="ada")
    _reviewed(app, repo, pr)
    pr.push({"more.py": "import re\n"})
    _reviewed(app, repo, pr)
    assert "1 of 2 hunks; the others stand as reviewed then" in _ours(app, pr)[0]
    run = run_of_check(repo.check_runs[-1].external_id)
    path = app.folder / "state" / "runs" / f"{run}.json.gz"

    played = replay_wiring.play(
        replay_wiring.load_bundle(Settings(app.folder / "state"), str(path))
    )

    assert played.differences == ()
    assert played.report.count('"rule": "F401"') == 2


def test_a_review_costs_few_calls_whatever_the_number_of_files(app: App) -> None:
    # With an organization's file, which costs three more.
    app.github.repo("calls/.github", base={"pullwright.yml": "max_comments: 20\n"})
    calls = {}
    for count in (2, 40):
        repo = app.github.repo(f"calls/of-{count}", base=BASE)
        files = {f"m{i}.py": f"import os\n\nX = {i}\n" for i in range(count)}
        made = api_calls(app, partial(repo.open_pull_request, files, author="ada"))
        calls[count] = len(made)

    # Less than these nine no review can do: token, pull, check, review, summary, check, and so on.
    assert 9 <= calls[2] <= 14
    assert 9 <= calls[40] <= 14


def test_a_comment_that_github_refuses_on_its_line_is_on_its_file(app: App) -> None:
    repo = _repo(app, "far")
    app.github.faults.add("POST", "/repos/octo/far/pulls/*/reviews", Status(422))
    pr = repo.open_pull_request(LINT_BUG, author="ada")
    _reviewed(app, repo, pr)

    (comment,) = pr.review_comments
    assert (comment.thread.path, comment.thread.is_file) == ("app.py", True)
    assert "app.py:1" in comment.body
    assert "no comment next to the code" not in _ours(app, pr)[0]
    pr.push({"app.py": "def total(prices):\n    return sum(prices)\n"})
    app.until(lambda: comment.thread.is_resolved, "a resolved thread")


def test_a_comment_that_github_does_not_show_is_in_the_summary(app: App) -> None:
    repo = _repo(app, "lost")
    app.github.faults.add("POST", "/repos/octo/lost/pulls/*/reviews", Status(200))
    pr = repo.open_pull_request(LINT_BUG, author="ada")
    _reviewed(app, repo, pr)

    (summary,) = _ours(app, pr)
    assert pr.review_comments == []
    assert "the forge does not show it" in summary
    assert "does not show it" in summary.partition("**Notes**")[2]


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
    _left_alone(app, pr)

    pr.mark_ready()
    _reviewed(app, repo, pr)

    assert len(pr.review_comments) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("/agent help", "/agent fix"),
        ("/agent paint", "unknown command"),
        ("/agent config", "max_comments = 10"),
        ("/agent status", "Nothing is running"),
        ("/agent stop", "Nothing was running"),
        ("/agent ask why?", "needs a language model"),
        ("/agent fix --base_url=http://evil", "does not take"),
    ],
)
def test_every_command_is_answered_once(app: App, words: str, said: str) -> None:
    name = "".join(c for c in words if c.isalpha())
    repo = _repo(app, f"says-{name}")
    pr = repo.open_pull_request(LINT_BUG, author="ada", draft=True)
    _left_alone(app, pr)

    reply = _answered(app, pr, "ada", words)

    assert said.replace("/", "") in reply.replace("\u200b", "").replace("/", "").replace("\\", "")


def test_a_command_in_a_thread_is_about_its_finding_and_answered_there(app: App) -> None:
    repo = _repo(app, "thread")
    pr = repo.open_pull_request(LINT_BUG, author="ada")
    _reviewed(app, repo, pr)
    (finding,) = pr.review_comments

    said = app.github.user("ada").reply(finding, "/agent dismiss noise")
    app.until(lambda: {r.content for r in said.reactions} & {"rocket", "confused"}, "an answer")
    nested = app.github.user("ada").reply(finding, "/agent help")
    app.until(lambda: {r.content for r in nested.reactions} & {"rocket", "confused"}, "an answer")

    threads = [c.thread for c in pr.review_comments if c.user.login.endswith("[bot]")]
    assert threads == [finding.thread] * 3
    assert "F1" in pr.review_comments[2].body


def test_a_quoted_command_does_nothing(app: App) -> None:
    repo = _repo(app, "quoted")
    pr = repo.open_pull_request(LINT_BUG, author="ada", draft=True)
    comment = app.github.user("ada").comment(pr, "> /agent fix\nI would not.")

    _answered(app, pr, "ada", "/agent status")

    assert comment.reactions == []


def test_a_repository_has_the_defaults_of_its_organization_below_its_own(app: App) -> None:
    app.github.repo("acme/.github", base={"pullwright.yml": "max_comments: 3\nlanguage: de\n"})
    repo = app.github.repo(
        "acme/shop", base={**BASE, ".github/pullwright.yml": "max_comments: 5\n"}
    )
    repo.collaborator("ada", "write")
    pr = repo.open_pull_request(LINT_BUG, author="ada", draft=True)

    reply = _answered(app, pr, "ada", "/agent config")

    assert "max_comments = 5   # .github/pullwright.yml@" in reply
    assert 'language = "de"   # acme/.github/pullwright.yml@' in reply


def test_an_organization_file_that_is_wrong_is_said_once(app: App) -> None:
    app.github.repo("bolt/.github", base={"pullwright.yml": "max_coments: 3\n"})
    repo = app.github.repo("bolt/shop", base=BASE)
    repo.collaborator("ada", "write")
    pr = repo.open_pull_request(LINT_BUG, author="ada")
    _reviewed(app, repo, pr)
    pr.push({"c.py": "Y = 1\n"})
    _reviewed(app, repo, pr)

    (said,) = _ours(app, pr)
    assert "bolt/.github/pullwright.yml@" in said
    assert "unknown key" in said
    assert pr.review_comments == []
    assert [run.conclusion for run in repo.check_runs] == ["neutral", "neutral"]


def _group_check(app: App, repo: Repo, head: str) -> CheckRun:
    """Return the finished check of a merge group's head."""

    def found() -> list[CheckRun]:
        return [run for run in repo.check_runs if run.head_sha == head and run.conclusion]

    app.until(found, f"a check on the group's head {head}")
    return found()[0]


def test_a_merge_group_gets_the_verdict_of_its_pull_request(app: App) -> None:
    repo = _repo(app, "queue-of-one")
    pr = repo.open_pull_request({"c.py": "Y = 1\n"}, author="ada")
    _reviewed(app, repo, pr)
    verdict = repo.check_runs[-1].conclusion

    check = _group_check(app, repo, repo.merge_queue([pr]))

    assert check.conclusion == verdict
    assert str(check.title).startswith(f"As #{pr.number}: ")


def test_a_merge_group_of_two_names_the_one_that_was_not_reviewed(app: App) -> None:
    repo = _repo(app, "queue-of-two")
    draft = repo.open_pull_request({"d.py": "Z = 1\n"}, author="ada", draft=True)
    pr = repo.open_pull_request({"c.py": "Y = 1\n"}, author="ada")
    _reviewed(app, repo, pr)

    check = _group_check(app, repo, repo.merge_queue([draft, pr]))

    assert check.conclusion == "neutral"
    assert f"#{draft.number}" in str(check.title)
    assert f"#{pr.number} at {pr.head_sha[:12]}" in str(check.summary)
    assert f"#{draft.number} at {draft.head_sha[:12]}: not reviewed" in str(check.summary)


def test_the_dashboard_shows_the_review_of_a_pull_request_as_it_was(app: App) -> None:
    repo = _repo(app, "watched")
    pr = repo.open_pull_request(LINT_BUG, author="ada")
    _reviewed(app, repo, pr)
    visitor = Visitor(site_of(app.github.webhook_url or ""))

    runs = visitor.text("/runs")
    (row,) = [row for row in runs.split("<tr>") if f"octo/watched#{pr.number}<" in row]
    path = row.partition('href="')[2].partition('"')[0]
    page = visitor.text(path)

    assert "<b>lint</b>" in page
    assert "Why lint: U = " in page
    assert "imported but unused" in page
    assert visitor.text("/jobs/" + page.partition('href="/jobs/')[2].partition('"')[0])
    assert 'pullwright_steps_total{tool="finish"}' in visitor.text("/metrics")
    assert "octo/watched" in visitor.text("/findings?state=open")
    logs = "".join(log.read_text() for log in app.folder.glob("process-*.log"))
    assert f'"run": "{path.removeprefix("/runs/")}"' in logs
