"""What a container says is cut into its two streams however the bytes arrive."""

import itertools
import time
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.docker_engine import ByteStream
from bot.adapters.docker_watch import Said, listen
from bot.domain.evidence import StopReason
from bot.errors import SandboxFailed


class Pieces:
    """A stream that gives the pieces it was made of, then its end."""

    def __init__(self, pieces: list[bytes], end: Exception | None = None) -> None:
        self.pieces, self.end = pieces, end

    def receive(self, *, timeout_s: float) -> bytes:
        if self.pieces:
            return self.pieces.pop(0)
        if self.end:
            raise self.end
        return b""


def heard(stream: Pieces, *, deadline_s: float | None = None, most_bytes: int = 1 << 20) -> Said:
    deadline_s = time.monotonic() + 60 if deadline_s is None else deadline_s
    source = cast("ByteStream", stream)
    return listen(source, deadline_s=deadline_s, keep_bytes=1 << 20, most_bytes=most_bytes)


def frame(number: int, data: bytes) -> bytes:
    return bytes([number, 0, 0, 0]) + len(data).to_bytes(4, "big") + data


@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=40))), st.data())
def test_streams_are_told_apart_wherever_the_bytes_are_cut(
    frames: list[tuple[int, bytes]], data: st.DataObject
) -> None:
    whole = b"".join(frame(*one) for one in frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    edges = [0, *cuts, len(whole)]
    pieces = [whole[a:b] for a, b in itertools.pairwise(edges) if a < b]

    said = heard(Pieces(pieces))

    assert said.stdout.value() == b"".join(text for number, text in frames if number == 1)
    assert said.stderr.value() == b"".join(text for number, text in frames if number == 2)
    assert said.stop is StopReason.EXITED


def test_too_much_of_both_streams_together_ends_it() -> None:
    pieces = [frame(1, b"x" * 60), frame(2, b"y" * 60), frame(1, b"z" * 60)]

    said = heard(Pieces(pieces), most_bytes=100)

    assert said.stop is StopReason.OUTPUT_LIMIT
    assert len(pieces) == 1


def test_a_silent_stream_ends_with_the_time() -> None:
    said = heard(Pieces([frame(1, b"begun")], TimeoutError()))

    assert (said.stop, said.stdout.value()) == (StopReason.TIMEOUT, b"begun")


def test_a_loud_stream_ends_with_the_time_too() -> None:
    assert heard(Pieces([b"x"]), deadline_s=time.monotonic()).stop is StopReason.TIMEOUT


def test_an_engine_that_hangs_up_is_a_failure() -> None:
    with pytest.raises(SandboxFailed, match="hung up"):
        heard(Pieces([], ConnectionResetError()))
