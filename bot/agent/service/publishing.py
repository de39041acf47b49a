"""Posts a finished review: findings get their lasting ids, then comments, summary and check.

Everything here may run twice, because a host may die in the middle: the ledger keeps the first
word, and the publisher looks for its markers before it posts.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from bot.agent.earlier import reading_of
from bot.agent.looking import look_of
from bot.agent.review import Episode
from bot.agent.service.bookkeeping import Book
from bot.agent.service.choosing import Choosing, told
from bot.agent.service.desk import Connection, Desk
from bot.domain.adoption import adopted
from bot.domain.effective_config import EffectiveConfig
from bot.domain.findings import FindingState
from bot.domain.forge import CheckConclusion, RemotePullRequest, RepoId, ReviewComment
from bot.domain.identity import decision_id, reconcile
from bot.domain.jobs import Json
from bot.domain.ledger import KnownFinding, PullKey, Reconciled, RunEnding, RunId, Thread
from bot.domain.placement import Placement, read_back
from bot.domain.publication import Known, Publication, PublishContext, plan
from bot.domain.quieting import KINDS, RepoQuiet, folded
from bot.domain.record_json import dump
from bot.domain.repo_config import Learning, LearningMode
from bot.domain.review import Review
from bot.domain.unreadable import left_out
from bot.domain.verdict import conclude
from bot.errors import Refused
from bot.policy.placing import SUMMARY

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
        reconciled = self._with_adopted(self.reconciled(episode), RunId(episode.review.run_id))
        review = with_lasting_ids(episode.review, reconciled)
        context = replace(
            self._context(reconciled.known, review), quiet=self._quiet(config.config.learning)
        )
        publication = self._planned(review, config, context)
        placement = self._place(publication)
        body = publication.summary(placement.lost, placement.notes)
        book = self._book(publication)
        posted = self.connection.publisher.summary(self.remote.number, body)
        book.summary(posted)
        book.check(self.connection.publisher.check(publication.check))
        self._remember_threads(publication, placement)
        self.resolve_ended(reconciled)
        verdict = publication.review.verdict
        reading = reading_of(episode.state, episode.basis)
        is_failure = publication.check.conclusion is CheckConclusion.FAILURE
        ending = RunEnding(
            verdict.conclusion, dump(verdict), self.desk.now(), reading, is_failure=is_failure
        )
        records.runs.finish(RunId(review.run_id), ending)
        told = {"conclusion": verdict.conclusion.value, "summary": posted.url}
        return told | ({"notes": list(placement.notes)} if placement.notes else {})

    def _planned(
        self, review: Review, config: EffectiveConfig, context: PublishContext
    ) -> Publication:
        """Return what is posted; where a finding goes is chosen, and logged before it is posted."""
        choosing = Choosing(self.desk, self.pull, RunId(review.run_id), config.config.learning.mode)
        choosing.log_steps(review)
        chosen = choosing.standing()
        while True:
            ids = {str(name): each.decision_id for name, each in chosen.items()}
            moved = frozenset(n for n, each in chosen.items() if each.place == SUMMARY)
            now = replace(context, placed=ids, moved=moved, choices=told(chosen))
            publication = plan(review, config.config, now)
            new = [one for one in publication.planned if one.findings[0].id not in chosen]
            if not (new and choosing.is_on):
                choosing.settle(chosen)
                return publication
            # One that goes elsewhere makes room, so there may be another one to choose for.
            chosen = choosing.place(publication, new)

    def reconciled(self, episode: Episode) -> Reconciled:
        """Store what the run saw and return it with its lasting ids; twice changes nothing."""
        look = look_of(episode, self.desk.syntax)
        findings = self.desk.records.findings
        return findings.revise(self.pull, lambda known: reconcile(known, look))

    def _with_adopted(self, reconciled: Reconciled, run_id: RunId) -> Reconciled:
        """Take up the comments of a run that died before it recorded them, and was overtaken."""
        if all(k.thread is not None for k in reconciled.known):
            return reconciled
        found = adopted(
            reconciled.known, self.connection.forge.threads(self.remote.number), run_id=run_id
        )
        attached = {name: Thread(t.id, t.comment_id) for name, t in found.items()}
        for name, thread in attached.items():
            self.desk.records.findings.attach_thread(self.pull, name, thread)
        known = tuple(replace(k, thread=attached.get(k.id, k.thread)) for k in reconciled.known)
        return replace(reconciled, known=known)

    def _place(self, publication: Publication) -> Placement:
        """Post the comments, what was refused on its file, and look what the forge shows of it."""
        if not publication.planned:
            return Placement((), (), ())
        refused = self._review(publication, publication.comments)
        second = publication.on_files(refused)
        if second:
            self._review(publication, second)
        self._book(publication).suggestions(publication, refused)
        threads = self.connection.forge.threads(self.remote.number)
        return read_back(publication.planned, threads, refused=refused)

    def _review(
        self, publication: Publication, wanted: Sequence[ReviewComment]
    ) -> Sequence[ReviewComment]:
        return self.connection.publisher.review(
            self.remote.number,
            head_sha=publication.review.change.head_sha,
            marker=publication.review_marker,
            comments=wanted,
        )

    def _book(self, publication: Publication) -> Book:
        run_id = RunId(publication.review.run_id)
        return Book(self.desk, self.repo, self.remote.number, run_id)

    def _remember_threads(self, publication: Publication, placement: Placement) -> None:
        """Store which thread shows which findings; one comment may speak of several."""
        for planned, thread in placement.shown:
            self._book(publication).review(thread)
            for finding in planned.to_record:
                attached = Thread(thread.id, thread.comment_id)
                self.desk.records.findings.attach_thread(self.pull, finding.id, attached)

    def resolve_ended(self, reconciled: Reconciled) -> None:
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

    def _quiet(self, learning: Learning) -> RepoQuiet | None:
        """Return what people here turned down, unless feedback is to change nothing."""
        if learning.mode is LearningMode.OFF:
            return None
        repo = self.repo.id
        quiet = folded(repo, self.desk.records.events.of_repo(repo, KINDS))
        if quiet.left_out:
            self.desk.warn(left_out(quiet.left_out))
        return quiet

    def _context(self, known: tuple[KnownFinding, ...], review: Review) -> PublishContext:
        run = RunId(review.run_id)
        step = next((d.step for d in review.decisions if d.tool == "lint"), 1)
        return PublishContext(
            known=tuple(_as_known(k) for k in known),
            web_url=self.desk.web_url(self.repo),
            number=self.remote.number,
            decisions={f.fingerprint: decision_id(run, step) for f in review.findings},
        )


def with_lasting_ids(review: Review, reconciled: Reconciled) -> Review:
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
