"""What a fix commit does to the user's repository, and what it never does."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.adapters.git_commit import render_message
from bot.adapters.git_workspace import GitWorkspace, Uncommitted
from bot.domain.ports import CommitMessage
from bot.errors import Refused
from tests.situations import Link, Program, RepoFixture, repository, run_git

Opener = Callable[..., GitWorkspace]
MESSAGE = CommitMessage("Fix F1", "Remove an unused import.", (("Pullwright-Run", "7"),))


@pytest.fixture
def repo(tmp_path: Path) -> RepoFixture:
    base = {"a.py": b"1\n", "b.py": b"b\n", "run.sh": Program(b"#!/bin/sh\n")}
    made = repository(tmp_path, base=base, head={"a.py": b"2\n", "link": Link(b"a.py")})
    made.git("config", "user.name", "Grace")
    made.git("config", "user.email", "grace@example.org")
    return made


def test_the_branch_the_index_and_the_file_move_together(
    repo: RepoFixture, open_git: Opener
) -> None:
    sha = open_git(repo.path).commit({"a.py": b"3\n"}, message=MESSAGE)

    assert repo.git("rev-parse", "HEAD", "HEAD^", "feature").split() == [sha, repo.head_sha, sha]
    assert (repo.path / "a.py").read_bytes() == b"3\n"
    assert repo.git("status", "--porcelain") == ""
    assert repo.git("symbolic-ref", "HEAD") == "refs/heads/feature"
    repo.git("fsck", "--strict")


def test_the_commit_is_the_users_and_its_trailers_are_trailers(
    repo: RepoFixture, open_git: Opener
) -> None:
    open_git(repo.path).commit({"a.py": b"3\n"}, message=MESSAGE)

    people = "Grace <grace@example.org>"
    assert repo.git("log", "-1", "--format=%an <%ae>|%cn <%ce>") == f"{people}|{people}"
    assert repo.git("log", "-1", "--format=%(trailers:only,unfold)").strip() == "Pullwright-Run: 7"
    assert repo.git("reflog", "-1", "--format=%gs", "feature") == "pullwright: fix"


def test_without_a_configured_person_the_commit_is_ours(
    repo: RepoFixture, open_git: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.git("config", "user.name", "")
    repo.git("config", "user.email", "")

    open_git(repo.path).commit({"a.py": b"3\n"}, message=MESSAGE)

    assert repo.git("log", "-1", "--format=%an") == "Pullwright"


def test_an_executable_stays_executable(repo: RepoFixture, open_git: Opener) -> None:
    open_git(repo.path).commit({"run.sh": b"#!/bin/sh\nexit\n"}, message=MESSAGE)

    assert repo.git("ls-tree", "HEAD", "run.sh").startswith("100755")
    assert (repo.path / "run.sh").stat().st_mode & 0o111


def test_unrelated_uncommitted_work_survives_a_commit(repo: RepoFixture, open_git: Opener) -> None:
    repo.write({"b.py": b"staged\n"})
    repo.git("add", "b.py")
    repo.write({"b.py": b"and more\n", "untracked": b"u\n"})

    open_git(repo.path).commit({"a.py": b"3\n"}, message=MESSAGE)

    assert repo.git("show", ":b.py") == "staged"
    assert (repo.path / "b.py").read_bytes() == b"and more\n"
    assert (repo.path / "untracked").read_bytes() == b"u\n"
    assert repo.show("HEAD", "b.py") == b"b\n"


@pytest.mark.parametrize("is_staged", [False, True])
def test_uncommitted_work_in_the_way_refuses_the_commit_and_loses_nothing(
    is_staged: bool, repo: RepoFixture, open_git: Opener
) -> None:
    repo.write({"a.py": b"mine\n"})
    if is_staged:
        repo.git("add", "a.py")
    index = (repo.path / ".git" / "index").read_bytes()

    with pytest.raises(Refused, match=r"a\.py has uncommitted work in the way"):
        open_git(repo.path).commit({"a.py": b"3\n", "b.py": b"4\n"}, message=MESSAGE)

    assert repo.git("rev-parse", "HEAD") == repo.head_sha
    assert (repo.path / "a.py").read_bytes() == b"mine\n"
    assert (repo.path / "b.py").read_bytes() == b"b\n"
    assert (repo.path / ".git" / "index").read_bytes() == index


def test_a_file_that_was_only_touched_is_not_in_the_way(
    repo: RepoFixture, open_git: Opener
) -> None:
    (repo.path / "a.py").touch()

    open_git(repo.path).commit({"a.py": b"3\n"}, message=MESSAGE)

    assert (repo.path / "a.py").read_bytes() == b"3\n"


def test_a_branch_that_is_not_checked_out_moves_without_touching_files(
    repo: RepoFixture, open_git: Opener
) -> None:
    repo.git("checkout", "-q", "main")

    sha = open_git(repo.path, head="feature").commit({"a.py": b"3\n"}, message=MESSAGE)

    assert repo.git("rev-parse", "feature") == sha
    assert (repo.path / "a.py").read_bytes() == b"1\n"
    assert repo.git("status", "--porcelain") == ""


def test_a_branch_that_is_checked_out_elsewhere_is_refused(
    repo: RepoFixture, open_git: Opener, tmp_path: Path
) -> None:
    repo.git("checkout", "-q", "main")
    repo.git("worktree", "add", "-q", tmp_path / "linked", "feature")

    with pytest.raises(Refused, match=r"feature is checked out in .*linked: commit from there"):
        open_git(repo.path, head="feature").commit({"a.py": b"3\n"}, message=MESSAGE)


def test_a_commit_from_a_linked_worktree_moves_its_own_files(
    repo: RepoFixture, open_git: Opener, tmp_path: Path
) -> None:
    repo.git("worktree", "add", "-q", "-b", "other", tmp_path / "linked", "feature")

    open_git(tmp_path / "linked").commit({"a.py": b"3\n"}, message=MESSAGE)

    assert (tmp_path / "linked" / "a.py").read_bytes() == b"3\n"
    assert run_git(tmp_path / "linked", "status", "--porcelain") == ""
    assert repo.git("status", "--porcelain") == ""


def test_a_commit_in_a_bare_repository_moves_the_branch(
    repo: RepoFixture, open_git: Opener, tmp_path: Path
) -> None:
    run_git(tmp_path, "clone", "-q", "--bare", repo.path, "bare.git")

    sha = open_git(tmp_path / "bare.git").commit({"a.py": b"3\n"}, message=MESSAGE)

    assert run_git(tmp_path / "bare.git", "rev-parse", "feature") == sha


def test_a_branch_that_moved_meanwhile_is_not_moved_back(
    repo: RepoFixture, open_git: Opener
) -> None:
    workspace = open_git(repo.path)
    repo.git("commit", "-q", "--allow-empty", "-m", "Somebody else")
    theirs = repo.git("rev-parse", "HEAD")

    with pytest.raises(Refused, match=r"feature moved to .* meanwhile: review it again"):
        workspace.commit({"a.py": b"3\n"}, message=MESSAGE)

    assert repo.git("rev-parse", "HEAD") == theirs
    assert (repo.path / "a.py").read_bytes() == b"2\n"


def test_a_branch_that_another_git_is_writing_leaves_all_as_it_was(
    repo: RepoFixture, open_git: Opener
) -> None:
    workspace = open_git(repo.path)
    (repo.path / ".git" / "refs" / "heads" / "feature.lock").touch()

    with pytest.raises(Refused, match="git update-ref failed"):
        workspace.commit({"a.py": b"3\n"}, message=MESSAGE)

    assert (repo.path / "a.py").read_bytes() == b"2\n"
    assert repo.git("status", "--porcelain") == ""


def test_an_index_that_another_git_is_writing_leaves_all_as_it_was(
    repo: RepoFixture, open_git: Opener
) -> None:
    workspace = open_git(repo.path)
    (repo.path / ".git" / "index.lock").touch()

    with pytest.raises(Refused, match=r"index\.lock.*nothing was changed"):
        workspace.commit({"a.py": b"3\n"}, message=MESSAGE)

    assert repo.git("rev-parse", "HEAD") == repo.head_sha
    assert (repo.path / "a.py").read_bytes() == b"2\n"


def test_a_detached_head_says_to_make_a_branch(repo: RepoFixture, open_git: Opener) -> None:
    repo.git("checkout", "-q", "--detach")
    workspace = open_git(repo.path)

    with pytest.raises(Refused, match="git switch --create NAME"):
        workspace.commit({"a.py": b"3\n"}, message=MESSAGE)

    assert not workspace.change.can_push


def test_uncommitted_work_is_committed_before_a_fix(repo: RepoFixture, open_git: Opener) -> None:
    repo.write({"a.py": b"mine\n"})
    workspace = open_git(repo.path, uncommitted=Uncommitted.WORKTREE)

    with pytest.raises(Refused, match="commit the work first"):
        workspace.commit({"a.py": b"3\n"}, message=MESSAGE)


def test_a_merge_under_way_is_finished_first(repo: RepoFixture, open_git: Opener) -> None:
    workspace = open_git(repo.path)
    (repo.path / ".git" / "MERGE_HEAD").write_text(repo.base_sha)

    with pytest.raises(Refused, match=r"operation under way \(MERGE_HEAD\)"):
        workspace.commit({"a.py": b"3\n"}, message=MESSAGE)


def test_a_split_index_is_refused_rather_than_broken(repo: RepoFixture, open_git: Opener) -> None:
    repo.git("update-index", "--split-index")

    with pytest.raises(Refused, match="the index is split"):
        open_git(repo.path).commit({"a.py": b"3\n"}, message=MESSAGE)


def test_line_endings_in_the_working_tree_follow_the_users_setting(
    repo: RepoFixture, open_git: Opener
) -> None:
    repo.git("config", "core.autocrlf", "true")

    open_git(repo.path).commit({"b.py": b"x\ny\n"}, message=MESSAGE)

    assert (repo.path / "b.py").read_bytes() == b"x\r\ny\r\n"
    assert repo.show("HEAD", "b.py") == b"x\ny\n"


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (MESSAGE, "Fix F1\n\nRemove an unused import.\n\nPullwright-Run: 7\n"),
        (CommitMessage("Fix\nF1 ", "", ()), "Fix F1\n"),
        (CommitMessage("Fix", "", (("A", "1\nB: 2"), ("C", "3"))), "Fix\n\nA: 1 B: 2\nC: 3\n"),
    ],
)
def test_a_message_is_subject_body_and_trailers(message: CommitMessage, text: str) -> None:
    assert render_message(message) == text


def test_what_stands_in_the_way_of_a_fix_is_known_without_one(
    repo: RepoFixture, open_git: Opener
) -> None:
    repo.write({"a.py": b"mine\n"})

    with pytest.raises(Refused, match=r"^a\.py has uncommitted work.*commit or stash it first"):
        open_git(repo.path).check_commit()


def test_work_beside_the_change_stands_in_no_way(repo: RepoFixture, open_git: Opener) -> None:
    repo.write({"b.py": b"mine\n", "new.py": b"mine\n"})
    (repo.path / "a.py").touch()
    index = (repo.path / ".git" / "index").read_bytes()

    open_git(repo.path).check_commit()

    assert (repo.path / ".git" / "index").read_bytes() == index


def test_a_head_that_is_no_branch_is_refused_with_what_to_do(
    repo: RepoFixture, open_git: Opener
) -> None:
    repo.git("checkout", "-q", "--detach")

    with pytest.raises(Refused, match=r"git switch --create NAME.*--no-commit"):
        open_git(repo.path).check_commit()
