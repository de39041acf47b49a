"""Posts a finished review: findings get their lasting ids, then comments, summary and check.

Everything here may run twice, because a host may die in the middle: the ledger keeps the first
word, and the publisher looks for its markers before it posts.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import product

from bot.agent.earlier import reading_of
from bot.agent.looking import look_of
from bot.agent.review import Episode
from bot.agent.service.bookkeeping import Book
from bot.agent.service.desk import Connection, Desk
from bot.domain.effective_config import EffectiveConfig
from bot.domain.findings import FindingState
from bot.domain.forge import PostedThread, RemotePullRequest, RepoId
from bot.domain.identity import decision_id, reconcile
from bot.domain.jobs import Json
from bot.domain.ledger import KnownFinding, PullKey, Reconciled, RunEnding, RunId, Thread
from bot.domain.markers import MarkerKind, parse_marker
from bot.domain.publication import Known, Publication, PublishContext, plan
from bot.domain.record_json import dump
from bot.domain.review import Review
from bot.domain.verdict import conclude
from bot.errors import Refused

OPEN = FindingState.OPEN


@dataclass(frozen=True)
class Posting:
    """One review that has to be posted, and where."""

    desk: Desk
    connection: Connection
    repo: RepoId
    remote: RemotePullRequest

    @property
    def pull(self) -> PullKey:
        """The pull request in the ledger."""
        return PullKey(self.repo.id, self.remote.number)

    def post(self, episode: Episode, config: EffectiveConfig) -> Json:
        """Post everything and return what became of it, in small."""
        records = self.desk.records
        reconciled = self.reconciled(episode)
        review = _with_lasting_ids(episode.review, reconciled)
        publication = plan(review, config.config, self._context(reconciled.known, review))
        url = self._send(publication)
        self._remember_threads(publication)
        self._resolve(reconciled)
        verdict = publication.review.verdict
        reading = reading_of(episode.state, episode.basis)
        ending = RunEnding(verdict.conclusion, dump(verdict), self.desk.now(), reading)
        records.runs.finish(RunId(review.run_id), ending)
        return {"conclusion": verdict.conclusion.value, "summary": url}

    def reconciled(self, episode: Episode) -> Reconciled:
        """Store what the run saw and return it with its lasting ids; twice changes nothing."""
        look = look_of(episode, self.desk.syntax)
        findings = self.desk.records.findings
        return findings.revise(self.pull, lambda known: reconcile(known, look))

    def _send(self, publication: Publication) -> str:
        publisher, number = self.connection.publisher, self.remote.number
        book = self._book(publication)
        refused = publisher.review(
            number,
            head_sha=publication.review.change.head_sha,
            marker=publication.review_marker,
            comments=publication.comments,
        )
        book.suggestions(publication, refused)
        posted = publisher.summary(number, publication.summary(refused))
        book.summary(posted)
        book.check(publisher.check(publication.check))
        return posted.url

    def _book(self, publication: Publication) -> Book:
        run_id = RunId(publication.review.run_id)
        return Book(self.desk, self.repo, self.remote.number, run_id)

    def _remember_threads(self, publication: Publication) -> None:
        """Store which thread shows which findings; one comment may speak of several."""
        if not publication.planned:
            return
        posted = {
            (thread.path, thread.line, told): thread
            for thread in self.connection.forge.threads(self.remote.number)
            if (told := _told_by(thread, publication.review.run_id))
        }
        for planned in publication.planned:
            comment, first = planned.comment, planned.findings[0]
            found = posted.get((comment.path, comment.line, first.fingerprint))
            shown = [found] if found is not None else []
            for thread in shown:
                self._book(publication).review(thread)
            for thread, finding in product(shown, planned.findings):
                attached = Thread(thread.id, thread.comment_id)
                self.desk.records.findings.attach_thread(self.pull, finding.id, attached)

    def _resolve(self, reconciled: Reconciled) -> None:
        """Resolve threads all of whose findings ended; without the right to, they stay open."""
        standing = {k.thread.id for k in reconciled.known if k.thread and k.state is OPEN}
        ended = {k.thread.id for k in reconciled.resolvable if k.thread}
        for thread in sorted(ended - standing):
            with suppress(Refused):
                self.connection.publisher.resolve(thread)
                self._mark_resolved(thread, reconciled)

    def _mark_resolved(self, thread: str, reconciled: Reconciled) -> None:
        for known in reconciled.known:
            if known.thread is not None and known.thread.id == thread:
                done = replace(known.thread, is_resolved=True)
                self.desk.records.findings.attach_thread(self.pull, known.id, done)

    def _context(self, known: tuple[KnownFinding, ...], review: Review) -> PublishContext:
        run = RunId(review.run_id)
        step = next((d.step for d in review.decisions if d.tool == "lint"), 1)
        return PublishContext(
            known=tuple(_as_known(k) for k in known),
            web_url=self.desk.web_url(self.repo),
            number=self.remote.number,
            decisions={f.fingerprint: decision_id(run, step) for f in review.findings},
        )


def _with_lasting_ids(review: Review, reconciled: Reconciled) -> Review:
    """Return the review with the states that people gave its findings, concluded anew."""
    old, found = review.verdict, reconciled.findings
    verdict = conclude(
        found, coverage=old.coverage, limits=old.limits, tools=old.tools, cost=old.cost
    )
    return replace(review, findings=found, verdict=verdict)


def _as_known(known: KnownFinding) -> Known:
    thread = known.thread
    return Known(
        fingerprint=known.finding.fingerprint,
        path=known.finding.location.path,
        state=known.state,
        thread_id=thread.id if thread else None,
        is_resolved=thread.is_resolved if thread else False,
        finding_id=known.id,
    )


def _told_by(thread: PostedThread, run_id: str) -> str:
    """Return the fingerprint that a thread of this run is about; empty for any other thread."""
    marker = parse_marker(thread.body)
    is_ours = marker is not None and marker.kind is MarkerKind.FINDING and marker.run == run_id
    return marker.suggestion if marker is not None and is_ours else ""
