import base64
import subprocess
from pathlib import Path

from tests.github_simulator import GitHub, PullRequest, Status
from tests.github_simulator.bot import Bot
from tests.situations import ENVIRONMENT


def _fetch(
    folder: Path, url: str, what: str, *, token: str = ""
) -> subprocess.CompletedProcess[bytes]:
    subprocess.run(["git", "init", "-q", folder], env=ENVIRONMENT, check=True)
    encoded = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    header = ["-c", f"http.extraHeader=Authorization: Basic {encoded}"] if token else []
    argv = ["git", "-C", str(folder), *header, "fetch", "-q", url, what]
    return subprocess.run(argv, env=ENVIRONMENT, capture_output=True, check=False)


def _has(folder: Path, sha: str) -> bool:
    argv = ["git", "-C", str(folder), "cat-file", "-e", sha]
    return subprocess.run(argv, env=ENVIRONMENT, check=False, capture_output=True).returncode == 0


def test_the_head_of_a_fork_is_fetched_from_the_base(
    github: GitHub, bot: Bot, tmp_path: Path
) -> None:
    repo = github.repos[0]
    pr = repo.open_pull_request({"a.py": "a\n"}, author="eve", fork=True)

    done = _fetch(
        tmp_path / "clone", repo.clone_url, f"refs/pull/{pr.number}/head", token=bot.token
    )

    assert done.returncode == 0, done.stderr
    assert _has(tmp_path / "clone", pr.head_sha)
    assert github.requests("POST", "/git/octo/shop.git")[0].credential == "token 1"


def test_a_commit_is_fetched_by_its_sha(
    github: GitHub, bot: Bot, pr: PullRequest, tmp_path: Path
) -> None:
    old = pr.head_sha
    pr.force_push({"shop.py": "x\n"})

    assert _fetch(tmp_path / "clone", pr.repo.clone_url, old, token=bot.token).returncode == 0


def test_a_private_repository_wants_a_token_that_sees_it(
    github: GitHub, bot: Bot, tmp_path: Path
) -> None:
    secret = github.repo("octo/secret", private=True)
    url = secret.clone_url
    assert _fetch(tmp_path / "none", url, "main").returncode != 0
    assert _fetch(tmp_path / "bad", url, "main", token="ghs_bad").returncode != 0  # noqa: S106 no token
    narrow = bot.sign_in(repository_ids=[github.repos[0].id])
    assert _fetch(tmp_path / "narrow", url, "main", token=narrow).returncode != 0

    assert _fetch(tmp_path / "good", url, "main", token=bot.sign_in()).returncode == 0


def test_fetching_needs_contents_read(github: GitHub, bot: Bot, tmp_path: Path) -> None:
    token = bot.sign_in({"pull_requests": "write"})

    done = _fetch(tmp_path / "clone", github.repos[0].clone_url, "main", token=token)

    assert b"403" in done.stderr


def test_git_can_fail_too(github: GitHub, bot: Bot, tmp_path: Path) -> None:
    github.faults.add("*", "/git/*", Status(503))

    done = _fetch(tmp_path / "clone", github.repos[0].clone_url, "main", token=bot.token)

    assert b"503" in done.stderr


def test_contents_trees_blobs_and_refs_are_those_of_git(
    github: GitHub, bot: Bot, pr: PullRequest
) -> None:
    path = "/repos/octo/shop"
    content = bot.get(f"{path}/contents/new.py?ref={pr.head_sha}").json()
    assert base64.b64decode(content["content"]) == b"x = 1\n"
    assert bot.get(f"{path}/contents/new.py").status_code == 404

    commit = bot.get(f"{path}/git/commits/{pr.head_sha}").json()
    tree = bot.get(f"{path}/git/trees/{commit['tree']['sha']}").json()["tree"]
    blob = next(one for one in tree if one["path"] == "new.py")
    assert blob["mode"] == "100644"
    assert (
        base64.b64decode(bot.get(f"{path}/git/blobs/{blob['sha']}").json()["content"]) == b"x = 1\n"
    )
    assert bot.get(f"{path}/branches/feature").json()["commit"]["sha"] == pr.head_sha
    assert bot.get(f"{path}/commits/{pr.head_sha}/pulls").json()[0]["number"] == 1


def test_a_branch_is_created_once_at_a_known_commit(
    github: GitHub, bot: Bot, pr: PullRequest
) -> None:
    path = "/repos/octo/shop/git/refs"
    body = {"ref": "refs/heads/pullwright/fix-1", "sha": pr.head_sha}

    assert bot.post(path, body).status_code == 201
    assert bot.post(path, body).json()["message"] == "Reference already exists"
    assert bot.post(path, {**body, "ref": "fix"}).status_code == 422
    assert bot.post(path, {"ref": "refs/heads/x", "sha": "f" * 40}).status_code == 422
    assert bot.get("/repos/octo/shop/git/ref/heads/pullwright/fix-1").status_code == 200
    assert bot.send("DELETE", f"{path}/heads/pullwright/fix-1").status_code == 204
    assert bot.get("/repos/octo/shop/git/ref/heads/pullwright/fix-1").status_code == 404


def test_a_stacked_pull_request_is_opened_once_and_has_commits(
    github: GitHub, bot: Bot, pr: PullRequest
) -> None:
    path = "/repos/octo/shop/pulls"
    ref = {"ref": "refs/heads/pullwright/fix", "sha": pr.head_sha}
    bot.post("/repos/octo/shop/git/refs", ref)
    body = {"title": "Fix", "head": "pullwright/fix", "base": "feature"}
    assert "No commits between" in bot.post(path, body).json()["errors"][0]["message"]
    github.repos[0].push("pullwright/fix", {"new.py": "x = 2\n"})

    made = bot.post(path, body)

    assert (made.status_code, made.json()["base"]["ref"]) == (201, "feature")
    assert "already exists" in bot.post(path, body).json()["errors"][0]["message"]
    assert len(bot.get(f"{path}?head=octo:pullwright/fix").json()) == 1
