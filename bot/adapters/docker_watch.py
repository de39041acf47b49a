"""Reads what a container says until it ends, says too much, or its time is over."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from bot.adapters.docker_engine import ByteStream
from bot.adapters.sandbox_io import HeadAndTail
from bot.domain.evidence import StopReason
from bot.errors import SandboxFailed

_HEADER_BYTES = 8
_STDERR = 2


@dataclass(frozen=True, slots=True)
class Said:
    """What came out, and why reading ended; `exited` means both outputs were closed."""

    stdout: HeadAndTail
    stderr: HeadAndTail
    stop: StopReason


def listen(stream: ByteStream, *, deadline_s: float, keep_bytes: int, most_bytes: int) -> Said:
    """Read until the end, `deadline_s` on the monotonic clock, or `most_bytes` of both streams."""
    said = Said(HeadAndTail(keep_bytes), HeadAndTail(keep_bytes), StopReason.EXITED)
    total = 0
    try:
        for number, data in _frames(stream, deadline_s):
            (said.stderr if number == _STDERR else said.stdout).feed(data)
            total += len(data)
            if total > most_bytes:
                return Said(said.stdout, said.stderr, StopReason.OUTPUT_LIMIT)
    except TimeoutError:
        return Said(said.stdout, said.stderr, StopReason.TIMEOUT)
    except OSError as error:
        raise SandboxFailed(f"docker hung up on a running command: {error}") from error
    return said


def _frames(stream: ByteStream, deadline_s: float) -> Iterator[tuple[int, bytes]]:
    """Yield pieces with their stream's number; a large frame comes in several pieces.

    Format: docs.docker.com/reference/api/engine, "Stream format" of "Attach to a container".
    """
    pending = bytearray()
    number = missing = 0
    while data := _receive(stream, deadline_s):
        pending += data
        while len(pending) >= (1 if missing else _HEADER_BYTES):
            if not missing:
                number, missing = pending[0], int.from_bytes(pending[4:_HEADER_BYTES], "big")
                del pending[:_HEADER_BYTES]
                continue
            piece = bytes(pending[:missing])
            del pending[: len(piece)]
            missing -= len(piece)
            yield number, piece


def _receive(stream: ByteStream, deadline_s: float) -> bytes:
    left_s = deadline_s - time.monotonic()
    if left_s <= 0:
        raise TimeoutError
    return stream.receive(timeout_s=left_s)
