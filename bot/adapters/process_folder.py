"""Private temporary folders: made, owned by a lock, and removed whatever is in them."""

import contextlib
import fcntl
import os
import shutil
import stat
import subprocess
import tempfile
import time
from pathlib import Path
from typing import BinaryIO

from bot.errors import SandboxFailed

PREFIX = "pullwright-sandbox-"
YOUNG_S = 60.0
"""A folder younger than this may belong to a process that has not locked it yet."""


def private_folder(parent: Path | None) -> tuple[Path, BinaryIO]:
    """Return a folder of our own and the lock that says its owner lives; remove those of the dead.

    The lock dies with its process, so a folder that can be locked belongs to nobody.
    """
    root = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    lock = (root / "lock").open("wb")
    fcntl.flock(lock, fcntl.LOCK_EX)
    for other in root.parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError, SandboxFailed):
            facts = other.lstat()
            is_ours = stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.getuid()
            if is_ours and time.time() - facts.st_mtime > YOUNG_S:
                _remove_if_ownerless(other)
    return root, lock


def _remove_if_ownerless(root: Path) -> None:
    with (root / "lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        remove(root)


def remove(path: Path) -> None:
    """Remove whatever a run left there: locked folders, endless nesting, links in our place."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    with contextlib.suppress(OSError, RecursionError):
        shutil.rmtree(path)
    if path.exists():
        for tool in (["chmod", "-R", "u+rwx"], ["rm", "-rf"]):
            subprocess.run([*tool, "--", path], check=False, capture_output=True)
    if path.exists():
        raise SandboxFailed(f"could not remove {path}: remove it by hand")
