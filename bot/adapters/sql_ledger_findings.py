"""The findings of pull requests in SQL."""

from collections.abc import Iterable
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.adapters.sql_ledger_database import Database
from bot.adapters.sql_ledger_pulls import lock
from bot.adapters.sql_ledger_schema import findings
from bot.domain import identity, record_json
from bot.domain.board import searched
from bot.domain.findings import FindingId
from bot.domain.ledger import Dismissal, KnownFinding, PullKey, Reconciled, Rule, Thread
from bot.domain.untrusted import one_line
from bot.errors import Refused, Retryable

_ATTEMPTS = 8
"""So often may others write the findings of one pull request while a rule decides about them."""


class SqlFindings:
    """Implements the port `FindingsLedger`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def known(self, pull: PullKey) -> tuple[KnownFinding, ...]:
        with self._database.reading() as connection:
            return _load(connection, pull)

    def revise(self, pull: PullKey, rule: Rule) -> Reconciled:
        # The rule parses files, so it runs outside of the transaction: nobody else has to wait.
        for _ in range(_ATTEMPTS):
            before = self.known(pull)
            after = rule(before)
            with self._database.writing() as connection:
                lock(connection, pull)
                if _load(connection, pull) == before:
                    _store(connection, pull, set(after.known) - set(before))
                    return after
        raise Retryable(f"the findings of pull request {pull.number} are being written by others")

    def dismiss(self, pull: PullKey, finding_id: FindingId, dismissal: Dismissal) -> KnownFinding:
        with self._database.writing() as connection:
            lock(connection, pull)
            dismissed = identity.dismiss(_one(connection, pull, finding_id), dismissal)
            _store(connection, pull, (dismissed,))
            return dismissed

    def attach_thread(self, pull: PullKey, finding_id: FindingId, thread: Thread) -> None:
        with self._database.writing() as connection:
            lock(connection, pull)
            posted = replace(_one(connection, pull, finding_id), thread=thread)
            _store(connection, pull, (posted,))


def _load(connection: Connection, pull: PullKey) -> tuple[KnownFinding, ...]:
    rows = connection.scalars(sa.select(findings.c.record).where(_of(pull)))
    return identity.in_order(record_json.load(KnownFinding, row) for row in rows)


def _one(connection: Connection, pull: PullKey, finding_id: FindingId) -> KnownFinding:
    wanted = sa.select(findings.c.record).where(_of(pull), findings.c.finding_id == finding_id)
    record = connection.scalar(wanted)
    if record is None:
        raise Refused(f"pull request {pull.number} has no finding {one_line(finding_id, limit=20)}")
    return record_json.load(KnownFinding, record)


def _store(connection: Connection, pull: PullKey, changed: Iterable[KnownFinding]) -> None:
    """Write whole records; the caller holds the lock of the pull request."""
    for known in changed:
        row = {
            "fingerprint": known.finding.fingerprint,
            "state": known.state.value,
            "rule": searched(known.finding.rule),
            "record": record_json.dump(known),
        }
        is_this = _of(pull) & (findings.c.finding_id == known.id)
        if not connection.execute(findings.update().where(is_this).values(row)).rowcount:
            key = {"repo_id": pull.repo_id, "number": pull.number, "finding_id": known.id}
            connection.execute(findings.insert().values(row | key))


def _of(pull: PullKey) -> sa.ColumnElement[bool]:
    return (findings.c.repo_id == pull.repo_id) & (findings.c.number == pull.number)
