"""Which commits a review of a local repository is about, and what is refused in one sentence."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.adapters.git_workspace import CheckoutBudget, GitWorkspace, Uncommitted, open_local
from bot.domain.ports import Workspace
from bot.errors import Refused, TooLarge
from tests.adapters.workspace_contract import BASE, CONTRACT, HEAD, Clause
from tests.situations import (
    RepoFixture,
    empty_repository,
    repository,
    repository_of_a_million_files,
    run_git,
    shallow_clone,
)

Opener = Callable[..., GitWorkspace]


@pytest.mark.parametrize("clause", CONTRACT, ids=lambda clause: clause.__name__)
def test_git_keeps_the_contract(clause: Clause, tmp_path: Path, open_git: Opener) -> None:
    repo = repository(tmp_path, base=BASE, head=HEAD)
    workspace: Workspace = open_git(repo.path)

    clause(workspace)


@pytest.fixture
def changed(tmp_path: Path) -> RepoFixture:
    return repository(tmp_path, base={"a.py": b"1\n"}, head={"a.py": b"2\n"}, upstream={"b": b"b"})


def test_the_base_is_main_and_the_diff_starts_where_the_branch_left_it(
    changed: RepoFixture, open_git: Opener
) -> None:
    change = open_git(changed.path).change

    assert change.base_sha == changed.base_sha
    assert change.merge_base_sha == changed.git("rev-parse", "main^")
    assert (change.head_sha, change.head_ref) == (changed.head_sha, "feature")
    assert (change.repo, change.author, change.title) == ("project", "Ada", "Head")


def test_the_default_branch_of_the_remote_comes_before_main(
    changed: RepoFixture, open_git: Opener
) -> None:
    changed.git("update-ref", "refs/remotes/origin/trunk", "main^")
    changed.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")

    assert open_git(changed.path).change.base_sha == changed.git("rev-parse", "main^")


def test_master_is_the_base_where_there_is_no_main(changed: RepoFixture, open_git: Opener) -> None:
    changed.git("branch", "--move", "main", "master")

    assert open_git(changed.path).change.base_sha == changed.base_sha


def test_without_any_usual_base_the_person_is_asked_for_one(
    changed: RepoFixture, open_git: Opener
) -> None:
    changed.git("branch", "--move", "main", "trunk")

    with pytest.raises(Refused, match="pass the base"):
        open_git(changed.path)


@pytest.mark.parametrize("head", ["feature", "refs/heads/feature", "HEAD", "feature~0"])
def test_a_head_is_named_in_any_way_that_git_understands(
    head: str, changed: RepoFixture, open_git: Opener
) -> None:
    assert open_git(changed.path, base="main", head=head).change.head_sha == changed.head_sha


def test_a_folder_inside_the_repository_is_enough(changed: RepoFixture, open_git: Opener) -> None:
    changed.write({"deep/er/c": b"c"})

    assert open_git(changed.path / "deep" / "er").change.head_sha == changed.head_sha


def test_a_linked_worktree_is_reviewed_on_its_own_branch(
    changed: RepoFixture, open_git: Opener, tmp_path: Path
) -> None:
    changed.git("worktree", "add", "-q", "-b", "other", tmp_path / "linked", "feature")

    change = open_git(tmp_path / "linked").change

    assert (change.repo, change.head_ref) == ("project", "other")


def test_a_repository_with_long_hashes_is_read(tmp_path: Path, open_git: Opener) -> None:
    repo = repository(tmp_path, base={"a": b"1\n"}, head={"a": b"2\n"}, object_format="sha256")
    workspace = open_git(repo.path)

    assert len(workspace.change.head_sha) == 64
    assert [file.data for file in workspace.files(repo.head_sha)] == [b"2\n"]


def test_nothing_of_the_users_repository_is_changed_or_left_behind(
    changed: RepoFixture, open_git: Opener, tmp_path: Path
) -> None:
    before = contents(changed.path)

    with open_git(changed.path) as workspace:
        workspace.diff()
        list(workspace.files(changed.head_sha))

    assert contents(changed.path) == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cache", "project"]
    assert sorted(p.suffix for p in (tmp_path / "cache").iterdir()) == ["", ".git"]


def test_closing_ends_the_process_that_reads_even_in_the_middle(
    changed: RepoFixture, open_git: Opener
) -> None:
    with open_git(changed.path) as workspace:
        next(iter(workspace.files(changed.head_sha)))
        process = workspace.reader._batch

    assert process.returncode is not None
    workspace.close()


def test_a_dirty_tree_is_reviewed_as_committed(changed: RepoFixture, open_git: Opener) -> None:
    changed.write({"a.py": b"dirty\n", "untracked": b""})

    workspace = open_git(changed.path)

    assert [file.data for file in workspace.files(changed.head_sha, ["a.py"])] == [b"2\n"]
    assert (changed.path / "a.py").read_bytes() == b"dirty\n"


def test_a_folder_without_a_repository_is_refused(tmp_path: Path, open_git: Opener) -> None:
    with pytest.raises(Refused, match="is not a git repository"):
        open_git(tmp_path)


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path, open_git: Opener) -> None:
    with pytest.raises(Refused, match="cannot be opened: No such file"):
        open_git(tmp_path / "none")


def test_a_repository_without_a_commit_is_refused(tmp_path: Path, open_git: Opener) -> None:
    path = empty_repository(tmp_path)

    with pytest.raises(Refused, match="has no commit yet: make one"):
        open_git(path)


def test_an_unknown_ref_names_the_nearest_one(changed: RepoFixture, open_git: Opener) -> None:
    with pytest.raises(Refused, match=r"^unknown ref featur: did you mean feature$"):
        open_git(changed.path, head="featur")


def test_a_base_that_is_the_head_leaves_nothing_to_review(
    changed: RepoFixture, open_git: Opener
) -> None:
    with pytest.raises(Refused, match=r"nothing to review: .* are the same commit .*--worktree"):
        open_git(changed.path, base="HEAD")


def test_a_head_that_is_in_the_base_already_leaves_nothing_to_review(
    changed: RepoFixture, open_git: Opener
) -> None:
    with pytest.raises(Refused, match=r"nothing to review: all of .* is in the base"):
        open_git(changed.path, head="main^")


def test_a_clone_too_shallow_for_the_merge_base_says_what_to_run(
    changed: RepoFixture, open_git: Opener, tmp_path: Path
) -> None:
    clone = shallow_clone(changed, tmp_path / "clone")

    with pytest.raises(Refused, match="run `git fetch --unshallow`"):
        open_git(clone, base="origin/main", head="origin/feature")


def test_branches_without_a_commit_in_common_are_refused(
    changed: RepoFixture, open_git: Opener
) -> None:
    tree = changed.git("rev-parse", "HEAD^{tree}")
    changed.git("branch", "alien", changed.git("commit-tree", "-m", "alien", tree))

    with pytest.raises(Refused, match="have no commit in common"):
        open_git(changed.path, head="alien")


def test_a_million_files_are_refused_before_any_is_read(tmp_path: Path, open_git: Opener) -> None:
    path = repository_of_a_million_files(tmp_path)

    with pytest.raises(TooLarge, match="has over 200000 files"):
        open_git(path)


def test_more_bytes_than_the_budget_are_refused(changed: RepoFixture, open_git: Opener) -> None:
    with pytest.raises(TooLarge, match="holds over 1 bytes"):
        open_git(changed.path, budget=CheckoutBudget(blob_bytes=1))


def test_a_partial_clone_says_how_to_complete_it(
    changed: RepoFixture, open_git: Opener, tmp_path: Path
) -> None:
    changed.git("config", "uploadpack.allowFilter", "true")
    url = f"file://{changed.path}"
    run_git(tmp_path, "clone", "-q", "--no-checkout", "--filter=blob:none", url, "partial")

    with pytest.raises(Refused, match=r"a\.py cannot be read: .* partial clone run"):
        open_git(tmp_path / "partial", base="origin/main", head="origin/feature")


def test_uncommitted_work_with_another_head_is_refused(
    changed: RepoFixture, open_git: Opener
) -> None:
    with pytest.raises(Refused, match="leave out the head"):
        open_git(changed.path, head="main", uncommitted=Uncommitted.STAGED)


def test_a_cache_folder_that_cannot_be_made_is_refused(changed: RepoFixture) -> None:
    cache = changed.path / "a.py" / "cache"
    budget = CheckoutBudget()

    with pytest.raises(Refused, match=r"the cache folder .* is not usable"):
        open_local(
            changed.path, base=None, head=None, uncommitted=Uncommitted.NONE, cache=cache,
            budget=budget,
        )  # fmt: skip


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
