"""Reviews of work that is not committed: what is in them, and that nothing is touched."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.adapters.git_workspace import CheckoutBudget, GitWorkspace, Uncommitted
from bot.errors import Refused, TooLarge
from tests.situations import RepoFixture, empty_repository, repository

Opener = Callable[..., GitWorkspace]
STAGED, WORKTREE = Uncommitted.STAGED, Uncommitted.WORKTREE


@pytest.fixture
def repo(tmp_path: Path) -> RepoFixture:
    """A staged change, a later one to the same file, a removed file and a new one."""
    base = {"a.py": b"1\n", "gone.py": b"g\n", "same.py": b"s\n", ".gitignore": b"*.log\n"}
    made = repository(tmp_path, base=base, head={"a.py": b"2\n"})
    made.write({"a.py": b"staged\n"})
    made.git("add", "a.py")
    made.write({"a.py": b"unstaged\n", "gone.py": None, "new.py": b"n\n", "x.log": b"l\n"})
    return made


def test_staged_work_is_what_a_commit_would_take(repo: RepoFixture, open_git: Opener) -> None:
    workspace = open_git(repo.path, uncommitted=STAGED)

    assert [file.path for file in workspace.diff().files] == ["a.py"]
    assert next(iter(workspace.files(workspace.change.head_sha, ["a.py"]))).data == b"staged\n"


def test_the_worktree_is_all_but_ignored_files(repo: RepoFixture, open_git: Opener) -> None:
    workspace = open_git(repo.path, uncommitted=WORKTREE)

    changed = {file.path: file.status.value for file in workspace.diff().files}
    assert changed == {"a.py": "modified", "gone.py": "deleted", "new.py": "added"}
    assert next(iter(workspace.files(workspace.change.head_sha, ["a.py"]))).data == b"unstaged\n"


def test_uncommitted_work_is_compared_to_head_unless_a_base_is_named(
    repo: RepoFixture, open_git: Opener
) -> None:
    on_head = open_git(repo.path, uncommitted=STAGED).change
    on_main = open_git(repo.path, uncommitted=STAGED, base="main").change

    assert on_head.merge_base_sha == repo.head_sha
    assert on_main.merge_base_sha == repo.base_sha
    assert on_head.head_sha == on_main.head_sha


def test_the_same_work_is_the_same_commit(repo: RepoFixture, open_git: Opener) -> None:
    first, second = (open_git(repo.path, uncommitted=WORKTREE).change for _ in range(2))

    assert first.head_sha == second.head_sha


@pytest.mark.parametrize("kind", [STAGED, WORKTREE])
def test_a_review_of_uncommitted_work_changes_no_byte_of_the_repository(
    kind: Uncommitted, repo: RepoFixture, open_git: Opener, tmp_path: Path
) -> None:
    before = contents(repo.path)

    with open_git(repo.path, uncommitted=kind) as workspace:
        workspace.diff()

    assert contents(repo.path) == before
    assert not list((tmp_path / "cache").glob(".*"))


def test_a_file_of_the_same_size_and_second_is_still_seen(tmp_path: Path, open_git: Opener) -> None:
    repo = repository(tmp_path, base={"a.py": b"1\n"}, head={"a.py": b"2\n"})
    repo.write({"a.py": b"3\n"})

    diff = open_git(repo.path, uncommitted=WORKTREE).diff()

    assert [file.path for file in diff.files] == ["a.py"]


@pytest.mark.parametrize(("kind", "what"), [(STAGED, "staged"), (WORKTREE, "changed")])
def test_no_uncommitted_work_is_nothing_to_review(
    kind: Uncommitted, what: str, tmp_path: Path, open_git: Opener
) -> None:
    repo = repository(tmp_path, base={"a.py": b"1\n"}, head={"a.py": b"2\n"})

    with pytest.raises(Refused, match=f"nothing to review: nothing is {what}"):
        open_git(repo.path, uncommitted=kind)


def test_unresolved_conflicts_are_resolved_first(repo: RepoFixture, open_git: Opener) -> None:
    blob = repo.git("rev-parse", "HEAD:a.py")
    rows = "".join(f"100644 {blob} {stage}\ta.py\n" for stage in (1, 2, 3))
    repo.git("update-index", "--index-info", stdin=b"0 " + b"0" * 40 + b"\ta.py\n" + rows.encode())

    with pytest.raises(Refused, match="unresolved conflicts"):
        open_git(repo.path, uncommitted=STAGED)


def test_a_file_that_became_a_folder_and_a_new_link_are_taken(
    repo: RepoFixture, open_git: Opener
) -> None:
    repo.write({"same.py": None})
    repo.write({"same.py/inner": b"i\n"})
    (repo.path / "link").symlink_to("/etc/passwd")

    workspace = open_git(repo.path, uncommitted=WORKTREE)

    entries = {entry.path: entry.mode for entry in workspace.entries(workspace.change.head_sha)}
    assert (entries["same.py/inner"], entries["link"]) == ("100644", "120000")


def test_a_folder_that_became_a_link_is_a_link(repo: RepoFixture, open_git: Opener) -> None:
    repo.write({"folder/x": b"x\n", "elsewhere/x": b"other\n"})
    repo.git("add", "folder")
    (repo.path / "folder").rename(repo.path / "moved")
    (repo.path / "folder").symlink_to("elsewhere")

    workspace = open_git(repo.path, uncommitted=WORKTREE)

    paths = [entry.path for entry in workspace.entries(workspace.change.head_sha)]
    assert {"folder", "elsewhere/x", "moved/x"} <= set(paths)
    assert "folder/x" not in paths


def test_line_endings_are_normalised_as_the_user_asked(repo: RepoFixture, open_git: Opener) -> None:
    repo.git("config", "core.autocrlf", "true")
    repo.write({"same.py": b"s\r\n"})

    diff = open_git(repo.path, uncommitted=WORKTREE).diff()

    assert "same.py" not in diff.by_path


def test_files_that_the_repository_excludes_are_left_out(
    repo: RepoFixture, open_git: Opener
) -> None:
    (repo.path / ".git" / "info").mkdir(exist_ok=True)
    (repo.path / ".git" / "info" / "exclude").write_text("new.py\n")

    diff = open_git(repo.path, uncommitted=WORKTREE).diff()

    assert "new.py" not in diff.by_path


def test_a_split_index_is_read(repo: RepoFixture, open_git: Opener) -> None:
    repo.git("update-index", "--split-index")

    diff = open_git(repo.path, uncommitted=STAGED).diff()

    assert [file.path for file in diff.files] == ["a.py"]


def test_a_forgotten_disk_image_is_refused_before_it_is_read(
    repo: RepoFixture, open_git: Opener
) -> None:
    with (repo.path / "disk.img").open("wb") as image:
        image.truncate(1 << 40)

    with pytest.raises(TooLarge, match=r"disk\.img brings the uncommitted work over"):
        open_git(repo.path, uncommitted=WORKTREE)


def test_a_budget_counts_uncommitted_files_too(repo: RepoFixture, open_git: Opener) -> None:
    with pytest.raises(TooLarge, match="has over 3 files"):
        open_git(repo.path, uncommitted=WORKTREE, budget=CheckoutBudget(entries=3))


def test_a_bare_repository_has_no_uncommitted_work(
    repo: RepoFixture, open_git: Opener, tmp_path: Path
) -> None:
    repo.git("clone", "-q", "--bare", repo.path, tmp_path / "bare.git")

    with pytest.raises(Refused, match="is bare: it has no working tree"):
        open_git(tmp_path / "bare.git", uncommitted=WORKTREE)


def test_staged_work_without_a_first_commit_is_refused(tmp_path: Path, open_git: Opener) -> None:
    with pytest.raises(Refused, match="has no commit yet"):
        open_git(empty_repository(tmp_path), uncommitted=STAGED)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
