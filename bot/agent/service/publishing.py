"""Posts a finished review: findings get their lasting ids, then comments, summary and check.

Everything here may run twice, because a host may die in the middle: the ledger keeps the first
word, and the publisher looks for its markers before it posts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.agent.review import Episode
from bot.agent.service.desk import Connection, Desk
from bot.domain.effective_config import EffectiveConfig
from bot.domain.findings import Finding
from bot.domain.forge import PostedThread, RemotePullRequest, RepoId
from bot.domain.identity import Look, decision_id, enclosing_code, reconcile
from bot.domain.jobs import Json
from bot.domain.ledger import KnownFinding, PullKey, Reconciled, RunEnding, RunId, Thread
from bot.domain.markers import MarkerKind, parse_marker
from bot.domain.publication import Known, Publication, PublishContext, plan
from bot.domain.record_json import dump
from bot.domain.review import Review


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
        known = records.findings.known(self.pull)
        reconciled = self.reconciled(episode)
        review = replace(episode.review, findings=reconciled.findings)
        publication = plan(review, config.config, self._context(known, review))
        url = self._send(publication)
        self._remember_threads(reconciled)
        self._resolve(publication, reconciled)
        verdict = publication.review.verdict
        ending = RunEnding(verdict.conclusion, dump(verdict), self.desk.now())
        records.runs.finish(RunId(review.run_id), ending)
        return {"conclusion": verdict.conclusion.value, "summary": url}

    def reconciled(self, episode: Episode) -> Reconciled:
        """Store what the run saw and return it with its lasting ids; twice changes nothing."""
        look = self._look(episode)
        findings = self.desk.records.findings
        return findings.revise(self.pull, lambda known: reconcile(known, look))

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

    def _remember_threads(self, reconciled: Reconciled) -> None:
        """Store which thread shows which finding, by the fingerprint in its marker."""
        if not reconciled.unposted:
            return
        threads = {_fingerprint(t): t for t in self.connection.forge.threads(self.remote.number)}
        for finding in reconciled.unposted:
            thread = threads.get(finding.fingerprint)
            if thread is not None and not thread.is_resolved:
                shown = Thread(thread.id, thread.comment_id)
                self.desk.records.findings.attach_thread(self.pull, finding.id, shown)

    def _resolve(self, publication: Publication, reconciled: Reconciled) -> None:
        wanted = set(publication.threads_to_resolve)
        for known in reconciled.known:
            if known.thread is not None and known.thread.id in wanted:
                self.connection.publisher.resolve(known.thread.id)
                done = replace(known.thread, is_resolved=True)
                self.desk.records.findings.attach_thread(self.pull, known.id, done)

    def _look(self, episode: Episode) -> Look:
        state, review = episode.state, episode.review
        read = {path for path, _ in state.seen}
        return Look(
            head_sha=review.change.head_sha,
            found=review.findings,
            enclosing=lambda finding: self._code_around(finding, state.head),
            was_looked_at=lambda finding: finding.location.path in read,
            is_gone=lambda path: path not in state.head,
            moved={f.old_path: f.path for f in state.diff.files if f.old_path != f.path},
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


def _as_known(known: KnownFinding) -> Known:
    thread = known.thread
    return Known(
        fingerprint=known.finding.fingerprint,
        path=known.finding.location.path,
        state=known.state,
        thread_id=thread.id if thread else None,
        is_resolved=thread.is_resolved if thread else False,
    )


def _fingerprint(thread: PostedThread) -> str | None:
    marker = parse_marker(thread.body)
    is_ours = marker is not None and marker.kind is MarkerKind.FINDING
    return marker.suggestion if marker is not None and is_ours else None
