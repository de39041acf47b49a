"""Where GitHub takes a comment, and what turning a hunk back means."""

from dataclasses import replace

import pytest

from bot.domain.diff import Diff, FileDiff, FileStatus, Hunk, LineKind, NotAnchorable, Side
from bot.domain.edits import EditRefused, Patch
from bot.domain.pull_request import Sha
from bot.domain.reversal import revert_edits

FIRST = Hunk(3, 4, 3, 5, b" c\n-d\n+D\n+D2\n e\n f\n")
SECOND = Hunk(20, 2, 21, 1, b" t\n-u\n")
CHANGED = "src/a.py"


def file(*hunks: Hunk, path: str = CHANGED, status: FileStatus = FileStatus.MODIFIED) -> FileDiff:
    return FileDiff(path, path, status, "100644", "100644", is_binary=False, hunks=hunks)


DIFF = Diff(
    Sha("a" * 40),
    Sha("b" * 40),
    (
        file(FIRST, SECOND),
        file(path="moved.py", status=FileStatus.RENAMED),
        replace(file(path="x.bin"), is_binary=True),
    ),
)


@pytest.mark.parametrize("line", [3, 4, 5, 6, 7, 21])
def test_a_comment_may_stand_on_added_and_context_lines(line: int) -> None:
    assert DIFF.anchor(CHANGED, line) == (CHANGED, Side.RIGHT, line, None)


@pytest.mark.parametrize("line", [3, 4, 5, 6, 20, 21])
def test_a_comment_on_the_left_may_stand_on_removed_and_context_lines(line: int) -> None:
    assert DIFF.anchor(CHANGED, line, Side.LEFT) == (CHANGED, Side.LEFT, line, None)


@pytest.mark.parametrize(
    ("line", "side"),
    [
        *((line, Side.RIGHT) for line in (-1, 0, 1, 2, 8, 20, 22, 10**9)),
        *((line, Side.LEFT) for line in (-1, 0, 1, 2, 7, 19, 22, 10**9)),
    ],
)
def test_no_comment_may_stand_outside_the_hunks(line: int, side: Side) -> None:
    with pytest.raises(NotAnchorable, match=f"src/a.py:{line} is in no hunk on the {side} side"):
        DIFF.anchor(CHANGED, line, side)


def test_a_range_ends_after_it_starts_inside_one_hunk() -> None:
    assert DIFF.anchor(CHANGED, 7, start_line=3) == (CHANGED, Side.RIGHT, 7, 3)
    assert DIFF.anchor(CHANGED, 6, Side.LEFT, start_line=4) == (CHANGED, Side.LEFT, 6, 4)


def test_a_range_of_one_line_is_a_comment_on_one_line() -> None:
    assert DIFF.anchor(CHANGED, 4, start_line=4).start_line is None


@pytest.mark.parametrize(("start", "line"), [(5, 4), (7, 21), (2, 4), (0, 4), (-3, 4)])
def test_a_range_that_is_reversed_or_leaves_its_hunk_is_refused(start: int, line: int) -> None:
    with pytest.raises(NotAnchorable, match="is not inside one hunk"):
        DIFF.anchor(CHANGED, line, start_line=start)


@pytest.mark.parametrize("path", ["moved.py", "x.bin"])
def test_a_renamed_or_binary_file_has_no_line_to_comment_on(path: str) -> None:
    with pytest.raises(NotAnchorable, match="is in no hunk"):
        DIFF.anchor(path, 1)


def test_a_file_outside_the_diff_has_none_either() -> None:
    with pytest.raises(NotAnchorable, match=r"a\\x1b is not in the diff"):
        DIFF.anchor("a\x1b", 1)


def test_touching_means_an_added_line_not_a_shown_one() -> None:
    assert DIFF.by_path[CHANGED].added_lines == frozenset({4, 5})
    assert DIFF.touches(CHANGED, 1, 4)
    assert DIFF.touches(CHANGED, 5, 10**9)
    assert not DIFF.touches(CHANGED, 6, 10**9)
    assert not DIFF.touches("elsewhere.py", 1, 9)


def test_lines_are_numbered_on_the_sides_where_they_exist() -> None:
    assert [(line.kind, line.old_number, line.new_number, line.text) for line in FIRST.lines] == [
        (LineKind.CONTEXT, 3, 3, "c\n"),
        (LineKind.REMOVED, 4, None, "d\n"),
        (LineKind.ADDED, None, 4, "D\n"),
        (LineKind.ADDED, None, 5, "D2\n"),
        (LineKind.CONTEXT, 5, 6, "e\n"),
        (LineKind.CONTEXT, 6, 7, "f\n"),
    ]


def test_a_hunk_turned_back_leaves_the_other_hunks_alone() -> None:
    head = b"a\nb\nc\nD\nD2\ne\nf\n" + b"-\n" * 13 + b"t\nv\n"

    first = Patch(revert_edits(DIFF.files[0], FIRST)).apply({CHANGED: head})[CHANGED]
    second = Patch(revert_edits(DIFF.files[0], SECOND)).apply({CHANGED: head})[CHANGED]

    assert first == head.replace(b"D\nD2\n", b"d\n")
    assert second == head.replace(b"t\n", b"t\nu\n")


def test_an_added_file_turned_back_is_empty() -> None:
    hunk = Hunk(0, 0, 1, 2, b"+a\n+b\n\\ No newline at end of file\n")
    added = file(hunk, status=FileStatus.ADDED)

    assert Patch(revert_edits(added, hunk)).apply({CHANGED: b"a\nb"}) == {CHANGED: b""}


@pytest.mark.parametrize("status", [FileStatus.DELETED, FileStatus.TYPE_CHANGED])
def test_what_is_no_text_at_head_cannot_be_turned_back_by_lines(status: FileStatus) -> None:
    hunk = Hunk(1, 1, 0, 0, b"-a\n")

    with pytest.raises(EditRefused, match="cannot be turned back line by line"):
        revert_edits(file(hunk, status=status), hunk)


def test_a_submodule_cannot_be_turned_back_by_lines() -> None:
    hunk = Hunk(1, 1, 1, 1, b"-Subproject commit 1\n+Subproject commit 2\n")
    bump = replace(file(hunk), old_mode="160000", new_mode="160000")

    with pytest.raises(EditRefused, match="cannot be turned back line by line"):
        revert_edits(bump, hunk)
