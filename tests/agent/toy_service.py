"""The review job over toys: a fake forge and ledger, and one pull request that is pushed to."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

from bot.agent.service.desk import Connection, Desk, Equipment
from bot.agent.service.review_job import ReviewJob
from bot.agent.tools.repair import Wish
from bot.domain.effective_config import EffectiveConfig, Layer, effective
from bot.domain.events import PullAction
from bot.domain.forge import (
    Committer,
    Forge,
    History,
    Publisher,
    Reactions,
    RemotePullRequest,
    RepoId,
)
from bot.domain.jobs import Job, JobId, JobKind, Jobs, JobsAdmin, JobStatus
from bot.domain.ledger import KnownFinding, PullKey
from bot.domain.model import Model
from bot.domain.org_defaults import OrgDefaults
from bot.domain.ports import Workspace
from bot.domain.pull_records import Ledger
from bot.domain.requests import ReviewRequest, to_payload
from tests.agent.lines import LineBase
from tests.agent.toys import Bench, ToySyntax
from tests.fakes.forge import FakeForge
from tests.fakes.job_context import Crashed, FakeJobContext
from tests.fakes.jobs import FakeJobs
from tests.fakes.ledger import fake_ledger
from tests.situations import Tree

REPO = RepoId(1, 2, "octo/shop")


@dataclass
class ToyConnection(LineBase):
    """`Connection`: the checkout is the bench's workspace, whatever is asked for."""

    service: "ToyService"

    @property
    def forge(self) -> Forge:
        return self.service.forge.forge

    @property
    def history(self) -> History:
        return self.service.forge.history

    @property
    def publisher(self) -> Publisher:
        return self.service.forge.publisher

    @property
    def reactions(self) -> Reactions:
        return self.service.forge.reactions

    def committing(self) -> AbstractContextManager[Committer]:
        return self.service.forge.committing()

    @contextmanager
    def checkout(self, pull: RemotePullRequest) -> Iterator[Workspace]:
        assert pull.head_sha == self.service.bench.workspace.change.head_sha
        yield self.service.bench.workspace


@dataclass
class ToyService:
    """Pull request 7; `push` sets its head, `review` runs the job that a push asks for."""

    base: Tree
    head: Tree
    settings: Mapping[str, object] = field(default_factory=dict)
    """The configuration at the base."""
    basis: str = "basis"
    ledger: Ledger = field(default_factory=fake_ledger)
    forge: FakeForge = field(default_factory=FakeForge)
    pull: PullKey = field(default_factory=lambda: PullKey(REPO.id, 7))
    model: Model | None = None
    _jobs: int = 0

    def __post_init__(self) -> None:
        self.push(self.head)

    def push(self, head: Tree) -> None:
        self.bench = Bench(self.base, head, model=self.model)
        change = self.bench.workspace.change
        self.forge.pulls[7] = RemotePullRequest(
            7, "Change it", "ada", 5, is_open=True, is_draft=False, is_locked=False,
            base_ref="main", base_sha=change.base_sha, head_ref="change",
            head_sha=change.head_sha, head_repo=REPO.full_name, labels=(),
        )  # fmt: skip

    def job(
        self, crash_in: str | None = None, trigger: PullAction = PullAction.SYNCHRONIZED
    ) -> FakeJobContext:
        self._jobs += 1
        head = self.forge.pulls[7].head_sha
        request = ReviewRequest(REPO, 7, head, "main", trigger)
        job = Job(
            JobId(f"job-{self._jobs}"), JobKind.REVIEW, "2#7", self._jobs, 1, to_payload(request)
        )
        return FakeJobContext(job, crash_in=crash_in)

    def review(
        self, crash_in: str | None = None, trigger: PullAction = PullAction.SYNCHRONIZED
    ) -> None:
        """Run a job to its end, on a second host where the first one dies."""
        context = self.job(crash_in, trigger)
        try:
            status = context.run(ReviewJob(self.desk))
        except Crashed:
            status = context.run(ReviewJob(self.desk))
        assert status is JobStatus.DONE, context.error

    @property
    def summary(self) -> str:
        posted = self.forge.summary_of(7)
        assert posted is not None
        return posted.body

    @property
    def known(self) -> tuple[KnownFinding, ...]:
        return self.ledger.findings.known(self.pull)

    @property
    def read(self) -> set[str]:
        """The files that the analyzer of the present head was first given."""
        return set(self.bench.analyzer.looks[0]) if self.bench.analyzer.looks else set()

    @property
    def desk(self) -> Desk:
        return Desk(
            connect=self._connect,
            configure=self._configure,
            equip=self._equip,
            records=self.ledger,
            syntax=ToySyntax(),
            jobs=cast("Jobs", FakeJobs()),
            admin=cast("JobsAdmin", None),
            now=self._now,
            web_root="https://forge.example",
        )

    @contextmanager
    def _connect(self, repo: RepoId) -> Iterator[Connection]:
        assert repo == REPO
        yield ToyConnection(self)

    def _configure(self, _: Workspace, _org: OrgDefaults) -> EffectiveConfig:
        return effective([Layer("file", self.settings)])

    def _equip(
        self,
        _workspace: Workspace,
        _config: EffectiveConfig,
        _tools: Collection[str],
        _repair: Wish | None,
    ) -> Equipment:
        return Equipment(self.bench.loop, self.bench.prover, lambda: None, self.basis)

    def _now(self) -> datetime:
        return datetime(2026, 10, 1, tzinfo=UTC) + timedelta(minutes=self._jobs)
