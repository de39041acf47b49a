"""Sandboxes and models that somebody else can end at once, from another thread."""

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from pydantic import BaseModel

from bot.domain.model import CALL_SECONDS, Completion, Model, ModelCard, Spending
from bot.domain.ports import Dependencies, Purpose, Sandbox, Sandboxes
from bot.domain.prompt import Prompt
from bot.errors import ModelFailed, SandboxFailed

T = TypeVar("T", bound=BaseModel)
_AT_ONCE = 16


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


class StoppableModel:
    """Implements `Model` over another one; who waits for an answer is let go at once."""

    def __init__(self, model: Model, close: Callable[[], object]) -> None:
        self._model = model
        self._close = close
        self._calls = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="model call")
        self._stopped: Future[None] = Future()
        self._closing = threading.Lock()

    def card(self) -> ModelCard:
        return self._model.card()

    def spent(self) -> Spending:
        return self._model.spent()

    def complete(
        self, prompt: Prompt, schema: type[T], *, timeout_s: float = CALL_SECONDS
    ) -> Completion[T]:
        with self._closing:
            self._refuse_closed()
            call = self._calls.submit(self._model.complete, prompt, schema, timeout_s=timeout_s)
        waiting: tuple[Future[object], ...] = (call, self._stopped)  # type: ignore[assignment]
        wait(waiting, return_when=FIRST_COMPLETED)
        self._refuse_closed()
        return call.result()

    def close(self) -> None:
        """Let go of every call and make none any more; safe to call twice."""
        with self._closing:
            if self._stopped.done():
                return
            self._stopped.set_result(None)
            self._calls.shutdown(wait=False, cancel_futures=True)
        self._close()

    def _refuse_closed(self) -> None:
        if self._stopped.done():
            raise ModelFailed("the run was stopped")
