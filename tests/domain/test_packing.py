from hypothesis import given
from hypothesis import strategies as st

from bot.domain.diff import Diff, FileDiff, FileStatus, Hunk
from bot.domain.packing import HunkKey, Packed, listing, pack, pieces
from bot.domain.pull_request import Sha
from bot.domain.risk import parts, risk_of

_SHA = Sha("1" * 40)


def _hunk(*added: str, start: int = 1, removed: tuple[str, ...] = ()) -> Hunk:
    body = "".join(f"-{row}\n" for row in removed) + "".join(f"+{row}\n" for row in added)
    return Hunk(start, len(removed), start, len(added), body.encode())


def _file(path: str, *hunks: Hunk) -> FileDiff:
    return FileDiff(path, path, FileStatus.MODIFIED, "100644", "100644", False, hunks)


def _diff(*files: FileDiff) -> Diff:
    return Diff(_SHA, _SHA, files)


def _all(diff: Diff) -> list[HunkKey]:
    return [(f.path, i) for f in diff.files for i in range(len(f.hunks))]


def _packed(diff: Diff, *, chunk_bytes: int = 400, most_chunks: int = 100) -> Packed:
    found = pieces(
        diff,
        _all(diff),
        risk=lambda file, hunk: risk_of(file, hunk, reached=None),
        piece_bytes=chunk_bytes // 2,
    )
    return pack(found, chunk_bytes=chunk_bytes, most_chunks=most_chunks)


def test_a_listing_numbers_the_lines_of_the_head_and_no_removed_one() -> None:
    hunk = Hunk(7, 2, 7, 2, b" same\n-old\n+new\n\\ No newline at end of file\n")

    assert "".join(text for text, _ in listing(hunk)) == "   7  same\n     -old\n   8 +new\n"


def test_a_hunk_that_is_too_long_is_read_in_parts_and_whole_only_with_all_of_them() -> None:
    diff = _diff(_file("a.py", _hunk(*(f"line {n} of a long hunk" for n in range(60)))))

    some = _packed(diff, most_chunks=1)
    everything = _packed(diff)

    assert some.left_out
    assert some.whole == frozenset()
    assert everything.whole == {("a.py", 0)}
    shown = "".join(p.text for chunk in everything.chunks for p in chunk)
    assert shown == "".join(text for text, _ in listing(diff.files[0].hunks[0]))


def test_what_could_do_harm_is_read_before_prose() -> None:
    risky = _hunk("if user.token != secret:", "    return login(user)")
    diff = _diff(_file("a.py", _hunk("x = 1")), _file("z.py", risky))

    packed = _packed(diff, chunk_bytes=70, most_chunks=1)

    assert {p.path for p in packed.chunks[0]} == {"z.py"}
    assert [p.path for p in packed.left_out] == ["a.py"]


def test_a_line_that_no_test_reaches_is_riskier_than_one_that_a_test_reaches() -> None:
    hunk = _hunk("x = 1", "y = 2")
    file = _file("a.py", hunk)

    assert risk_of(file, hunk, reached=set()) > risk_of(file, hunk, reached={1, 2})


def test_a_hunk_of_a_test_is_less_risky_than_the_same_hunk_of_code() -> None:
    hunk = _hunk("if x:", "    return 1")

    code = risk_of(_file("shop/cart.py", hunk), hunk, reached=None)
    test = risk_of(_file("tests/test_cart.py", hunk), hunk, reached=None)

    assert test < code


_ROWS = st.lists(st.text("abc =():é", max_size=60), min_size=1, max_size=30)
_FILES = st.dictionaries(
    st.sampled_from(("a.py", "b.py", "c/d.go", "tests/test_a.py")),
    st.lists(_ROWS, min_size=1, max_size=4),
    min_size=1,
)


@given(_FILES, st.integers(20, 900), st.integers(1, 6))
def test_every_piece_is_read_or_named_and_never_both(
    files: dict[str, list[list[str]]], chunk_bytes: int, most_chunks: int
) -> None:
    diff = _diff(
        *(
            _file(path, *(_hunk(*rows, start=1 + 100 * i) for i, rows in enumerate(hunks)))
            for path, hunks in files.items()
        )
    )

    packed = _packed(diff, chunk_bytes=chunk_bytes, most_chunks=most_chunks)

    read = [piece for chunk in packed.chunks for piece in chunk]
    assert len(packed.chunks) <= most_chunks
    assert not set(read) & set(packed.left_out)
    assert {p.key for p in (*read, *packed.left_out)} == set(_all(diff))
    assert packed.whole | {p.key for p in packed.left_out} == set(_all(diff))
    for chunk in packed.chunks:
        assert len(chunk) == 1 or sum(p.size_bytes for p in chunk) <= chunk_bytes


@given(_ROWS, st.sets(st.integers(1, 30)))
def test_every_part_of_a_risk_is_a_share(rows: list[str], reached: set[int]) -> None:
    hunk = _hunk(*rows, removed=("old",))
    file = _file("a.py", hunk)

    assert all(0 <= share <= 1 for share in parts(file, hunk, reached=reached).values())
    assert 0 <= risk_of(file, hunk, reached=reached) <= 1
