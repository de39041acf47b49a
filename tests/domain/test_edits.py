"""Patches that apply byte for byte or not at all, and diffs that git takes."""

import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.edits import Edit, EditRefused, Patch, Taken, edits_between, unified_diff, union
from tests.domain.real_git import apply

TREE = {"a.py": b"one\ntwo\nthree\n", "b.py": b"one\r\ntwo"}


def patch(*edits: tuple[int, int, str, str], path: str = "a.py") -> Patch:
    return Patch(tuple(Edit(path, *edit) for edit in edits))


def test_edits_of_several_files_apply_together() -> None:
    both = union([patch((2, 2, "two\n", "2\n")), patch((2, 2, "two", "2"), path="b.py")])

    assert both.apply(TREE) == {"a.py": b"one\n2\nthree\n", "b.py": b"one\r\n2"}
    assert both.paths == ("a.py", "b.py")


def test_edits_are_in_the_old_file_s_lines_whatever_their_order() -> None:
    edits = patch((3, 3, "three\n", ""), (1, 0, "", "zero\nhalf\n"), (2, 2, "two\n", "2\n2\n"))

    assert edits.apply(TREE) == {"a.py": b"zero\nhalf\none\n2\n2\n"}
    assert edits.changed_lines == 6


@pytest.mark.parametrize(
    ("line", "after"),
    [(1, b"x\none\ntwo\nthree\n"), (3, b"one\ntwo\nx\nthree\n"), (4, b"one\ntwo\nthree\nx\n")],
)
def test_an_insertion_goes_before_its_line_or_at_the_end(line: int, after: bytes) -> None:
    assert patch((line, line - 1, "", "x\n")).apply(TREE) == {"a.py": after}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a", b"a\n"),
        (b"a\n", b"a"),
        (b"", b"a"),
        (b"a", b""),
        (b"\xff\n", b"\xfe\r\n"),
        (b"\0", b""),
    ],
)
def test_the_final_line_feed_and_odd_bytes_are_kept_or_changed_exactly(
    before: bytes, after: bytes
) -> None:
    found = Patch(edits_between("x", before, after)).apply({"x": before})

    assert found == {"x": after}


@pytest.mark.parametrize(
    "edit",
    [
        (2, 2, "two", "2\n"),
        (2, 2, "Two\n", "2\n"),
        (4, 4, "four\n", ""),
        (5, 4, "", "x\n"),
        (3, 4, "three\nfour\n", ""),
    ],
)
def test_an_edit_that_does_not_fit_the_file_is_refused(edit: tuple[int, int, str, str]) -> None:
    with pytest.raises(EditRefused, match=r"a\.py:\d does not read as the edit expects"):
        patch(edit).apply(TREE)


@pytest.mark.parametrize(
    "edit",
    [
        (0, 0, "one\n", "x\n"),
        (0, -1, "", "x\n"),
        (-1, -1, "three\n", "x\n"),
        (3, 1, "", "x\n"),
        (1, 2, "one\n", "x\n"),
        (1, 1, "one\ntwo\n", "x\n"),
        (1, 1, "", "x\n"),
        (2, 1, "two\n", "x\n"),
    ],
)
def test_a_range_that_is_not_its_text_s_is_refused(edit: tuple[int, int, str, str]) -> None:
    with pytest.raises(EditRefused, match="is not the range of the old text"):
        patch(edit)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((1, 2, "one\ntwo\n", ""), (2, 2, "two\n", "")),
        ((1, 3, "one\ntwo\nthree\n", ""), (2, 2, "two\n", "")),
        ((2, 1, "", "x\n"), (2, 1, "", "y\n")),
        ((2, 1, "", "x\n"), (2, 2, "two\n", "y\n")),
        ((1, 2, "one\ntwo\n", ""), (2, 1, "", "y\n")),
    ],
)
def test_edits_that_touch_the_same_place_are_refused(
    first: tuple[int, int, str, str], second: tuple[int, int, str, str]
) -> None:
    with pytest.raises(EditRefused, match="two edits overlap"):
        patch(first, second)
    assert patch(first).overlaps(patch(second))


def test_neighbours_do_not_overlap() -> None:
    both = patch((1, 1, "one\n", "1\n"), (2, 2, "two\n", "2\n"), (3, 2, "", "x\n"))

    assert both.apply(TREE) == {"a.py": b"1\n2\nx\nthree\n"}


def test_the_same_edit_twice_is_one_edit_of_a_union() -> None:
    one = patch((1, 1, "one\n", "1\n"))

    assert union([one, one]) == one


@pytest.mark.parametrize(
    ("path", "edit"),
    [
        ("a.py", (1, 1, "one\n", "1")),
        ("a.py", (2, 1, "", "x")),
        ("b.py", (3, 2, "", "three\n")),
    ],
)
def test_an_edit_may_not_join_two_lines(path: str, edit: tuple[int, int, str, str]) -> None:
    with pytest.raises(EditRefused, match="would join two lines"):
        patch(edit, path=path).apply(TREE)


def test_a_text_that_is_no_utf_8_is_refused() -> None:
    with pytest.raises(EditRefused, match="is not UTF-8"):
        patch((1, 1, "one\n", "\ud800\n")).apply(TREE)


def test_a_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(EditRefused, match=r"a\\x1b\.py is not in the tree"):
        patch((1, 0, "", "x\n"), path="a\x1b.py").apply(TREE)


NAMES = (
    *(b"plain", b"sp ace", b" lead", b"tab\tname", b'quo"te', b"back\\slash", b"new\nline"),
    *(b"\xff\xfe", "é.py".encode(), b"a\rb", b"\x01", b"n" * 255, b"x\n@@ -1 +1 @@", b"--- a"),
    *(b"-lead", b"a b", b"b\t ", b"\x7f"),
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", b"a\nb\n"),
        (b"", b"a"),
        (b"a\nb\n", b""),
        (b"a", b""),
        (b"a\n", b"a"),
        (b"a", b"a\n"),
        (b"a\r\nb\r\n", b"a\r\nc\r\n"),
        (b"a\rb", b"a\rc"),
        (b"\n" * 20, b"\n" * 9 + b"x" + b"\n" * 12),
    ],
)
def test_git_apply_takes_any_name_with_any_content(before: bytes, after: bytes) -> None:
    edits = [
        edit
        for name in NAMES
        for edit in edits_between(name.decode("utf-8", "surrogateescape"), before, after)
    ]
    files = {edit.path: before for edit in edits}
    text = Patch(tuple(edits)).unified(files).encode("utf-8", "surrogateescape")

    with tempfile.TemporaryDirectory() as folder:
        found = apply(text, dict.fromkeys(NAMES, before), Path(folder))

    assert found == dict.fromkeys(NAMES, after)


def test_far_changes_are_separate_hunks_and_near_ones_share_one() -> None:
    lines = [b"%d\n" % n for n in range(1, 31)]
    after = [b"x\n" if n in (2, 9, 25) else line for n, line in enumerate(lines, 1)]

    text = unified_diff("a", b"".join(lines), b"".join(after))

    assert [row for row in text.split("\n") if row.startswith("@@")] == [
        "@@ -1,12 +1,12 @@",
        "@@ -22,7 +22,7 @@",
    ]


def test_equal_files_have_no_edits_and_no_diff() -> None:
    assert edits_between("x", b"a\n", b"a\n") == ()
    assert unified_diff("x", b"a\n", b"a\n") == ""
    assert Patch(()).unified({}) == ""


def test_files_full_of_the_same_line_are_compared_quickly() -> None:
    before = b"".join(b"}\n\n%d\n" % (n // 3) for n in range(8000))
    after = before.replace(b"5\n", b"6\n")
    start = time.process_time()

    edits = edits_between("x", before, after)

    assert Patch(edits).apply({"x": before}) == {"x": after}
    assert time.process_time() - start < 5


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 3)), max_size=8))
def test_patches_are_taken_one_by_one_as_their_union_would_take_them(
    ranges: list[tuple[int, int]],
) -> None:
    taken, union_so_far = Taken(), Patch(())
    for start, count in ranges:
        one = patch((start, start + count - 1, "x\n" * count, "y\n"))
        try:
            union_so_far, fits = union((union_so_far, one)), True
        except EditRefused:
            fits = False

        assert taken.take(one) == fits


def test_twenty_thousand_patches_of_one_file_are_taken_in_a_moment() -> None:
    patches = [patch((n, n, "x\n", "y\n")) for n in range(20_000, 0, -1)]
    started = time.process_time()
    taken = Taken()

    assert all(taken.take(one) for one in patches)
    assert not any(taken.take(patch((n, n, "x\n", "z\n"))) for n in range(1, 20_000))
    assert time.process_time() - started < 5
