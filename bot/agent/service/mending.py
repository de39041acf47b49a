"""Puts one pull request in order: what is on the forge is recorded, what is dead is said to be.

Every act may be repeated. Nothing is posted that was not there: comments and checks are only ended.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.agent.service.desk import Connection, Desk
from bot.agent.service.publishing import Posting
from bot.domain import endings, replies
from bot.domain.forge import Posted, PostedThread, RepoId
from bot.domain.jobs import Json
from bot.domain.ledger import KnownFinding, PullKey, Reconciled, RunId, Thread
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
        ended = [self._end_reply(run) for run in self.untidy.cut_short]
        return {"threads": threads, "checks": sum(checks), "replies": sum(ended)}

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
        threads = self.connection.forge.threads(self.untidy.number)
        known = findings.known(self.pull)
        new = 0
        for one in known:
            thread = _thread_of(one, known, threads)
            if thread is None:
                continue
            there = Thread(thread.id, thread.comment_id, thread.is_resolved)
            if one.thread != there:
                findings.attach_thread(self.pull, one.id, there)
                new += 1
        return new

    def _end_reply(self, run: RunId) -> bool:
        """Record the reply of a command that ended; one that promises its end is edited."""
        marker = Marker(MarkerKind.REPLY, Sha("-"), run)
        posted = self.connection.forge.reply(self.untidy.number, str(marker))
        if posted is None:
            return False
        self._record(posted)
        if not replies.is_working(posted.body):
            return False
        own = parse_marker(posted.body) or marker
        words = own.under(endings.command_cut_short())
        self.connection.publisher.reply(
            self.untidy.number, marker=str(own), body=words, to_comment=None
        )
        return True


def _thread_of(
    one: KnownFinding, known: Sequence[KnownFinding], threads: Sequence[PostedThread]
) -> PostedThread | None:
    """Return the thread that shows a finding: the recorded one, else one that names it alone.

    Twins share a fingerprint, so among them only the place tells whose thread it is.
    """
    if one.thread is not None:
        return next((t for t in threads if t.id == one.thread.id), None)
    place, name = one.finding.location, one.finding.fingerprint
    taken = {k.thread.id for k in known if k.thread}
    named = [t for t in threads if _fingerprint(t) == name and t.id not in taken]
    if sum(k.finding.fingerprint == name for k in known) > 1:
        named = [t for t in named if (t.path, t.line) == (place.path, place.end_line)]
    return min(named, key=lambda t: t.is_resolved, default=None)


def _fingerprint(thread: PostedThread) -> str:
    marker = parse_marker(thread.body)
    return marker.suggestion if marker and marker.kind is MarkerKind.FINDING else ""
