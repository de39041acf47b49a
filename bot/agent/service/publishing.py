"""Posts a finished review: findings get their lasting ids, then comments, summary and check.

Everything here may run twice, because a host may die in the middle: the ledger keeps the first
word, and the publisher looks for its markers before it posts.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import product

from bot.agent.review import Episode
from bot.agent.service.desk import Connection, Desk
from bot.agent.state import State
from bot.domain.adoption import adopted
from bot.domain.effective_config import EffectiveConfig
from bot.domain.findings import Finding, FindingState
from bot.domain.forge import PostedThread, RemotePullRequest, RepoId
from bot.domain.identity import Look, decision_id, enclosing_code, reconcile
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
        reconciled = self._with_adopted(self.reconciled(episode), RunId(episode.review.run_id))
        review = _with_lasting_ids(episode.review, reconciled)
        publication = plan(review, config.config, self._context(reconciled.known, review))
        url = self._send(publication)
        self._remember_threads(publication)
        self._resolve(reconciled)
        verdict = publication.review.verdict
        ending = RunEnding(verdict.conclusion, dump(verdict), self.desk.now())
        records.runs.finish(RunId(review.run_id), ending)
        return {"conclusion": verdict.conclusion.value, "summary": url}

    def reconciled(self, episode: Episode) -> Reconciled:
        """Store what the run saw and return it with its lasting ids; twice changes nothing."""
        look = self._look(episode)
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

    def _send(self, publication: Publication) -> str:
        publisher, number = self.connection.publisher, self.remote.number
        refused = publisher.review(
            number,
            head_sha=publication.review.change.head_sha,
            marker=publication.review_marker,
            comments=publication.comments,
        )
        posted = publisher.summary(number, publication.summary(refused))
        publisher.check(publication.check)
        return posted.url

    def _remember_threads(self, publication: Publication) -> None:
        """Store which thread shows which findings; one comment may speak of several."""
        if not publication.planned:
            return
        threads: dict[str, list[PostedThread]] = {}
        for thread in self.connection.forge.threads(self.remote.number):
            threads.setdefault(_fingerprint(thread), []).append(thread)
        for planned in publication.planned:
            found = threads.get(planned.findings[0].fingerprint, [])
            shown = [t for t in found if t.line == planned.comment.line][:1]
            for thread, finding in product(shown, planned.to_record):
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

    def _look(self, episode: Episode) -> Look:
        state, review = episode.state, episode.review
        left = {f.old_path for f in state.diff.files if f.old_path not in state.head}
        return Look(
            head_sha=review.change.head_sha,
            found=review.findings,
            enclosing=lambda finding: self._code_around(finding, state.head),
            was_looked_at=lambda finding: _was_looked_at(finding, state),
            is_gone=lambda path: path in left,
            moved={f.old_path: f.path for f in state.diff.files if f.old_path in left},
        )

    def _code_around(self, finding: Finding, head: Mapping[str, bytes]) -> str:
        path = finding.location.path
        data = head.get(path, b"")
        text = data.decode("utf-8", "surrogateescape")
        return enclosing_code(
            text, finding, lambda line: self.desk.syntax.enclosing_symbol(path, data, line)
        )

    def _context(self, known: tuple[KnownFinding, ...], review: Review) -> PublishContext:
        run = RunId(review.run_id)
        step = next((d.step for d in review.decisions if d.tool == "lint"), 1)
        return PublishContext(
            known=tuple(_as_known(k) for k in known),
            web_url=self.desk.web_url(self.repo),
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
    )


def _was_looked_at(finding: Finding, state: State) -> bool:
    """Tell whether the tool that found it looked again, and would have found it.

    A file that the change does not touch any more has nothing of this pull request in it.
    """
    if finding.source == "test":
        return state.head_tests is not None
    path = finding.location.path
    is_read = any(seen == path for seen, _ in state.seen)
    return is_read or path not in state.diff.by_path


def _fingerprint(thread: PostedThread) -> str:
    """Return which finding a thread of ours is about; empty for any other thread."""
    marker = parse_marker(thread.body)
    return marker.suggestion if marker and marker.kind is MarkerKind.FINDING else ""
