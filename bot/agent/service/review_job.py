"""A review as a durable job: ask the forge, check out, run the loop step by step, post."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from bot.agent.durable import DurableSteps
from bot.agent.earlier import Earlier, going_on
from bot.agent.review import Episode, run_episode, start
from bot.agent.service.bookkeeping import Book
from bot.agent.service.choosing import Choosing
from bot.agent.service.desk import Connection, Desk, Equipment
from bot.agent.service.publishing import Posting
from bot.agent.tools.repair import Wish
from bot.domain.admission import (
    PACE_WINDOW,
    silence_before,
    silence_by_config,
    silence_by_pace,
)
from bot.domain.config_words import CONFIG_RUN, config_check, config_refused, config_silence
from bot.domain.effective_config import ConfigRefused, EffectiveConfig
from bot.domain.events import PullAction
from bot.domain.findings import SETTLED, Finding
from bot.domain.forge import HeadMoved, RemotePullRequest, RepoId
from bot.domain.identity import run_id_of
from bot.domain.jobs import Ended, JobContext, JobStatus, Json
from bot.domain.ledger import Head, PullKey, Reconciled, RunEnding, RunId, RunKind, RunRecord
from bot.domain.markers import Marker, MarkerKind
from bot.domain.org_defaults import OrgDefaults
from bot.domain.ports import Workspace
from bot.domain.pull_records import Publication, PublicationKind, PullMode, Silence
from bot.domain.pull_request import Sha
from bot.domain.record_json import dump, load
from bot.domain.requests import ReviewRequest, parse_request
from bot.domain.review import Review
from bot.domain.verdict_check import not_reviewed_check, started_check
from bot.errors import Refused

_ONLY_TESTS = (RunKind.TEST, RunKind.IMPLEMENT, RunKind.COVER)
MOVED = "the head moved while it was looked at; its new head has a review of its own"


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
    repair: Wish | None = None
    """What is wished of a search for repairs; None for no search, as in every review."""

    @property
    def pull(self) -> PullKey:
        """The pull request in the ledger."""
        return PullKey(self.repo.id, self.number)

    @property
    def run_id(self) -> RunId:
        """The same in every attempt of the job, because markers and check runs carry it."""
        return run_id_of(self.context.job.id)

    @property
    def book(self) -> Book:
        """Where what is posted is written down."""
        return Book(self.desk, self.repo, self.number, self.run_id)

    def automatic(self, trigger: PullAction) -> Json:
        """Review unless the pull request, its mode or its configuration says no."""
        remote = self.look()
        admitted = self.context.step("admit", lambda: self._admit(remote))
        if admitted["silence"]:
            return admitted
        return self._told_why(remote, lambda workspace: self._looked_at(remote, workspace, trigger))

    def asked(self, *, is_full: bool) -> Json:
        """Review whatever the configuration says of automatic reviews: an operator wants it."""
        remote = self.look()
        if not remote.is_open or remote.head_repo is None:
            return self._told(remote, silence_before(remote, PullMode.AUTO))

        def review(workspace: Workspace) -> Json:
            return self.run(remote, workspace, self.configured(workspace), is_full=is_full)

        return self._told_why(remote, review)

    def _told_why(self, remote: RemotePullRequest, act: Callable[[Workspace], Json]) -> Json:
        """Act on a checkout; what refuses it is said on the forge."""
        try:
            with self.connection.checkout(remote) as workspace:
                return act(workspace)
        except ConfigRefused as error:
            return self._refused(remote, str(error))
        except Refused as error:
            return self._not_reviewed(remote, str(error))

    def _looked_at(
        self, remote: RemotePullRequest, workspace: Workspace, trigger: PullAction
    ) -> Json:
        config = self.configured(workspace)
        decided = self.context.step(
            "decide", lambda: self._decide(remote, workspace, config, trigger)
        )
        if decided["silence"]:
            return decided
        is_full = not config.config.auto_review.incremental
        return self.run(remote, workspace, config, is_full=is_full)

    def configured(self, workspace: Workspace) -> EffectiveConfig:
        """Return the base side's configuration, on top of the owner's as this job saw it first."""
        seen = self.context.step(
            "org defaults", lambda: {"file": dump(self.connection.org_defaults.read())}
        )
        return self.desk.configure(workspace, load(OrgDefaults, str(seen["file"])))

    def _not_reviewed(self, remote: RemotePullRequest, reason: str) -> Json:
        """Say on the forge why there is no review: too large, a configuration that is none.

        Where the head has moved, nothing is said of it (case C10): the push has a job of its own.
        """

        def tell() -> Json:
            if self._has_moved(remote):
                return self._told(remote, MOVED)
            run = not_reviewed_check(remote.head_sha, self.run_id, reason, self.number)
            self.connection.publisher.check(run)
            return self._told(remote, reason)

        told = self.context.step("not reviewed", tell)
        if told["silence"] == MOVED:
            raise Ended(JobStatus.SUPERSEDED)
        return told

    def _has_moved(self, remote: RemotePullRequest) -> bool:
        return self.connection.forge.pull_request(self.number).head_sha != remote.head_sha

    def look(self) -> RemotePullRequest:
        """Ask the forge once per job, so that every attempt is about the same head."""
        seen = self.context.step(
            "look", lambda: {"pull": dump(self.connection.forge.pull_request(self.number))}
        )
        return load(RemotePullRequest, str(seen["pull"]))

    def run(
        self,
        remote: RemotePullRequest,
        workspace: Workspace,
        config: EffectiveConfig,
        *,
        is_full: bool,
    ) -> Json:
        """Review and post; the run is recorded step by step.

        Unless it is to be full, what the last review read stands where it is the same.
        """
        kind = RunKind.REVIEW
        goes_on = self._nowhere if is_full else self._last
        choosing = Choosing(self.desk, self.pull, self.run_id, config.config.learning.mode)
        with self._begun(remote, workspace, config, kind) as equipment:
            drawn = replace(equipment, loop=choosing.loop(equipment.loop))
            episode = self._episode(workspace, config, drawn, goes_on)
        posting = Posting(self.desk, self.connection, self.repo, remote)

        def publish() -> Json:
            if self._has_moved(remote):
                raise HeadMoved(MOVED)
            return posting.post(episode, config)

        return self.context.step("publish", publish)

    @contextmanager
    def episode(
        self,
        remote: RemotePullRequest,
        workspace: Workspace,
        config: EffectiveConfig,
        kind: RunKind,
    ) -> Iterator[tuple[Episode, Equipment]]:
        """Run the loop on everything, recorded step by step; a stop kills what it runs at once."""
        with self._begun(remote, workspace, config, kind) as equipment:
            yield self._episode(workspace, config, equipment, self._nowhere), equipment

    def reconciled(self, episode: Episode, remote: RemotePullRequest) -> Reconciled:
        """Give what the run saw its lasting ids, in the ledger."""
        return Posting(self.desk, self.connection, self.repo, remote).reconciled(episode)

    @contextmanager
    def _begun(
        self,
        remote: RemotePullRequest,
        workspace: Workspace,
        config: EffectiveConfig,
        kind: RunKind,
    ) -> Iterator[Equipment]:
        self.context.step("begin", lambda: self.begin(remote, workspace, kind))
        tools = ("test",) if kind in _ONLY_TESTS else ()
        equipment = self.desk.equip(workspace, config, tools, self.repair)
        try:
            with self.context.on_stop(equipment.close):
                yield equipment
        finally:
            equipment.close()

    def _episode(
        self,
        workspace: Workspace,
        config: EffectiveConfig,
        equipment: Equipment,
        goes_on: Callable[[str], Json],
    ) -> Episode:
        """Run the loop, going on from what `goes_on` names on this basis."""
        chosen = self.context.step("since", lambda: goes_on(equipment.basis))
        first = replace(start(workspace, config.config), settled=self._settled())
        if (earlier := self._earlier(chosen)) is not None:
            first = going_on(first, earlier)
        durable = DurableSteps(self.context, self.desk.records.runs, self.run_id)
        steps = equipment.listening(durable)
        done = run_episode(equipment.loop, first, run_id=self.run_id, record=steps)
        equipment.keep(done)
        # Where another version began this run, nobody can tell which of the two read a file.
        is_one_basis = chosen["basis"] == equipment.basis
        return replace(done, basis=equipment.basis if is_one_basis else "")

    def _settled(self) -> tuple[Finding, ...]:
        known = self.desk.records.findings.known(self.pull)
        return tuple(k.finding for k in known if k.state in SETTLED)

    def _nowhere(self, basis: str) -> Json:
        return {"run": None, "head": None, "basis": basis}

    def _last(self, basis: str) -> Json:
        last = self.desk.records.reviewed.last(self.pull)
        if last is None:
            return self._nowhere(basis)
        return {"run": last.run_id, "head": last.head.head_sha, "basis": basis}

    def _earlier(self, chosen: Json) -> Earlier | None:
        """Return what an ended run left behind, which never changes, or None for nothing."""
        if chosen["run"] is None or not chosen["basis"]:
            return None
        ending = self.desk.records.runs.ending(RunId(str(chosen["run"])))
        if ending is None or ending.reading is None or ending.reading.basis != chosen["basis"]:
            return None
        return Earlier(Sha(str(chosen["head"])), ending.reading.files)

    def has_seen(self, workspace: Workspace) -> bool:
        """Tell whether the last review that saw anything was of this head and merge base."""
        last, head = self.desk.records.reviewed.last(self.pull), _head(workspace)
        seen = (last.head.head_sha, last.head.merge_base_sha) if last is not None else None
        return seen == (head.head_sha, head.merge_base_sha)

    def finish(self, review: Review) -> None:
        """Record how a run ended that is no review; a review's ending is recorded as it is posted.

        Twice is once: the first ending stands.
        """
        verdict = review.verdict
        ending = RunEnding(verdict.conclusion, dump(verdict), self.desk.now())
        self.desk.records.runs.finish(self.run_id, ending)

    def remember_commit(self, key: str, sha: Sha) -> None:
        """Record a commit of ours; only what is recorded is ever undone."""
        url = f"{self.desk.web_url(self.repo)}/commit/{sha}"
        now = self.desk.now()
        self.desk.records.publications.record(
            Publication(key, self.pull, PublicationKind.COMMIT, sha, url, now)
        )

    def begin(self, remote: RemotePullRequest, workspace: Workspace, kind: RunKind) -> Json:
        """Record that the run has begun, and say so on the head of a review."""
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
            started = started_check(remote.head_sha, self.run_id, self.number)
            self.book.check(self.connection.publisher.check(started))
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
        reviewed = self.desk.records.reviewed
        # Another base branch has another configuration, also where the merge base is the same.
        is_same = trigger is not PullAction.EDITED
        head = _head(workspace)
        if reason is None and is_same and reviewed.is_reviewed(self.pull, head, RunKind.REVIEW):
            reason = "this head was reviewed already"
        if reason is None:
            since = self.desk.now() - PACE_WINDOW
            reason = silence_by_pace(reviewed.begun(self.pull, since=since))
        return self._told(remote, reason)

    def _refused(self, remote: RemotePullRequest, reason: str) -> Json:
        """Say on the pull request, once, that its configuration cannot be used."""
        marker = Marker(MarkerKind.REPLY, remote.head_sha, CONFIG_RUN)

        def post() -> Json:
            publisher, body = self.connection.publisher, marker.under(config_refused(reason))
            publisher.reply(self.number, marker=str(marker), body=body, to_comment=None)
            publisher.check(config_check(remote.head_sha, self.run_id, reason, self.number))
            return self._told(remote, config_silence(reason))

        return self.context.step("refuse", post)

    def _told(self, remote: RemotePullRequest, reason: str | None) -> Json:
        """Remember why nothing is done, for `/agent why`."""
        if reason is not None:
            silence = Silence(reason, remote.head_sha, self.desk.now())
            self.desk.records.silences.record(self.pull, silence)
        return {"silence": reason}


def _head(workspace: Workspace) -> Head:
    change = workspace.change
    return Head(change.head_sha, change.merge_base_sha, change.base_sha)
