"""What every workspace promises. Each test module of a workspace runs every clause on it.

A clause is handed the workspace for `BASE` and `HEAD`, on a branch that is checked out and clean.
"""

from collections.abc import Callable

import pytest

from bot.domain.diff import FileStatus
from bot.domain.ports import CommitMessage, SourceFile, TreeEntry, Workspace
from bot.domain.pull_request import Sha
from bot.errors import Refused
from tests.situations import Link, Program, Tree

Clause = Callable[[Workspace], None]

BASE: Tree = {
    "a.py": b"one\ntwo\nthree\n",
    "gone.py": b"gone\n",
    "run.sh": Program(b"echo 1\n"),
    "src/b.py": b"b\n",
}
HEAD: Tree = {
    "a.py": b"one\n2\nthree",
    "gone.py": None,
    "image.png": b"\x89PNG\0\n",
    "link": Link(b"/etc/passwd"),
    "new\udcff.py": b"new\n",
}
MESSAGE = CommitMessage("Fix F1", "Because.", (("Pullwright-Run", "7"),))


def the_diff_names_what_happened_to_each_file(workspace: Workspace) -> None:
    diff = workspace.diff()

    assert {file.path: file.status for file in diff.files} == {
        "a.py": FileStatus.MODIFIED,
        "gone.py": FileStatus.DELETED,
        "image.png": FileStatus.ADDED,
        "link": FileStatus.ADDED,
        "new\udcff.py": FileStatus.ADDED,
    }
    assert diff.head_sha == workspace.change.head_sha
    assert diff.merge_base_sha == workspace.change.merge_base_sha


def the_diff_numbers_lines_as_git_does(workspace: Workspace) -> None:
    file = workspace.diff().by_path["a.py"]

    assert file.added_lines == {2, 3}
    assert [line.text for line in file.hunks[0].lines] == [
        "one\n", "two\n", "three\n", "2\n", "three",
    ]  # fmt: skip
    assert workspace.diff().by_path["image.png"].is_binary


def the_diff_is_the_same_object_at_every_call(workspace: Workspace) -> None:
    assert workspace.diff() is workspace.diff()


def entries_are_sorted_and_complete(workspace: Workspace) -> None:
    assert list(workspace.entries(workspace.change.head_sha)) == [
        TreeEntry("a.py", "100644", 11),
        TreeEntry("image.png", "100644", 6),
        TreeEntry("link", "120000", 11),
        TreeEntry("new\udcff.py", "100644", 4),
        TreeEntry("run.sh", "100755", 7),
        TreeEntry("src/b.py", "100644", 2),
    ]


def files_are_regular_and_a_symlink_is_its_target(workspace: Workspace) -> None:
    assert list(workspace.files(workspace.change.head_sha)) == [
        SourceFile("a.py", b"one\n2\nthree"),
        SourceFile("image.png", b"\x89PNG\0\n"),
        SourceFile("link", b"/etc/passwd"),
        SourceFile("new\udcff.py", b"new\n"),
        SourceFile("run.sh", b"echo 1\n", is_executable=True),
        SourceFile("src/b.py", b"b\n"),
    ]


def only_those_of_the_paths_that_exist_are_yielded(workspace: Workspace) -> None:
    wanted = ["src/b.py", "gone.py", "src", "../etc/passwd", "a.py"]

    files = workspace.files(workspace.change.head_sha, wanted)

    assert [file.path for file in files] == ["a.py", "src/b.py"]


def the_merge_base_is_read_like_the_head(workspace: Workspace) -> None:
    files = workspace.files(workspace.change.merge_base_sha, ["gone.py", "a.py"])

    assert [file.data for file in files] == [b"one\ntwo\nthree\n", b"gone\n"]


def a_commit_that_does_not_exist_is_refused(workspace: Workspace) -> None:
    with pytest.raises(Refused):
        list(workspace.files(Sha("12" * 20)))


def a_commit_changes_those_files_and_keeps_modes(workspace: Workspace) -> None:
    before = workspace.entries(workspace.change.head_sha)

    sha = workspace.commit({"run.sh": b"echo 2\n", "new\udcff.py": b"x\n"}, message=MESSAGE)

    after = workspace.entries(sha)
    assert [(e.path, e.mode) for e in after] == [(e.path, e.mode) for e in before]
    assert [f.data for f in workspace.files(sha, ["run.sh", "new\udcff.py"])] == [
        b"x\n",
        b"echo 2\n",
    ]


def a_commit_of_a_file_that_the_head_lacks_is_refused(workspace: Workspace) -> None:
    with pytest.raises(Refused, match=r"gone\.py is not a regular file"):
        workspace.commit({"gone.py": b"back\n"}, message=MESSAGE)


def a_commit_over_a_symlink_is_refused(workspace: Workspace) -> None:
    with pytest.raises(Refused, match="link is not a regular file"):
        workspace.commit({"link": b"text\n"}, message=MESSAGE)


def a_commit_without_a_change_is_refused(workspace: Workspace) -> None:
    with pytest.raises(Refused, match="nothing to commit"):
        workspace.commit({"src/b.py": b"b\n"}, message=MESSAGE)


def a_second_commit_is_refused_because_the_branch_moved(workspace: Workspace) -> None:
    workspace.commit({"a.py": b"1\n"}, message=MESSAGE)

    with pytest.raises(Refused, match="feature moved to"):
        workspace.commit({"a.py": b"2\n"}, message=MESSAGE)


CONTRACT: tuple[Clause, ...] = (
    the_diff_names_what_happened_to_each_file,
    the_diff_numbers_lines_as_git_does,
    the_diff_is_the_same_object_at_every_call,
    entries_are_sorted_and_complete,
    files_are_regular_and_a_symlink_is_its_target,
    only_those_of_the_paths_that_exist_are_yielded,
    the_merge_base_is_read_like_the_head,
    a_commit_that_does_not_exist_is_refused,
    a_commit_changes_those_files_and_keeps_modes,
    a_commit_of_a_file_that_the_head_lacks_is_refused,
    a_commit_over_a_symlink_is_refused,
    a_commit_without_a_change_is_refused,
    a_second_commit_is_refused_because_the_branch_moved,
)
