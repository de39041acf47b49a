"""The files of runs: one for each, compressed, for the operator's eyes only.

A file is there whole or not at all. What is read back may come from anybody: it is bounded, and no
link is followed.
"""

import gzip
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from secrets import token_hex

from bot.domain.pull_request import printable
from bot.errors import Refused

MOST_BYTES = 96 << 20
"""Of one run, not compressed."""
_FIRST_LINE = 64 << 10
_SUFFIX = ".json.gz"
_NAME = re.compile(r"[0-9a-f]{8,64}")
_TEMPORARY = ".new-"


@dataclass(frozen=True, slots=True)
class RunFiles:
    """A folder of runs."""

    folder: Path

    def save(self, run_id: str, data: bytes) -> Path:
        """Write a run whole, over an older one of its id; raises Refused naming what went wrong."""
        target = self.folder / f"{_checked(run_id)}{_SUFFIX}"
        fresh = self.folder / f"{_TEMPORARY}{run_id}-{token_hex(4)}"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            descriptor = os.open(fresh, flags, 0o600)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    # No name and no time: equal runs are equal files.
                    file.write(gzip.compress(data, 6, mtime=0))
                    file.flush()
                    os.fsync(file.fileno())
                fresh.replace(target)
            finally:
                fresh.unlink(missing_ok=True)
        except OSError as error:
            raise Refused(f"cannot write {printable(str(target))}: {error.strerror}") from error
        return target

    def has(self, run_id: str) -> bool:
        """Tell whether a run is stored."""
        return (self.folder / f"{_checked(run_id)}{_SUFFIX}").exists()

    def load(self, run: str) -> bytes:
        """Return a run by its id, or that of a file; raises Refused saying what is wrong."""
        path = self._path(run)
        name = printable(run)
        try:
            with _opened(path) as file:
                data = file.read(MOST_BYTES + 1)
        except FileNotFoundError as error:
            raise Refused(
                f"there is no stored run {name}: `pullwright replay --list` shows those there are"
            ) from error
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise Refused(f"{name} is cut or damaged: {error}") from error
        except OSError as error:
            raise Refused(f"cannot read {name}: {error.strerror}") from error
        if len(data) > MOST_BYTES:
            raise Refused(f"{name} is over {MOST_BYTES:,} bytes: no run is that large")
        return data

    def remove(self, run_id: str) -> bool:
        """Remove a run and tell whether it was there; raises Refused naming what went wrong."""
        path = self.folder / f"{_checked(run_id)}{_SUFFIX}"
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise Refused(f"cannot remove {printable(str(path))}: {error.strerror}") from error
        return True

    def first_lines(self) -> Iterator[tuple[str, bytes]]:
        """Yield the id and the first line of each run, the newest first; damaged ones have none."""
        for path in sorted(self._files(), key=_age):
            line = b""
            with suppress(OSError, EOFError, zlib.error), _opened(path) as file:
                line = file.readline(_FIRST_LINE).rstrip(b"\n")
            yield path.name.removesuffix(_SUFFIX), line

    def purge(self, *, before: datetime) -> int:
        """Remove what is older, and what a killed process left; return how many runs went."""
        gone = 0
        for path in [*self._files(), *self.folder.glob(f"{_TEMPORARY}*")]:
            # Another process may purge at the same time.
            with suppress(OSError):
                if path.lstat().st_mtime < before.timestamp():
                    path.unlink()
                    gone += path.name.endswith(_SUFFIX)
        return gone

    def _path(self, run: str) -> Path:
        """Return the file of an id, or the file that was named."""
        is_name = _NAME.fullmatch(run) is not None
        return self.folder / f"{run}{_SUFFIX}" if is_name else Path(run).resolve()

    def _files(self) -> list[Path]:
        return [p for p in self.folder.glob(f"*{_SUFFIX}") if not p.name.startswith(".")]


@contextmanager
def _opened(path: Path) -> Iterator[gzip.GzipFile]:
    """Open a file, and let no pipe keep the reader waiting."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as raw, gzip.GzipFile(fileobj=raw, mode="rb") as file:
        yield file


def _age(path: Path) -> tuple[float, str]:
    try:
        return (-path.lstat().st_mtime, path.name)
    except OSError:
        return (0.0, path.name)


def _checked(run_id: str) -> str:
    if not _NAME.fullmatch(run_id):
        raise Refused(f"{printable(run_id)} is not the id of a run")
    return run_id
