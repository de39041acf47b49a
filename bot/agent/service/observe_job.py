"""What became of our suggestions, as a durable job: hear people, reread git, judge, write it down.

Whoever asks for it, it reads the forge as it is then. All it does is append events whose ids say
what they mean, so that doing it again, or after a crash, adds nothing.
"""

from dataclasses import dataclass

from bot.agent.service.desk import Desk
from bot.agent.service.judging import Judging
from bot.agent.service.observing import Observing
from bot.domain.event_forms import Observed, signal_event
from bot.domain.event_log import EventSource
from bot.domain.hearing import uninstalled
from bot.domain.jobs import JobContext, Json
from bot.domain.ledger import PullKey
from bot.domain.requests import ObserveRequest, UninstalledRequest, parse_request


@dataclass(frozen=True)
class ObserveJob:
    """The handler of OBSERVE jobs."""

    desk: Desk

    def __call__(self, context: JobContext) -> Json:
        """Append what is new, and return how much that was."""
        request = parse_request(context.job)
        if isinstance(request, UninstalledRequest):
            return context.step("uninstalled", lambda: self._uninstalled(request))
        assert isinstance(request, ObserveRequest)  # noqa: S101 - intake pairs kinds and requests
        pull = PullKey(request.repo.id, request.number)
        shown = context.step("shown", lambda: {"count": self._count(pull)})
        if not shown["count"]:
            return shown
        with self.desk.connect(request.repo) as connection:
            return Observing(self.desk, connection, context, request).run()

    def _count(self, pull: PullKey) -> int:
        return len(self.desk.records.suggestions.shown(pull))

    def _uninstalled(self, request: UninstalledRequest) -> Json:
        """Give up what was shown there: nobody can look at it any more."""
        records, now = self.desk.records, self.desk.now()
        pulls = [p for repo in request.repo_ids for p in records.suggestions.unsettled(repo)]
        new = 0
        for pull in pulls:
            names = [record.id for record in records.suggestions.shown(pull)]
            signals = uninstalled(pull, names, delivery=request.delivery, at=now)
            observed = Observed(now, EventSource.WEBHOOK, request.delivery)
            new += records.events.append(signal_event(signal, observed) for signal in signals)
            Judging(self.desk, pull, observed).run()
        return {"pulls": len(pulls), "events": new}
