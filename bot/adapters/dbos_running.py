"""The jobs that run in this process right now, and how they are told to end."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from bot.adapters.dbos_context import DbosContext
from bot.adapters.dbos_rows import stopped_among
from bot.domain.jobs import JobId
from bot.errors import Retryable

_LOG = logging.getLogger("pullwright.jobs")
_LOOK_EVERY_S = 0.3


class Running:
    """Knows every context of this process and watches for stops."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._contexts: dict[JobId, DbosContext] = {}
        self._changed = threading.Condition()
        self._is_closing = False
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="stop-watch", daemon=True)
        self._thread.start()

    @property
    def is_closing(self) -> bool:
        """True when no job may begin another step here."""
        return self._is_closing

    @contextmanager
    def entered(self, context: DbosContext) -> Iterator[None]:
        """Keep a context among the running ones while its handler runs."""
        with self._changed:
            self._contexts[context.job.id] = context
        try:
            yield
        finally:
            with self._changed:
                del self._contexts[context.job.id]
                self._changed.notify_all()

    def close(self, *, patience_s: float) -> bool:
        """Let no step begin, wait, then close what runs; return whether all of it ended."""
        self._is_closing = True
        if not self._wait(patience_s):
            with self._changed:
                left = tuple(self._contexts.values())
            for context in left:
                context.stop()
        is_empty = self._wait(patience_s)
        self._is_over.set()
        self._thread.join(timeout=10)
        return is_empty

    def _wait(self, seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: not self._contexts, timeout=seconds)

    def _watch(self) -> None:
        while not self._is_over.wait(_LOOK_EVERY_S):
            with self._changed:
                contexts = dict(self._contexts)
            if not contexts:
                continue
            try:
                stopped = stopped_among(self._engine, contexts.keys())
            except Retryable as error:
                _LOG.warning("nobody could be asked who stops: %s", error)
                continue
            for job_id in stopped:
                contexts[job_id].stop()
