"""Bare repositories of ours, one for each repository under review, in one cache folder.

A mirror of a local repository borrows its objects (`objects/info/alternates`), so nothing is copied
whatever the size; it holds only the commits that we make. A mirror of a remote one holds what was
fetched. A mirror in use is locked with a shared `flock`; the least recently used of the others go
when all together are over the size limit.
"""

import fcntl
import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bot.adapters.git_process import Git, write_config
from bot.domain import git_names
from bot.domain.pull_request import printable
from bot.errors import Refused, Retryable

CACHE_LIMIT_BYTES = 10 << 30
ABANDONED_S = 24 * 3600
"""A temporary folder of a process that was killed is removed when it is this old."""

LOCK = "pullwright.lock"
WRITE_LOCK = "pullwright.write"
POLL_S = 0.05
_TEMPORARY = (".new-", ".old-", ".index-", ".config-")


@dataclass(frozen=True)
class Mirror:
    """One bare repository of ours, held until `close`."""

    path: Path
    git: Git
    """Runs in the mirror."""
    lock: IO[bytes]

    def borrow(self, objects: Path) -> None:
        """Read the objects of another repository as if they were in this one."""
        alternates = self.path / "objects" / "info" / "alternates"
        line = git_names.header_name(os.fsencode(objects)) + b"\n"
        if not alternates.is_file() or alternates.read_bytes() != line:
            fresh = alternates.with_name(f"alternates-{os.getpid()}")
            fresh.write_bytes(line)
            fresh.replace(alternates)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold off every other fetch into this mirror; raises Retryable when one takes too long."""
        with (self.path / WRITE_LOCK).open("ab") as file:
            deadline = time.monotonic() + self.git.timeout_s
            while not _locked(file, fcntl.LOCK_EX):
                if time.monotonic() > deadline:
                    raise Retryable("another run is still fetching the same repository")
                time.sleep(POLL_S)
            yield

    def close(self) -> None:
        """Let the mirror be pruned; safe to call twice."""
        self.lock.close()


@dataclass(frozen=True, slots=True)
class MirrorCache:
    """The folder of mirrors; only its owner may look inside."""

    folder: Path
    timeout_s: float
    limit_bytes: int = CACHE_LIMIT_BYTES

    def git(self) -> Git:
        """Return a git without a transport, and make the cache folder when it is missing."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.chmod(0o700)
            config = write_config(self.folder)
        except OSError as error:
            place = printable(str(self.folder))
            raise Refused(f"the cache folder {place} is not usable: {error.strerror}") from error
        return Git(config, self.folder, self.timeout_s)

    def open(self, name: str, *, object_format: str = "sha1") -> Mirror:
        """Return the mirror for a repository, made when missing, and prune the others."""
        git = self.git()
        path = self.folder / _folder_name(name, object_format)
        while True:
            if not path.is_dir():
                self._create(path, git=git, object_format=object_format)
            lock = _held(path)
            if lock is not None:
                break
            # Another process is moving it away right now.
            time.sleep(POLL_S)
        os.utime(path)
        self.prune()
        return Mirror(path, git.inside(path), lock)

    def prune(self) -> None:
        """Remove mirrors that nobody uses, the least recently used first, down to the limit."""
        self._sweep()
        mirrors = sorted(self.folder.glob("*.git"), key=_used_at, reverse=True)
        total = 0
        for path in mirrors:
            total += size_bytes(path)
            if total > self.limit_bytes and self._remove(path):
                total = max(0, self.limit_bytes)

    def _create(self, path: Path, *, git: Git, object_format: str) -> None:
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=".new-") as new:
            fresh = Path(new) / "mirror"
            git.run(
                "init", "--quiet", "--bare", "--template=", f"--object-format={object_format}",
                str(fresh),
            )  # fmt: skip
            (fresh / "objects" / "info").mkdir(exist_ok=True)
            try:
                fresh.rename(path)
            except OSError:
                # Another process was faster: its mirror is as good.
                if not path.is_dir():
                    raise

    def _remove(self, path: Path) -> bool:
        lock = _held(path, fcntl.LOCK_EX)
        if lock is None:
            return False
        with lock, tempfile.TemporaryDirectory(dir=self.folder, prefix=".old-") as old:
            path.rename(Path(old) / "mirror")
        return True

    def _sweep(self) -> None:
        """Remove what killed processes left behind."""
        for path in self.folder.iterdir():
            if path.name.startswith(_TEMPORARY) and _used_at(path) < time.time() - ABANDONED_S:
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)


def _folder_name(name: str, object_format: str) -> str:
    digest = hashlib.sha256(os.fsencode(f"{object_format} {name}")).hexdigest()[:16]
    readable = re.sub(r"[^A-Za-z0-9]+", "-", name.removesuffix("/.git").rpartition("/")[2])[:40]
    return f"{readable}-{digest}.git"


def _held(path: Path, kind: int = fcntl.LOCK_SH) -> IO[bytes] | None:
    """Return the locked lock file of a mirror, or None where the mirror is gone or in use."""
    try:
        file = (path / LOCK).open("ab")
    except FileNotFoundError:
        return None
    # Between opening and locking, a pruning process may have moved the mirror away.
    if _locked(file, kind) and (path / LOCK).exists() and _is_same(file, path / LOCK):
        return file
    file.close()
    return None


def _locked(file: IO[bytes], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_same(file: IO[bytes], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _used_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def size_bytes(path: Path) -> int:
    """Return how many bytes a mirror holds; a file that vanishes meanwhile counts as nothing."""
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                total += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118 hot loop
            except FileNotFoundError:
                continue
    return total
