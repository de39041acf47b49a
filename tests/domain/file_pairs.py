"""Pairs of file contents that look like trouble: line ends, structure as content, odd bytes."""

from hypothesis import strategies as st

Pair = tuple[bytes, bytes]

_BODIES = (
    *(b"a", b"b", b"c", b"", b" ", b"\t", b"-", b"+", b"\\", b"\x0c", b"\x0b", b"\x1c", b"x\ry"),
    *(b"@@ -1 +1 @@", b"-- a/x", b"++ b/x", b"diff --git a/x b/x", b"Binary files a and b differ"),
    *(b"\\ No newline at end of file", b"\xff\xfe", b"\xc3", b"\xa9", "\u2028\u0085é".encode()),
)
_ENDS = (b"\n", b"\n", b"\n", b"\r\n", b"\r\r\n", b"\r")
_LINES = st.builds(bytes.__add__, st.sampled_from(_BODIES), st.sampled_from(_ENDS))
_BLOCKS = st.lists(_LINES, max_size=4)
_DISTINCT = tuple(b"line %d\n" % n for n in range(200))


@st.composite
def file_pairs(draw: st.DrawFn, *, with_nul: bool = False) -> Pair:
    """Long runs of kept lines between changed blocks, so that a pair has several hunks."""
    old: list[bytes] = []
    new: list[bytes] = []
    for _ in range(draw(st.integers(0, 6))):
        start, length = draw(st.integers(0, 180)), draw(st.integers(0, 16))
        kept = _DISTINCT[start : start + length]
        old += [*kept, *draw(_BLOCKS)]
        new += [*kept, *draw(_BLOCKS)]
    tail = draw(_BLOCKS)
    pair = [b"".join(lines + tail) for lines in (old, new)]
    for side in (0, 1):
        if draw(st.booleans()):
            pair[side] = pair[side].removesuffix(b"\n")
    if with_nul and draw(st.integers(0, 5)) == 0:
        pair[1] += b"\0"
    return pair[0], pair[1]


def batches(*, with_nul: bool = False) -> st.SearchStrategy[list[Pair]]:
    """Many files for one commit, because a process of git costs more than a file."""
    return st.lists(file_pairs(with_nul=with_nul), min_size=1, max_size=12)
