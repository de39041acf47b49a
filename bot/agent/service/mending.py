"""Puts one pull request in order: what is on the forge is recorded, what is dead is said to be.

Every act may be repeated. Nothing is posted that was not there: comments and checks are only ended.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.agent.service.desk import Connection, Desk
from bot.agent.service.publishing import Posting
from bot.domain import endings
from bot.domain.forge import Posted, PostedThread, RepoId
from bot.domain.jobs import Json
from bot.domain.ledger import PullKey, Reconciled, RunId, Thread
from bot.domain.markers import Marker, MarkerKind, parse_marker
from bot.domain.pull_request import Sha
from bot.domain.untidy import Untidy, publication_of


@dataclass(frozen=True)
class Mending:
    """One pull request that is untidy."""

    desk: Desk
    connection: Connection
    repo: RepoId
    untidy: Untidy

    @property
    def pull(self) -> PullKey:
        """The pull request in the ledger."""
        return PullKey(self.repo.id, self.untidy.number)

    def run(self) -> Json:
        """Do it, and return how much there was of what."""
        remote = self.connection.forge.pull_request(self.untidy.number)
        self._record_summary()
        threads = self._record_threads()
        known = self.desk.records.findings.known(self.pull)
        Posting(self.desk, self.connection, self.repo, remote).resolve_ended(Reconciled(known, ()))
        checks = [self.connection.open_checks.conclude(run.check()) for run in self.untidy.dead]
        replies = [self._end_reply(run) for run in self.untidy.cut_short]
        return {"threads": threads, "checks": sum(checks), "replies": sum(replies)}

    def _record_summary(self) -> None:
        posted = self.connection.forge.summary(self.untidy.number)
        if posted is not None:
            self._record(posted)

    def _record(self, posted: Posted) -> None:
        found = publication_of(self.pull, posted, at=self.desk.now())
        if found is not None:
            self.desk.records.publications.record(found)

    def _record_threads(self) -> int:
        """Store in which threads findings are shown; return how many nobody knew."""
        findings = self.desk.records.findings
        shown = _by_fingerprint(self.connection.forge.threads(self.untidy.number))
        new = 0
        for known in findings.known(self.pull):
            thread = shown.get(known.finding.fingerprint)
            if thread is None or (known.thread is not None and known.thread.id != thread.id):
                continue
            there = Thread(thread.id, thread.comment_id, thread.is_resolved)
            if known.thread != there:
                findings.attach_thread(self.pull, known.id, there)
                new += 1
        return new

    def _end_reply(self, run: RunId) -> bool:
        """Record the reply of a command that ended; one that promises its end is edited."""
        marker = Marker(MarkerKind.REPLY, Sha("-"), run)
        posted = self.connection.forge.reply(self.untidy.number, str(marker))
        if posted is None:
            return False
        self._record(posted)
        if not endings.is_working(posted.body):
            return False
        own = parse_marker(posted.body) or marker
        words = own.under(endings.command_cut_short())
        self.connection.publisher.reply(
            self.untidy.number, marker=str(own), body=words, to_comment=None
        )
        return True


def _by_fingerprint(threads: Sequence[PostedThread]) -> Mapping[str, PostedThread]:
    """Return the thread of each finding: of two, the one that is open, else the first."""
    found: dict[str, PostedThread] = {}
    for thread in sorted(threads, key=lambda one: one.is_resolved):
        marker = parse_marker(thread.body)
        if marker is not None and marker.kind is MarkerKind.FINDING:
            found.setdefault(marker.suggestion, thread)
    return found
