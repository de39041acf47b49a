"""A review as a durable job: ask the forge, check out, run the loop step by step, post."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bot.agent.durable import DurableSteps
from bot.agent.review import Episode, review
from bot.agent.service.desk import Connection, Desk, Equipment
from bot.agent.service.publishing import Posting
from bot.domain.admission import silence_before, silence_by_config
from bot.domain.effective_config import EffectiveConfig
from bot.domain.events import PullAction
from bot.domain.forge import RemotePullRequest, RepoId
from bot.domain.jobs import JobContext, Json
from bot.domain.ledger import Head, PullKey, Reconciled, RunId, RunKind, RunRecord
from bot.domain.ports import Workspace
from bot.domain.pull_records import Silence
from bot.domain.record_json import dump, load
from bot.domain.requests import ReviewRequest, parse_request
from bot.domain.verdict_check import started_check


@dataclass(frozen=True)
class ReviewJob:
    """The handler of REVIEW and RECONSIDER jobs."""

    desk: Desk

    def __call__(self, context: JobContext) -> Json:
        """Review the head that the forge names now; return why not, or what was concluded."""
        request = parse_request(context.job)
        assert isinstance(request, ReviewRequest)  # noqa: S101 - intake pairs kinds and requests
        with self.desk.connect(request.repo) as connection:
            work = ReviewOfPull(self.desk, connection, context, request.repo, request.number)
            return work.automatic(request.trigger)


@dataclass(frozen=True)
class ReviewOfPull:
    """One review of one pull request, automatic or asked for."""

    desk: Desk
    connection: Connection
    context: JobContext
    repo: RepoId
    number: int

    @property
    def pull(self) -> PullKey:
        """The pull request in the ledger."""
        return PullKey(self.repo.id, self.number)

    @property
    def run_id(self) -> RunId:
        """The same in every attempt of the job, because markers and check runs carry it."""
        return RunId(hashlib.sha256(self.context.job.id.encode()).hexdigest()[:16])

    def automatic(self, trigger: PullAction) -> Json:
        """Review unless the pull request, its mode or its configuration says no."""
        remote = self.look()
        admitted = self.context.step("admit", lambda: self._admit(remote))
        if admitted["silence"]:
            return admitted
        with self.connection.checkout(remote) as workspace:
            config = self.desk.configure(workspace)
            decided = self.context.step(
                "decide", lambda: self._decide(remote, workspace, config, trigger)
            )
            return decided if decided["silence"] else self.run(remote, workspace, config)

    def look(self) -> RemotePullRequest:
        """Ask the forge once per job, so that every attempt is about the same head."""
        seen = self.context.step(
            "look", lambda: {"pull": dump(self.connection.forge.pull_request(self.number))}
        )
        return load(RemotePullRequest, str(seen["pull"]))

    def run(self, remote: RemotePullRequest, workspace: Workspace, config: EffectiveConfig) -> Json:
        """Review and post; the run is recorded step by step."""
        with self.episode(remote, workspace, config, RunKind.REVIEW) as (made, _):
            episode = made
        posting = Posting(self.desk, self.connection, self.repo, remote)
        return self.context.step("publish", lambda: posting.post(episode, config))

    @contextmanager
    def episode(
        self,
        remote: RemotePullRequest,
        workspace: Workspace,
        config: EffectiveConfig,
        kind: RunKind,
    ) -> Iterator[tuple[Episode, Equipment]]:
        """Run the loop, recorded step by step; a stop kills what it runs at once."""
        self.context.step("begin", lambda: self._begin(remote, workspace, kind))
        equipment = self.desk.equip(workspace, config)
        try:
            with self.context.on_stop(equipment.close):
                durable = DurableSteps(self.context, self.desk.records.runs, self.run_id)
                steps = equipment.listening(durable)
                done = review(
                    workspace, equipment.loop, config.config, run_id=self.run_id, record=steps
                )
                equipment.keep(done)
                yield done, equipment
        finally:
            equipment.close()

    def reconciled(self, episode: Episode, remote: RemotePullRequest) -> Reconciled:
        """Give what the run saw its lasting ids, in the ledger."""
        return Posting(self.desk, self.connection, self.repo, remote).reconciled(episode)

    def _begin(self, remote: RemotePullRequest, workspace: Workspace, kind: RunKind) -> Json:
        record = RunRecord(
            run_id=self.run_id,
            job_id=self.context.job.id,
            pull=self.pull,
            repo=self.repo.full_name,
            head=_head(workspace),
            kind=kind,
            started_at=self.desk.now(),
        )
        self.desk.records.runs.begin(record)
        if kind is RunKind.REVIEW:
            self.connection.publisher.check(started_check(remote.head_sha, self.run_id))
        return {"run": self.run_id}

    def _admit(self, remote: RemotePullRequest) -> Json:
        mode = self.desk.records.pulls.load(self.pull).mode
        return self._told(remote, silence_before(remote, mode))

    def _decide(
        self,
        remote: RemotePullRequest,
        workspace: Workspace,
        config: EffectiveConfig,
        trigger: PullAction,
    ) -> Json:
        reason = silence_by_config(remote, config.config.auto_review, trigger)
        is_reviewed = self.desk.records.reviewed.is_reviewed
        if reason is None and is_reviewed(self.pull, _head(workspace), RunKind.REVIEW):
            reason = "this head was reviewed already"
        return self._told(remote, reason)

    def _told(self, remote: RemotePullRequest, reason: str | None) -> Json:
        """Remember why nothing is done, for `/agent why`."""
        if reason is not None:
            silence = Silence(reason, remote.head_sha, self.desk.now())
            self.desk.records.silences.record(self.pull, silence)
        return {"silence": reason}


def _head(workspace: Workspace) -> Head:
    change = workspace.change
    return Head(change.head_sha, change.merge_base_sha, change.base_sha)
