"""Repositories on a server, over real http on this machine."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bot.adapters.git_base import remote_base
from bot.adapters.git_remote import parse_remote
from bot.adapters.git_workspace import CheckoutBudget, GitWorkspace, open_remote
from bot.domain.ports import CommitMessage
from bot.errors import Refused, Retryable, TooLarge
from tests.fakes.git_server import GitServer, serving
from tests.situations import RepoFixture, repository

Opener = Callable[..., GitWorkspace]


@pytest.fixture
def repo(tmp_path: Path) -> RepoFixture:
    base, head = {"a.py": b"1\n", "b.py": b"b\n"}, {"a.py": b"2\n"}
    made = repository(
        tmp_path / "served", base=base, head=head, upstream={"c": b"c"}, name="o/n.git"
    )
    made.git("symbolic-ref", "HEAD", "refs/heads/main")
    made.git("config", "uploadpack.allowFilter", "true")
    return made


@pytest.fixture
def server(repo: RepoFixture, tmp_path: Path) -> Iterator[GitServer]:
    with serving(tmp_path / "served") as state:
        yield state


@pytest.fixture
def open_url(tmp_path: Path) -> Iterator[Opener]:
    with ExitStack() as stack:

        def opened(
            url: str,
            *,
            base: str | None = None,
            head: str | None = "feature",
            budget: CheckoutBudget | None = None,
        ) -> GitWorkspace:
            workspace = open_remote(
                url, base=base, head=head, cache=tmp_path / "cache",
                budget=budget or CheckoutBudget(), network={},
            )  # fmt: skip
            stack.callback(workspace.close)
            return workspace

        yield opened


def test_a_branch_on_a_server_is_reviewed_against_the_default_branch(
    server: GitServer, repo: RepoFixture, open_url: Opener
) -> None:
    workspace = open_url(f"{server.url}/o/n.git")

    change = workspace.change
    assert (change.repo, change.head_ref, change.title) == ("o/n", "feature", "Head")
    assert (change.base_sha, change.head_sha) == (repo.base_sha, repo.head_sha)
    assert change.merge_base_sha == repo.git("rev-parse", "main^")
    assert [file.path for file in workspace.diff().files] == ["a.py"]
    assert [f.data for f in workspace.files(repo.head_sha)] == [b"2\n", b"b\n"]


def test_commits_are_named_by_sha_or_pull_request_too(
    server: GitServer, repo: RepoFixture, open_url: Opener
) -> None:
    repo.git("update-ref", "refs/pull/7/head", "feature")
    repo.git("-c", "user.name=A", "-c", "user.email=a@b", "tag", "-a", "-m", "v", "v1", "feature")

    for head in (repo.head_sha, "refs/pull/7/head", "pull/7/head", "v1"):
        assert open_url(f"{server.url}/o/n.git", head=head).change.head_sha == repo.head_sha


def test_a_second_push_is_fetched_on_top_of_the_first(
    server: GitServer, repo: RepoFixture, open_url: Opener
) -> None:
    open_url(f"{server.url}/o/n.git").close()
    tree = repo.git("rev-parse", "main^{tree}")
    pushed = repo.git("commit-tree", "-p", "feature", "-m", "Push", tree)
    repo.git("update-ref", "refs/heads/feature", pushed)

    workspace = open_url(f"{server.url}/o/n.git")

    assert workspace.change.head_sha == pushed
    assert [file.path for file in workspace.diff().files] == ["c"]


def test_a_long_history_is_not_fetched(
    server: GitServer, repo: RepoFixture, open_url: Opener, tmp_path: Path
) -> None:
    rows = [f"reset refs/heads/main\nfrom {repo.base_sha}\n\n"]
    for number in range(500):
        person = "A <a@b> 1700000000 +0000"
        rows.append(
            f"commit refs/heads/main\ncommitter {person}\ndata 1\nx\n"
            f"M 644 inline big\ndata 9\n{number:09}\n"
        )
    repo.git("fast-import", "--quiet", "--force", stdin="".join(rows).encode())
    repo.git("update-ref", "refs/heads/late", repo.git("commit-tree", "-p", "main~3", "-m", "L",
             repo.git("rev-parse", "feature^{tree}")))  # fmt: skip

    workspace = open_url(f"{server.url}/o/n.git", head="late")

    assert workspace.change.merge_base_sha == repo.git("rev-parse", "main~3")
    assert workspace.mirror.git.text("rev-list", "--count", "--all") == "3"


def test_a_merge_base_further_back_is_looked_for_in_steps(
    server: GitServer, repo: RepoFixture, open_url: Opener
) -> None:
    tree = repo.git("rev-parse", "main^{tree}")
    tip = repo.base_sha
    for _ in range(60):
        tip = type(tip)(repo.git("commit-tree", "-p", tip, "-m", "On", tree))
    repo.git("update-ref", "refs/heads/main", tip)

    change = open_url(f"{server.url}/o/n.git").change

    assert change.merge_base_sha == repo.git("merge-base", "main", "feature")


def test_branches_without_a_commit_in_common_are_refused(
    server: GitServer, repo: RepoFixture, open_url: Opener
) -> None:
    tree = repo.git("rev-parse", "main^{tree}")
    repo.git("update-ref", "refs/heads/alien", repo.git("commit-tree", "-m", "alien", tree))

    with pytest.raises(Refused, match="have no commit in common"):
        open_url(f"{server.url}/o/n.git", head="alien")


def test_a_server_that_cannot_filter_serves_the_same_review(
    server: GitServer, repo: RepoFixture, open_url: Opener
) -> None:
    repo.git("config", "uploadpack.allowFilter", "false")

    assert open_url(f"{server.url}/o/n.git").diff().by_path.keys() == {"a.py"}


def test_an_unknown_branch_names_the_nearest(server: GitServer, open_url: Opener) -> None:
    with pytest.raises(Refused, match="unknown ref feture: did you mean feature"):
        open_url(f"{server.url}/o/n.git", head="feture")


@pytest.mark.parametrize("head", ["--upload-pack=touch x", "-x", "a;$(id)"])
def test_a_branch_name_from_outside_is_looked_up_and_never_run(
    head: str, server: GitServer, open_url: Opener, tmp_path: Path
) -> None:
    with pytest.raises(Refused, match="unknown ref"):
        open_url(f"{server.url}/o/n.git", head=head)

    assert not list(tmp_path.rglob("x"))


def test_the_default_branch_alone_is_nothing_to_review(server: GitServer, open_url: Opener) -> None:
    with pytest.raises(Refused, match="nothing to review"):
        open_url(f"{server.url}/o/n.git", head=None)


def test_files_of_the_default_branch_alone_can_be_read(server: GitServer, tmp_path: Path) -> None:
    found = remote_base(
        f"{server.url}/o/n.git", base=None, cache=tmp_path / "cache", budget=CheckoutBudget(),
        network={}, paths=("c", "none"),
    )  # fmt: skip

    assert (found.ref, found.files) == ("main", {"c": b"c"})


def test_a_repository_that_is_not_there_is_refused(server: GitServer, open_url: Opener) -> None:
    with pytest.raises(Refused, match="not found"):
        open_url(f"{server.url}/o/none.git")


def test_a_server_that_is_down_is_tried_again_later(server: GitServer, open_url: Opener) -> None:
    server.failure = 503

    with pytest.raises(Retryable, match="503"):
        open_url(f"{server.url}/o/n.git")


def test_a_commit_to_a_server_is_refused(server: GitServer, open_url: Opener) -> None:
    workspace = open_url(f"{server.url}/o/n.git")

    with pytest.raises(Refused, match="run this in a clone"):
        workspace.commit({"a.py": b"3\n"}, message=CommitMessage("Fix", "", ()))


def test_a_large_file_is_not_downloaded(
    server: GitServer, repo: RepoFixture, open_url: Opener
) -> None:
    budget = CheckoutBudget(blob_bytes=1 << 20)
    blob = repo.git("hash-object", "-w", "--stdin", stdin=os.urandom(3 << 20))
    tree = repo.git("mktree", stdin=f"100644 blob {blob}\ta.bin\n".encode())
    repo.git("update-ref", "refs/heads/big", repo.git("commit-tree", "-p", "main", "-m", "B", tree))

    with pytest.raises(TooLarge, match="over the budget"):
        open_url(f"{server.url}/o/n.git", head="big", budget=budget)


def test_a_credential_is_used_and_never_stored_or_shown(
    server: GitServer, open_url: Opener, tmp_path: Path
) -> None:
    server.credential = "ada:s3cret/word"
    url = server.url.replace("://", "://ada:s3cret%2Fword@")

    workspace = open_url(f"{url}/o/n.git")

    assert workspace.diff().files
    stored = b"".join(p.read_bytes() for p in (tmp_path / "cache").rglob("*") if p.is_file())
    assert b"s3cret" not in stored
    assert "s3cret" not in repr(workspace.change)


def test_a_wrong_credential_is_refused_without_showing_it(
    server: GitServer, open_url: Opener
) -> None:
    server.credential = "ada:right"
    url = server.url.replace("://", "://ada:wr0ng@")

    with pytest.raises(Refused) as caught:
        open_url(f"{url}/o/n.git")

    assert "wr0ng" not in str(caught.value)
    assert "may you read it" in str(caught.value)


def test_a_redirect_to_another_scheme_is_not_followed(server: GitServer, open_url: Opener) -> None:
    server.redirect = "file:///etc"

    with pytest.raises((Refused, Retryable)):
        open_url(f"{server.url}/o/n.git")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/o/n.git", "ssh://git@example.org/o/n", "git@example.org:o/n.git",
        "file:///srv/n.git", "ext::sh -c x", "-u./x", "https://", "https://h/a\nb", "/srv/n.git",
        "http://127.0.0.1.example.org/n.git", "http://localhost@example.org/n.git",
    ],
)  # fmt: skip
def test_only_https_and_http_to_this_machine_are_fetched(url: str) -> None:
    with pytest.raises(Refused):
        parse_remote(url)


def test_a_credential_is_no_part_of_a_remotes_url() -> None:
    remote = parse_remote("https://x-access-token:ghs_1@github.com/o/n.git")

    assert (remote.url, remote.name) == ("https://github.com/o/n.git", "o/n")
