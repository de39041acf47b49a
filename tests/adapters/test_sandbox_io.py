"""Output without end fits in what was allowed, and names stay inside."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.sandbox_io import HeadAndTail, checked_path, with_places
from bot.errors import Refused


@given(st.lists(st.binary(max_size=30)), st.integers(0, 40))
def test_head_and_tail_are_the_first_and_last_bytes(pieces: list[bytes], limit: int) -> None:
    whole = b"".join(pieces)
    kept = HeadAndTail(limit)
    for piece in pieces:
        kept.feed(piece)

    assert kept.is_truncated == (len(whole) > limit)
    if not kept.is_truncated:
        assert kept.value() == whole
        return
    head, tail = limit // 2, limit - limit // 2
    assert kept.value().startswith(whole[:head])
    assert kept.value().endswith(whole[len(whole) - tail :])
    assert b"%d bytes left out" % (len(whole) - limit) in kept.value()


def test_a_gigabyte_in_small_pieces_is_kept_in_little_memory() -> None:
    kept = HeadAndTail(1000)
    for _ in range(10_000):
        kept.feed(b"x" * 100)

    assert sum(map(len, kept._tail)) < 2000


@pytest.mark.parametrize("path", ["", "/", "/a", "a/", "..", "a/../b", "a//b", "./a", "a\0b"])
def test_a_path_that_may_lead_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(Refused):
        checked_path(path)


def test_only_the_two_places_are_filled_in() -> None:
    argv = with_places(["{python}", "--x={out}/{a}", "{}"], out="/o", python="/p")

    assert argv == ["/p", "--x=/o/{a}", "{}"]
