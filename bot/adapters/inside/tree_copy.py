"""A copy of the tree's files in memory: what a trial deletes or overwrites comes back."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import Any

MOST_BYTES = 256 << 20
_SKIPPED = frozenset({".git", "__pycache__", "node_modules", ".venv"})


class TreeCopy:
    """Knows every file of a tree by what `stat` says of it, and can bring it back."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files: dict[str, tuple[bytes, int]] = {}
        self._marks: dict[str, Any] = {}
        self._volatile: set[str] = set()
        room = MOST_BYTES
        for path in self._walk():
            with contextlib.suppress(OSError):
                facts = os.lstat(path)
                room -= facts.st_size
                if stat.S_ISREG(facts.st_mode) and room > 0:
                    self._files[path] = (Path(path).read_bytes(), facts.st_mode)
                    self._marks[path] = _mark(path)

    def data(self, path: str) -> bytes:
        """Return a file as it was; raises KeyError for one that was not there."""
        return self._files[str(self._root / path)][0]

    def tolerate(self) -> None:
        """Take files that the tests themselves have changed by now as ones that may change."""
        changed = set(self._changed())
        self._volatile |= changed
        for path in changed:
            self._bring_back(path)

    def restore(self) -> bool:
        """Bring everything back; tell whether a file was changed that no test changes."""
        changed = list(self._changed())
        for path in changed:
            self._bring_back(path)
        for path in self._walk() if changed else ():
            if path not in self._files:
                with contextlib.suppress(OSError):
                    os.unlink(path)
        return bool(set(changed) - self._volatile)

    def write(self, path: str, data: bytes) -> None:
        """Change a file until the next `restore`."""
        (self._root / path).write_bytes(data)

    def _changed(self) -> list[str]:
        return [path for path, mark in self._marks.items() if _mark(path) != mark]

    def _bring_back(self, path: str) -> None:
        data, mode = self._files[path]
        with contextlib.suppress(OSError):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if os.path.lexists(path):
                os.unlink(path)
            Path(path).write_bytes(data)
            os.chmod(path, mode)
        self._marks[path] = _mark(path)

    def _walk(self) -> Any:
        for folder, folders, names in os.walk(self._root):
            folders[:] = [name for name in folders if name not in _SKIPPED]
            for name in names:
                yield os.path.join(folder, name)


def _mark(path: str) -> Any:
    try:
        facts = os.lstat(path)
    except OSError:
        return None
    return facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_mode
