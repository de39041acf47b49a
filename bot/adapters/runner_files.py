"""The files by which a GitHub runner and a step talk: the event, the outputs, the job summary."""

import json
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

from bot.domain.untrusted import one_line
from bot.domain.workflow_commands import fitted_summary, outputs
from bot.errors import Refused

MOST_EVENT_BYTES = 32 << 20
"""GitHub's own limit is 25 MB."""


def read_event(path: Path) -> object:
    """Return the event as JSON; raises Refused where the file is no event."""
    data = read_limited(path, MOST_EVENT_BYTES)
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Refused(f"{path} is not an event: {one_line(str(error))}") from error


def read_limited(path: Path, limit: int) -> bytes:
    """Return what is in a file; raises Refused where it cannot be read or is too large.

    A link is not followed and a pipe is not waited for: what an artifact holds is a stranger's.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(path, flags), "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise Refused(f"{path} is no file")
            data = stream.read(limit + 1)
    except OSError as error:
        raise Refused(f"cannot read {path}: {error.strerror}") from error
    if len(data) > limit:
        raise Refused(f"{path} has more than {limit:,} bytes")
    return data


def write_outputs(path: Path | None, values: Mapping[str, str]) -> None:
    """Append the outputs of the step; outside a runner there is no file, and nothing is written."""
    if path is not None:
        _append(path, outputs(values, f"pullwright_{secrets.token_hex(16)}"))


def write_summary(path: Path | None, text: str) -> None:
    """Append to the job summary, as much as GitHub takes; raises Refused where it takes nothing."""
    if path is None:
        return
    taken = _size(path)
    fitted = fitted_summary(text, taken=taken)
    if not fitted:
        raise Refused(f"cannot write {path}: {taken:,} bytes of another step fill the job summary")
    _append(path, fitted)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        # It is made by the first who writes; where it cannot be, writing says why.
        return 0


def _append(path: Path, text: str) -> None:
    try:
        with path.open("ab") as stream:
            stream.write(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise Refused(f"cannot write {path}: {error.strerror}") from error
