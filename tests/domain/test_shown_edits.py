"""Any patch has one form as an answer, and reads back as itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.edits import EditRefused, Patch, edits_between
from bot.domain.model_edits import patch_of
from bot.domain.shown_edits import proposed_edits

LINES = st.lists(st.sampled_from(["a", "b", "  c", "", "def f():"]), min_size=1, max_size=12)


def patch(before: str, after: str) -> Patch:
    return Patch(edits_between("a.py", before.encode(), after.encode()))


def test_as_few_lines_as_stand_only_once_are_searched() -> None:
    before = "x = 1\ny = 2\nx = 1\nz = 3\n"
    files = {"a.py": before.encode()}

    (edit,) = proposed_edits(patch(before, "x = 1\ny = 2\nx = 9\nz = 3\n"), files)

    assert (edit.search, edit.replace) == ("y = 2\nx = 1\nz = 3\n", "y = 2\nx = 9\nz = 3\n")


def test_two_edits_far_apart_are_two() -> None:
    before = "".join(f"x{n} = {n}\n" for n in range(9))
    after = before.replace("x1 = 1\n", "").replace("x7 = 7", "x7 = 8")

    edits = proposed_edits(patch(before, after), {"a.py": before.encode()})

    assert [(edit.search, edit.replace) for edit in edits] == [
        ("x1 = 1\n", ""), ("x7 = 7\n", "x7 = 8\n"),
    ]  # fmt: skip


@given(LINES, LINES)
def test_what_is_searched_and_replaced_is_the_patch(old: list[str], new: list[str]) -> None:
    before, after = ("\n".join(["first", *each, "last", ""]) for each in (old, new))
    made, files = patch(before, after), {"a.py": before.encode()}
    if not made.edits:
        return

    assert patch_of(proposed_edits(made, files), files).apply(files) == {"a.py": after.encode()}


def test_blank_lines_at_the_end_have_no_such_form() -> None:
    before = "a\n\n\n"

    with pytest.raises(EditRefused, match="no form"):
        proposed_edits(patch(before, "a\n"), {"a.py": before.encode()})
