"""From a tool's positions to our lines, byte for byte."""

from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.analyzers.source import Columns, Source, Splice

_TEXT = st.lists(st.sampled_from([b"a", b"\n", b"\r\n", b"\r", b"\xc3\xa9", b"\xff", b"bc"]))
_DATA = _TEXT.map(b"".join)


@st.composite
def _spliced(draw: st.DrawFn) -> tuple[bytes, list[Splice]]:
    data = draw(_DATA)
    cuts = draw(st.lists(st.integers(0, len(data)), max_size=6, unique=True).map(sorted))
    pairs = zip(cuts[::2], cuts[1::2], strict=False)
    return data, [Splice(start, end, draw(_DATA)) for start, end in pairs]


@given(_spliced())
def test_the_patch_does_what_the_splices_say(case: tuple[bytes, list[Splice]]) -> None:
    data, splices = case
    expected = data
    for splice in reversed(splices):
        expected = expected[: splice.start] + splice.text + expected[splice.end :]

    patch = Source("a", data).patch(splices)

    assert (patch.apply({"a": data})["a"] if patch else data) == expected


@given(_DATA, st.integers(1, 9), st.integers(1, 9))
def test_every_position_is_inside_the_file(data: bytes, row: int, column: int) -> None:
    source = Source("a", data)

    assert 0 <= source.offset(row, column) <= len(data)
    assert 0 <= source.offset(row, column, Columns.UTF16) <= len(data)
    place = source.location(source.line_offset(row, column), len(data))
    assert 1 <= place.start_line <= place.end_line <= max(1, len(data.splitlines()) + 1)
    assert data.decode("utf-8", "surrogateescape").count(source.snippet(place)) >= 1


def test_overlapping_splices_give_no_patch() -> None:
    assert Source("a", b"abcd").patch([Splice(0, 2, b"x"), Splice(1, 3, b"y")]) is None


def test_a_splice_past_the_end_gives_no_patch() -> None:
    assert Source("a", b"abcd").patch([Splice(3, 9, b"x")]) is None


def test_a_patch_that_changes_nothing_is_no_patch() -> None:
    assert Source("a", b"abcd\n").patch([Splice(0, 1, b"a")]) is None


def test_a_new_first_line_is_an_insertion_and_no_rewrite_of_the_old_one() -> None:
    patch = Source("a", b"one\ntwo\n").patch([Splice(0, 0, b"zero\n")])

    assert patch is not None
    (edit,) = patch.edits
    assert (edit.start_line, edit.end_line, edit.old_text, edit.new_text) == (1, 0, "", "zero\n")


def test_columns_count_characters_or_utf_16_units() -> None:
    source = Source("a", "😀é = x\n".encode())

    assert source.offset(1, 3) == 6
    assert source.offset(1, 4, Columns.UTF16) == 6


def test_a_byte_order_mark_is_no_column() -> None:
    assert Source("a", b"\xef\xbb\xbfimport os\n").offset(1, 8) == 10


def test_a_span_of_many_lines_is_reported_at_its_first() -> None:
    data = b"line\n" * 40

    place = Source("a", data).location(10, 190)

    assert (place.start_line, place.end_line) == (3, 3)
