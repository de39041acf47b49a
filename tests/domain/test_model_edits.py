import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.edits import EditRefused
from bot.domain.model_edits import ProposedEdit, patch_of

TEXT = b"def f(x):\n    y = x\n    return y\n\n\ndef g(x):\n    return y\n"


def _edit(search: str, replace: str, path: str = "a.py") -> ProposedEdit:
    return ProposedEdit(path=path, search=search, replace=replace)


def _after(*edits: ProposedEdit, data: bytes = TEXT) -> bytes:
    return patch_of(edits, {"a.py": data}).apply({"a.py": data})["a.py"]


def test_the_searched_lines_are_replaced_and_nothing_else() -> None:
    after = _after(_edit("    y = x\n    return y\n", "    return x\n"))

    assert after == b"def f(x):\n    return x\n\n\ndef g(x):\n    return y\n"


def test_a_final_line_feed_may_be_missing_in_what_is_searched() -> None:
    assert _after(_edit("    y = x", "    y = x + 1")).startswith(b"def f(x):\n    y = x + 1\n")


def test_line_ends_stay_those_of_the_file() -> None:
    data = TEXT.replace(b"\n", b"\r\n")

    after = _after(_edit("    y = x", "    y = 1\n    z = 2"), data=data)

    assert after.startswith(b"def f(x):\r\n    y = 1\r\n    z = 2\r\n    return y\r\n")


def test_a_file_without_a_last_line_feed_keeps_none() -> None:
    assert _after(_edit("b = 2", "b = 3"), data=b"a = 1\nb = 2") == b"a = 1\nb = 3"


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (_edit("    return y", "    return x"), "stand 2 times"),
        (_edit("    return z", "    return x"), "stand nowhere"),
        (_edit("y = x", "y = 1"), "stand nowhere"),
        (_edit("", "y = 1"), "searches for nothing"),
        (_edit("    y = x", "    y = x"), "change nothing"),
        (_edit("x", "y", path="../a.py"), "no file that you were shown"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(edit: ProposedEdit, reason: str) -> None:
    with pytest.raises(EditRefused, match=reason):
        _after(edit)


def test_no_edit_and_too_many_edits_are_refused() -> None:
    with pytest.raises(EditRefused, match="there is no edit"):
        _after()
    with pytest.raises(EditRefused, match="21 edits"):
        _after(*[_edit("    y = x", "    y = 1")] * 21)


@given(st.lists(st.text("abc \t", max_size=6), min_size=1, max_size=8), st.data())
def test_replacing_any_line_that_stands_once_changes_that_line_alone(
    rows: list[str], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(rows) - 1))
    row = rows[place]
    text = "".join(f"{r}\n" for r in rows).encode()
    if rows.count(row) != 1 or not row.strip():
        return

    after = _after(_edit(row, "new"), data=text)

    assert after.decode().split("\n")[:-1] == [*rows[:place], "new", *rows[place + 1 :]]
