"""The log of a repository in a file that a workflow caches: read as a stranger's, written anew.

What a cache holds may be old, cut, of another program, or made by somebody. So it is never opened
as our database: its events are read one by one, each checked as any event is, into the run's own
ledger; and at the end a new file takes its place at once. A reader sees the old or the new one.
"""

import os
import sqlite3
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.runner_files import read_limited
from bot.adapters.sql_ledger import open_ledger
from bot.domain.event_log import EVENTS_AT_ONCE, EventLog, LoggedEvent
from bot.domain.record_json import load
from bot.errors import Refused

MOST_EVENTS = 20_000
"""The newest are kept; some 1 KB each."""
MOST_BYTES = 64 << 20
_TABLES = """SELECT count(*) FROM sqlite_master AS made
    WHERE name = 'ledger_events' AND type = 'table' AND rootpage > 0
    AND NOT EXISTS (SELECT 1 FROM pragma_table_xinfo(made.name) WHERE hidden)"""
"""What a view, a virtual table or a column shows that is computed is as long as it likes, and may
have no end; a plain table has no more than its file."""
_NEWEST = "SELECT record FROM ledger_events WHERE repo_id = ? ORDER BY seq DESC LIMIT ?"


@dataclass(frozen=True, slots=True)
class CachedLedger:
    """One file, of which the events of one repository count."""

    path: Path
    repo_id: int

    def read(self) -> tuple[LoggedEvent, ...]:
        """Return the newest events, the oldest first; none where there is no file yet.

        Raises Refused for a file that is not one of ours.
        """
        if not os.path.lexists(self.path):
            return ()
        data = read_limited(self.path, MOST_BYTES)
        with tempfile.TemporaryDirectory(prefix="pullwright-ledger-") as folder:
            copy = Path(folder) / "copy.db"
            copy.write_bytes(data)
            records = self._records(copy)
        found = [load(LoggedEvent, record) for record in reversed(records)]
        return tuple(one for one in found if one.pull.repo_id == self.repo_id)

    def write(self, log: EventLog) -> None:
        """Put what a log holds in the file's place, with what another run left there meanwhile.

        Raises Refused where it cannot be written.
        """
        ours = everything(log)
        try:
            theirs = self.read()
        except Refused:
            theirs = ()
            self._set_aside()
        known = {one.event_id for one in ours}
        whole = [*(one for one in theirs if one.event_id not in known), *ours][-MOST_EVENTS:]
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self.path.parent, prefix=".ledger-") as folder:
                fresh = Path(folder) / "ledger.db"
                _made(fresh, whole)
                fresh.replace(self.path)
        except (OSError, sqlite3.Error) as error:
            raise Refused(f"cannot write {self.path}: {error}") from error

    def _set_aside(self) -> None:
        """Keep what we cannot read: the workflow may have named a file of somebody's by mistake."""
        if self.path.is_symlink() or not self.path.is_file():
            raise Refused(f"{self.path} is no file")
        try:
            self.path.replace(self.path.with_name(f"{self.path.name}.unusable"))
        except OSError as error:
            raise Refused(f"cannot write {self.path}: {error.strerror}") from error

    def _records(self, copy: Path) -> list[str]:
        try:
            with closing(sqlite3.connect(f"{copy.as_uri()}?immutable=1", uri=True)) as connection:
                connection.execute("PRAGMA trusted_schema = OFF")
                is_ours = connection.execute(_TABLES).fetchone() == (1,)
                wanted = (self.repo_id, MOST_EVENTS)
                rows = connection.execute(_NEWEST, wanted).fetchall() if is_ours else [(None,)]
        except (sqlite3.Error, OverflowError) as error:
            raise Refused(f"{self.path} is no ledger of ours: {error}") from error
        if not all(isinstance(record, str) for (record,) in rows):
            raise Refused(f"{self.path} is no ledger of ours: its records are no texts of a table")
        return [str(record) for (record,) in rows]


def everything(log: EventLog) -> list[LoggedEvent]:
    """Return all events of a log, in its order."""
    found: list[LoggedEvent] = []
    seq = 0
    while page := log.after(seq):
        found += [one.event for one in page]
        seq = page[-1].seq
    return found


def append(log: EventLog, events: Sequence[LoggedEvent]) -> None:
    """Store events in portions that a database takes at once."""
    for start in range(0, len(events), EVENTS_AT_ONCE):
        log.append(events[start : start + EVENTS_AT_ONCE])


def _made(path: Path, events: Iterable[LoggedEvent]) -> None:
    """Make a whole ledger of ours, as one file without a second one beside it."""
    with closing(open_ledger(f"sqlite:///{path}")) as ledger:
        append(ledger.events, list(events))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
