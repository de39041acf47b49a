"""Sandboxes that somebody else can end at once, from another thread."""

import threading

from bot.domain.ports import Dependencies, Purpose, Sandbox, Sandboxes
from bot.errors import SandboxFailed


class StoppableSandboxes:
    """Implements `Sandboxes` over others, and remembers what is open."""

    def __init__(self, sandboxes: Sandboxes) -> None:
        self._sandboxes = sandboxes
        self._lock = threading.Lock()
        self._open: list[Sandbox] = []
        self._is_closed = False

    def open(self, purpose: Purpose, dependencies: Dependencies | None = None) -> Sandbox:
        self._refuse_closed()
        sandbox = self._sandboxes.open(purpose, dependencies)
        with self._lock:
            self._open.append(sandbox)
            is_closed = self._is_closed
        if is_closed:
            sandbox.close()
            self._refuse_closed()
        return sandbox

    def close(self) -> None:
        """Close every sandbox, whatever runs in it, and open none any more; safe to call twice."""
        with self._lock:
            self._is_closed = True
            sandboxes, self._open = self._open, []
        for sandbox in sandboxes:
            sandbox.close()

    def _refuse_closed(self) -> None:
        if self._is_closed:
            raise SandboxFailed("the run was stopped")
