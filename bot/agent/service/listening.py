"""Writes down what people say of our suggestions, as events of the log."""

from collections.abc import Collection
from dataclasses import dataclass

from bot.agent.service.desk import Desk
from bot.domain.event_forms import Observed, signal_event
from bot.domain.event_log import EventSource
from bot.domain.findings import FindingId
from bot.domain.jobs import JobId
from bot.domain.ledger import PullKey
from bot.domain.signals import Actor, Signal, SignalKind, event_id


@dataclass(frozen=True)
class Listening:
    """The ears of one pull request."""

    desk: Desk
    pull: PullKey

    def rejected(self, findings: Collection[FindingId], *, by: Actor, job: JobId) -> int:
        """Note who turned down which findings, and return how many suggestions that is news of.

        A job has the same id however the command came to us, and so has the event.
        """
        now = self.desk.now()
        signals = [
            Signal(
                event_id("rejected", shown.id, job),
                SignalKind.REJECTED,
                self.pull,
                now,
                shown.id,
                by,
            )
            for shown in self.desk.records.suggestions.shown(self.pull)
            if shown.finding_id in findings
        ]
        observed = Observed(now, EventSource.COMMAND)
        events = self.desk.records.events
        return events.append(signal_event(signal, observed) for signal in signals)
