"""What was posted and what arrived, in SQL."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from bot.adapters.sql_ledger_database import Database, insert_once
from bot.adapters.sql_ledger_pulls import following, lock
from bot.adapters.sql_ledger_runs import moment
from bot.adapters.sql_ledger_schema import deliveries, events, notes, publications, suggestions
from bot.domain import record_json
from bot.domain.board import searched
from bot.domain.event_forms import SETTLED
from bot.domain.ledger import PullKey
from bot.domain.pull_records import Delivery, Publication, SuggestionId, SuggestionRecord


class SqlPublications:
    """Implements the port `Publications`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, publication: Publication) -> Publication:
        row = {
            "key": publication.key,
            "repo_id": publication.pull.repo_id,
            "number": publication.pull.number,
            "kind": publication.kind.value,
            "record": record_json.dump(publication),
        }
        with self._database.writing() as connection:
            insert_once(connection, publications, row)
        return self.find(publication.key) or publication

    def find(self, key: str) -> Publication | None:
        wanted = sa.select(publications.c.record).where(publications.c.key == key)
        with self._database.reading() as connection:
            record = connection.scalar(wanted)
        return None if record is None else record_json.load(Publication, record)


class SqlSuggestions:
    """Implements the port `Suggestions`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, pull: PullKey, suggested: Iterable[SuggestionRecord]) -> None:
        of_pull = (suggestions.c.repo_id == pull.repo_id) & (suggestions.c.number == pull.number)
        last = sa.select(sa.func.max(suggestions.c.ordinal)).where(of_pull)
        with self._database.writing() as connection:
            lock(connection, pull)
            following = (connection.scalar(last) or 0) + 1
            for ordinal, suggestion in enumerate(suggested, following):
                row = {
                    "suggestion_id": suggestion.id,
                    "repo_id": pull.repo_id,
                    "number": pull.number,
                    "ordinal": ordinal,
                    "record": record_json.dump(suggestion),
                    "finding_id": suggestion.finding_id,
                    "source": searched(suggestion.source),
                }
                insert_once(connection, suggestions, row)

    def shown(self, pull: PullKey) -> Sequence[SuggestionRecord]:
        wanted = (
            sa.select(suggestions.c.record)
            .where(suggestions.c.repo_id == pull.repo_id, suggestions.c.number == pull.number)
            .order_by(suggestions.c.ordinal)
        )
        with self._database.reading() as connection:
            return [record_json.load(SuggestionRecord, row) for row in connection.scalars(wanted)]

    def find(self, pull: PullKey, suggestion: SuggestionId) -> SuggestionRecord | None:
        is_its = (suggestions.c.repo_id == pull.repo_id) & (suggestions.c.number == pull.number)
        is_this = is_its & (suggestions.c.suggestion_id == suggestion)
        with self._database.reading() as connection:
            record = connection.scalar(sa.select(suggestions.c.record).where(is_this))
        return None if record is None else record_json.load(SuggestionRecord, record)

    def unsettled(self, repo_id: int) -> Sequence[PullKey]:
        is_settled = sa.exists().where(
            events.c.repo_id == suggestions.c.repo_id,
            events.c.number == suggestions.c.number,
            events.c.kind == SETTLED,
            events.c.suggestion == suggestions.c.suggestion_id,
        )
        wanted = (
            sa.select(suggestions.c.number)
            .where(suggestions.c.repo_id == repo_id, ~is_settled)
            .distinct()
            .order_by(suggestions.c.number)
        )
        with self._database.reading() as connection:
            return [PullKey(repo_id, number) for number in connection.scalars(wanted)]


class SqlDeliveries:
    """Implements the port `Deliveries`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def accept(self, delivery: Delivery, pull: PullKey | None = None) -> Delivery:
        is_this = deliveries.c.guid == delivery.guid
        with self._database.writing() as connection:
            sequence = following(connection, pull) if pull is not None else 0
            numbered = replace(delivery, sequence=sequence)
            if connection.execute(_INSERT[connection.dialect.name], _row(numbered)).first():
                return numbered
            wanted = sa.select(deliveries.c.record).where(is_this)
            known = record_json.load(Delivery, connection.scalar(wanted) or "")
            if not known.sequence and sequence:
                # It asked for nothing when it came first, of an older release.
                known = replace(known, sequence=sequence)
                connection.execute(deliveries.update().where(is_this).values(_row(known)))
            return known

    def known(self, guids: Iterable[str]) -> frozenset[str]:
        wanted = sa.select(deliveries.c.guid).where(deliveries.c.guid.in_(list(guids)))
        with self._database.reading() as connection:
            return frozenset(connection.scalars(wanted))

    def forget(self, *, before: datetime) -> int:
        is_old = deliveries.c.received_at < moment(before)
        with self._database.writing() as connection:
            return connection.execute(deliveries.delete().where(is_old)).rowcount

    def first_at(self) -> datetime | None:
        with self._database.reading() as connection:
            first = connection.scalar(sa.select(sa.func.min(deliveries.c.received_at)))
        return None if first is None else datetime.fromisoformat(first)


class SqlNotes:
    """Implements the port `Notes`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, name: str) -> str | None:
        wanted = sa.select(notes.c.record).where(notes.c.name == name)
        with self._database.reading() as connection:
            record = connection.scalar(wanted)
        return None if record is None else record_json.load(str, record)

    def store(self, name: str, text: str) -> None:
        row = {"record": record_json.dump(text)}
        with self._database.writing() as connection:
            if not insert_once(connection, notes, {"name": name, **row}):
                connection.execute(notes.update().where(notes.c.name == name).values(row))


def _row(delivery: Delivery) -> dict[str, str]:
    return {
        "guid": delivery.guid,
        "received_at": moment(delivery.received_at),
        "record": record_json.dump(delivery),
    }


def _insert(insert: sqlite.Insert | postgresql.Insert) -> ReturningInsert[str]:
    return insert.on_conflict_do_nothing().returning(deliveries.c.guid)


# Built once: every acknowledgement waits for this statement.
_INSERT = {
    "sqlite": _insert(sqlite.insert(deliveries)),
    "postgresql": _insert(postgresql.insert(deliveries)),
}
