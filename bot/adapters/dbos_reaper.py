"""Leases: who lives, and who takes over the jobs of a host that died.

Every start of a worker is an executor of its own (`SLOT.NONCE`), and its name never comes back.
So a job that belongs to an executor without a lease can be taken over at any time: nobody can have
begun to use that name again. DBOS itself recovers only what its own name left behind.
"""

import logging
import secrets
import threading
import time

import sqlalchemy as sa
from dbos import DBOS, DBOSClient

from bot.adapters.dbos_database import now_ms, translated
from bot.adapters.dbos_rows import WORKERS
from bot.adapters.dbos_slots import Slot
from bot.errors import Retryable

_LOG = logging.getLogger("pullwright.jobs")
_FORGOTTEN = 20
"""After so many leases the row of a dead executor goes away."""


class Lease:
    """This process's sign of life, renewed four times per lease by a thread of its own."""

    def __init__(self, engine: sa.Engine, slot: Slot, *, slots: int, lease_s: float) -> None:
        self.executor = f"{slot.name}.{secrets.token_hex(4)}"
        self._engine = engine
        self._slot = slot
        self._slots = slots
        self._lease_s = lease_s
        self._renewed_at = 0.0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)

    def begin(self) -> None:
        """Announce the executor; the earlier ones of its slot are dead, since we hold its lock."""
        began = time.time()
        with translated(), self._engine.begin() as connection:
            connection.execute(sa.delete(WORKERS).where(WORKERS.c.slot == self._slot.name))
            row = {"executor": self.executor, "slot": self._slot.name, "slots": self._slots}
            connection.execute(sa.insert(WORKERS).values(**row, beat_ms=now_ms(connection)))
        self._renewed_at = began
        self._thread.start()

    def is_held(self) -> bool:
        """Tell whether nobody believes us dead: we did not sleep, and the database answered.

        The wall clock is asked on purpose: it goes on while a machine sleeps.
        """
        return time.time() - self._renewed_at < self._lease_s

    def end(self, *, is_clean: bool) -> None:
        """Stop renewing; after a clean end others take over at once, else after the lease."""
        self._is_over.set()
        self._thread.join(timeout=10)
        if is_clean:
            with translated(), self._engine.begin() as connection:
                mine = WORKERS.c.executor == self.executor
                connection.execute(sa.delete(WORKERS).where(mine))

    def _keep(self) -> None:
        while not self._is_over.wait(self._lease_s / 4):
            if not self.is_held():
                # Who was believed dead stays dead: `run_worker` sees it and gives up.
                return
            try:
                self._renew()
            except Retryable as error:
                _LOG.warning("the lease of %s was not renewed: %s", self.executor, error)

    def _renew(self) -> None:
        began = time.time()
        self._slot.check()
        with translated(), self._engine.begin() as connection:
            mine = sa.update(WORKERS).where(WORKERS.c.executor == self.executor)
            is_known = connection.execute(mine.values(beat_ms=now_ms(connection))).rowcount == 1
        if is_known:
            self._renewed_at = began


class Reaper:
    """Gives the jobs of executors without a lease back to the queue."""

    def __init__(self, engine: sa.Engine, client: DBOSClient, *, lease_s: float) -> None:
        self._engine = engine
        self._client = client
        self._lease_ms = int(lease_s * 1000)

    def reap(self) -> int:
        """Return how many jobs were given back."""
        with translated():
            # The order matters: an executor that begins after the first look is in the second.
            pending = self._client.list_workflows(
                status="PENDING", load_input=False, load_output=False
            )
            owners = {workflow.executor_id for workflow in pending if workflow.executor_id}
            dead = sorted(owners - self._living())
            return recover(dead) if dead else 0

    def _living(self) -> set[str]:
        with self._engine.begin() as connection:
            now = now_ms(connection)
            is_old = WORKERS.c.beat_ms < now - _FORGOTTEN * self._lease_ms
            if connection.execute(sa.select(WORKERS.c.executor).where(is_old)).first():
                connection.execute(sa.delete(WORKERS).where(is_old))
            is_fresh = WORKERS.c.beat_ms > now - self._lease_ms
            living = connection.execute(sa.select(WORKERS.c.executor).where(is_fresh)).scalars()
            return set(living)


def recover(dead: list[str]) -> int:
    """Put the running jobs of dead executors back into their queue and return how many."""
    # Private, since recovery among hosts is sold separately; a contract test pins it. It puts a
    # job back only while the dead executor is its owner, so any number of us may call it.
    return len(DBOS._recover_pending_workflows(dead))  # noqa: SLF001 - see above
