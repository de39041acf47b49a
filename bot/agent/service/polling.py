"""What no delivery tells: thumbs, an end that was missed, and the days after it.

One request for each open pull request with a suggestion; everything else is asked of our records.
A job is asked for only where something is new, so that a quiet repository costs nothing more.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.agent.service.desk import Desk
from bot.agent.service.following import Following
from bot.domain.app_forge import OpenPull, Survey
from bot.domain.event_forms import signals_of
from bot.domain.followed import is_due
from bot.domain.forge import ForgeUnavailable, RepoId
from bot.domain.intake import observation
from bot.domain.ledger import PullKey
from bot.domain.opinions import Count, is_news
from bot.domain.signals import Signal
from bot.domain.unreadable import EventUnreadable
from bot.errors import Refused


@dataclass(frozen=True)
class Polling:
    """The pull requests of one repository in one round."""

    desk: Desk
    survey: Survey
    repo: RepoId

    def run(self, pulls: Sequence[OpenPull]) -> int:
        """Ask for the looks that are due, and return how many those are."""
        is_open = {pull.number for pull in pulls}
        asked = 0
        for pull in self.desk.records.suggestions.unsettled(self.repo.id):
            try:
                occasion = self._occasion(pull, is_open=pull.number in is_open)
            except EventUnreadable as error:
                self.desk.warn(str(error))  # the others are looked at all the same
                continue
            asked += occasion is not None and self._submit(pull, occasion)
        return asked

    def _occasion(self, pull: PullKey, *, is_open: bool) -> str | None:
        following = Following(self.desk, pull)
        signals = signals_of(self.desk.records.events.of_pull(pull))
        now = self.desk.now()
        oldest = min((at for _, _, at in following.joined()), default=now)
        if is_due(signals, is_open=is_open, oldest=oldest, now=now):
            # Once a day where it changes nothing: the survey does not list all of many.
            return f"due:{now:%Y-%m-%d}:{len(signals)}"
        if not is_open:
            return None
        counts = self._counts(pull.number)
        return _digest(counts) if self._is_news(following, counts, signals) else None

    def _counts(self, number: int) -> Mapping[int, Count]:
        try:
            return self.survey.thumbs(self.repo, number)
        except (Refused, ForgeUnavailable) as error:
            if isinstance(error, ForgeUnavailable) and error.retry_at is not None:
                raise
            return {}

    def _is_news(
        self, following: Following, counts: Mapping[int, Count], signals: Sequence[Signal]
    ) -> bool:
        known = self.desk.records.findings.known(following.pull)
        comments = {k.id: k.thread.comment_id for k in known if k.thread is not None}
        return any(
            (count := counts.get(comments.get(record.finding_id, 0))) is not None
            and is_news(count, signals, record.id)
            for record in following.records
        )

    def _submit(self, pull: PullKey, occasion: str) -> bool:
        wanted = observation(self.repo, pull.number, occasion)
        if self.desk.jobs.status(wanted.id) is not None:
            return False
        sequence = self.desk.records.pulls.next_sequence(pull)
        return self.desk.jobs.submit(wanted.job(sequence))


def _digest(counts: Mapping[int, Count]) -> str:
    """Name the thumbs of one moment, so that nobody is asked twice who gave them."""
    rows = sorted((comment, c.likes, c.dislikes) for comment, c in counts.items())
    return f"thumbs:{hashlib.sha256(repr(rows).encode()).hexdigest()[:16]}"
