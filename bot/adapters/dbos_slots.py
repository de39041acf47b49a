"""Slots: a place for one worker process, held by a lock that dies with the process.

Two processes that call themselves the same would run each other's jobs twice, so a worker does
not start without its lock: `flock` beside the SQLite file, an advisory lock on PostgreSQL.
"""

import fcntl
import hashlib
import os
import socket
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from bot.adapters.dbos_database import sqlite_file, translated
from bot.errors import Refused, Retryable

_SLOTS_PER_HOST = 64


class Slot(Protocol):
    """A held lock."""

    name: str

    def check(self) -> None:
        """Raise Retryable where the lock may be lost."""
        ...

    def release(self) -> None:
        """Give the slot back."""
        ...


def take_slot(database_url: str, name: str | None) -> Slot:
    """Take the named slot, or this host's first free one; raises Refused where it is held."""
    if name is not None:
        slot = _take(database_url, name)
        if slot is None:
            raise Refused(f"another worker runs in the slot {name}: stop it, or name another slot")
        return slot
    host = socket.gethostname() or "host"
    for number in range(1, _SLOTS_PER_HOST + 1):
        slot = _take(database_url, f"{host}-{number}")
        if slot is not None:
            return slot
    raise Refused(f"all {_SLOTS_PER_HOST} slots of the host {host} are held by other workers")


def _take(database_url: str, name: str) -> Slot | None:
    path = sqlite_file(database_url)
    if path is not None:
        return FileSlot.take(Path(f"{path}.slots"), name)
    return ServerSlot.take(database_url, name)


class FileSlot:
    """A slot on the machine that has the SQLite file."""

    def __init__(self, name: str, descriptor: int) -> None:
        self.name = name
        self._descriptor = descriptor

    @staticmethod
    def take(folder: Path, name: str) -> "FileSlot | None":
        """Lock the slot's file, or return None where somebody holds it."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The name may hold anything a host is called; a digest never leaves the folder.
        file = folder / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}.lock"
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return FileSlot(name, descriptor)

    def check(self) -> None:
        """Do nothing: a file's lock is lost by nothing but our own death."""

    def release(self) -> None:
        os.close(self._descriptor)


class ServerSlot:
    """A slot among several hosts: it lasts as long as its own connection."""

    def __init__(self, name: str, connection: sa.Connection) -> None:
        self.name = name
        self._connection = connection

    @staticmethod
    def take(database_url: str, name: str) -> "ServerSlot | None":
        """Take the advisory lock on a connection of its own, or return None where it is held."""
        engine = sa.create_engine(
            sa.make_url(database_url).set(drivername="postgresql+psycopg"),
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            # The server forgets a host that vanished within half a minute, and frees its slot.
            connect_args={
                "connect_timeout": 3,
                "options": "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5"
                " -c tcp_keepalives_count=3 -c statement_timeout=5000",
            },
        )
        with translated():
            slot = ServerSlot(name, engine.connect())
            if slot._lock():
                return slot
            slot.release()
        return None

    def check(self) -> None:
        with translated():
            try:
                self._connection.execute(sa.select(1))
            except sa.exc.DBAPIError:
                # The server was started again, or the line was cut: the lock is free or ours.
                self._connection.rollback()
                if not self._lock():
                    raise Retryable(f"another worker took the slot {self.name}") from None

    def release(self) -> None:
        self._connection.close()

    def _lock(self) -> bool:
        digest = hashlib.sha256(f"pullwright slot {self.name}".encode()).digest()
        key = int.from_bytes(digest[:8], "big", signed=True)
        lock = sa.select(sa.func.pg_try_advisory_lock(key))
        return bool(self._connection.execute(lock).scalar_one())
