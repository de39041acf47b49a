"""Asks the forge for what it could not deliver; the GUID stays, so nothing is acted on twice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from bot.agent.service.desk import Desk, Outlook
from bot.domain import redelivery, rounds
from bot.domain.app_forge import AppForge, Attempt
from bot.domain.forge import ForgeUnavailable
from bot.domain.jobs import JobContext, Json
from bot.domain.record_json import dump, load
from bot.domain.redelivery import Arrivals, DeliveryNotes
from bot.domain.requests import ReconcileRequest
from bot.errors import Refused

_NOTE = "deliveries"
_MOST_ATTEMPTS = 20_000
_AT_ONCE = 500


@dataclass(frozen=True)
class Redelivering:
    """One look at the deliveries."""

    desk: Desk
    outlook: Outlook
    context: JobContext
    request: ReconcileRequest

    def run(self) -> Json:
        """Look, and ask again for what is due, at most MOST_AT_ONCE events."""
        with self.outlook.as_app() as app:
            seen = self.context.step("look", lambda: self._look(app))
            due = seen["due"]
            assert isinstance(due, list)  # noqa: S101 - the step returned it
            for guid in due:
                self.context.step(f"redeliver {guid}", partial(self._redeliver, app, guid))
        return {"redelivered": len(due)}

    def _look(self, app: AppForge) -> Json:
        now, notes = self.desk.now(), self._load()
        since = redelivery.look_from(notes, now=now)
        attempts = list(islice(app.attempts(since=since), _MOST_ATTEMPTS))
        notes = redelivery.looked(notes, attempts, self._arrivals(attempts), now=now)
        notes, lines = redelivery.given_up(notes, now=now)
        self._store(notes)
        for line in lines:
            self.outlook.tell(line)
        wanted = redelivery.wanted(notes, now=now)
        if len(wanted) > redelivery.MOST_AT_ONCE:
            self.desk.jobs.submit(rounds.next_deliveries(self.request))
        return {"attempts": len(attempts), "due": wanted[: redelivery.MOST_AT_ONCE]}

    def _arrivals(self, attempts: Sequence[Attempt]) -> Arrivals:
        deliveries = self.desk.records.deliveries
        guids = sorted({attempt.guid for attempt in attempts if attempt.is_ok})
        known = [deliveries.known(batch) for batch in _batches(guids)]
        return Arrivals(frozenset().union(*known), deliveries.first_at())

    def _redeliver(self, app: AppForge, guid: str) -> Json:
        """Ask for one event; the try is noted first, so that a crash does not make it two."""
        now, before = self.desk.now(), self._load()
        if guid not in redelivery.wanted(before, now=now):
            return {"asked": False}
        notes = redelivery.tried(before, guid, now=now)
        self._store(notes)
        try:
            app.redeliver(before.missed[guid].attempt)
        except Refused as error:
            self._store(redelivery.without_hope(notes, guid))
            self.outlook.tell(f"delivery {guid} cannot be had again: {error}")
        except ForgeUnavailable as trouble:
            if trouble.retry_at is not None:
                # It was not sent, and will be when the forge allows it.
                self._store(before)
                raise
            self.outlook.tell(f"delivery {guid} was asked for, and nobody knows if it comes")
        return {"asked": True}

    def _load(self) -> DeliveryNotes:
        text = self.desk.records.notes.load(_NOTE)
        return DeliveryNotes() if text is None else load(DeliveryNotes, text)

    def _store(self, notes: DeliveryNotes) -> None:
        self.desk.records.notes.store(_NOTE, dump(notes))


def _batches(guids: Sequence[str]) -> Iterable[Sequence[str]]:
    """Yield so many at once as every database takes in one question."""
    return (guids[start : start + _AT_ONCE] for start in range(0, len(guids), _AT_ONCE))
