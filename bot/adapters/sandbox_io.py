"""What every sandbox does the same way: names, arguments, and output that may be without end."""

from collections import deque
from collections.abc import Sequence

from bot.errors import Refused

TREE_PREFIX = "tree:"
"""A name for `Sandbox.get` that starts so is a path in the tree, not in the folder for results."""


def checked_path(path: str) -> str:
    """Return `path` when it stays below the folder it is joined to; raises Refused otherwise."""
    parts = path.split("/")
    if not path or "\0" in path or any(part in ("", ".", "..") for part in parts):
        raise Refused(f"not a path inside the workspace: {path!r}")
    return path


def with_places(argv: Sequence[str], *, out: str, python: str) -> list[str]:
    """Return the arguments with `{out}` and `{python}` filled in; other braces stay."""
    if any("\0" in arg for arg in argv):
        raise Refused("an argument of a command holds a zero byte")
    return [arg.replace("{out}", out).replace("{python}", python) for arg in argv]


class HeadAndTail:
    """Keeps the first and last bytes of a stream of any length in at most `limit_bytes`."""

    def __init__(self, limit_bytes: int) -> None:
        self._head_limit = limit_bytes // 2
        self._tail_limit = limit_bytes - self._head_limit
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_bytes = 0
        self.total_bytes = 0

    @property
    def is_truncated(self) -> bool:
        """Some bytes were dropped."""
        return self.total_bytes > self._head_limit + self._tail_limit

    def feed(self, data: bytes) -> None:
        """Take the next piece of the stream."""
        self.total_bytes += len(data)
        room = self._head_limit - len(self._head)
        self._head += data[:room]
        self._keep(data[max(room, 0) :])

    def value(self) -> bytes:
        """Return all, or head and tail around a line that says how much is missing."""
        tail = b"".join(self._tail)[-self._tail_limit :] if self._tail_limit else b""
        if not self.is_truncated:
            return bytes(self._head) + tail
        missing = self.total_bytes - len(self._head) - len(tail)
        return bytes(self._head) + b"\n... %d bytes left out ...\n" % missing + tail

    def _keep(self, data: bytes) -> None:
        if not data:
            return
        data = data[-self._tail_limit :] if self._tail_limit else b""
        self._tail.append(data)
        self._tail_bytes += len(data)
        # A whole piece may go once the rest alone fills the tail; cutting pieces would copy.
        while self._tail and self._tail_bytes - len(self._tail[0]) >= self._tail_limit:
            self._tail_bytes -= len(self._tail.popleft())
