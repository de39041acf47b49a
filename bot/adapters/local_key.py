"""The key of this machine's names: made at the first use, and for its owner alone."""

import os
import re
import shlex
import stat
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from bot.domain.pull_request import printable
from bot.errors import Refused

_BYTES = 32
_KEY = re.compile(r"[0-9a-f]{64}\n?")


def local_key(file: Path) -> bytes:
    """Return the key, made where there is none; raises Refused saying what is wrong with it."""
    name = printable(str(file))
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not file.exists():
            _make(file)
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as opened:
            mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
            text = opened.read(200).decode("ascii", "replace")
    except OSError as error:
        raise Refused(f"cannot use the key {name}: {error.strerror}") from error
    if mode & 0o077:
        quoted = shlex.quote(str(file))
        raise Refused(
            f"others can read the key {name} (mode {mode:04o}), so its names are no secret: "
            f"remove it for new names, or type `chmod 600 {quoted}`"
        )
    if not _KEY.fullmatch(text):
        raise Refused(
            f"{name} is not the key that was made: restore it, or remove it for new names"
        )
    return bytes.fromhex(text.strip())


def _make(file: Path) -> None:
    """Put a whole key there, unless another process does so at the same time."""
    fresh = file.with_name(f".new-{file.name}-{token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(f"{token_hex(_BYTES)}\n")
            opened.flush()
            os.fsync(descriptor)
        with suppress(FileExistsError):
            os.link(fresh, file)
    finally:
        fresh.unlink()
