"""A worker's desk over fakes: jobs run in memory, on a forge and a ledger that tests look at."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.agent.service.command_job import CommandJob
from bot.agent.service.desk import Connection, Desk, Equipment
from bot.agent.service.review_job import ReviewJob
from bot.domain.effective_config import effective
from bot.domain.events import CommentPlace, Person, PullAction
from bot.domain.forge import (
    Committer,
    Forge,
    History,
    Permission,
    Publisher,
    Reactions,
    RemotePullRequest,
    RepoId,
)
from bot.domain.jobs import Job, JobFilter, JobId, JobInfo, JobKind, JobStatus, StepInfo
from bot.domain.ledger import PullKey
from bot.domain.markers import MarkerKind, parse_marker
from bot.domain.ports import Workspace
from bot.domain.pull_records import Ledger
from bot.domain.requests import CommentCommand, Request, ReviewRequest, to_payload
from bot.errors import Refused
from tests.agent.lines import LineBase
from tests.agent.toys import Bench, ToySyntax
from tests.fakes.forge import FakeForge
from tests.fakes.forge_values import FakeCommit
from tests.fakes.job_context import FakeJobContext
from tests.fakes.jobs import FakeJobs
from tests.fakes.ledger import fake_ledger

ADA = Person(7, "ada")
NUMBER = 1
TOY = {"a.toy": b"fine\n", "all.tests": b"works a.toy fine\n"}
BUGGY = {"a.toy": b"fine\nBUG\n"}


@dataclass
class Office:
    """One pull request of Ada's, and everything that happens to it."""

    bench: Bench = field(default_factory=lambda: Bench(TOY, BUGGY))
    fake: FakeForge = field(default_factory=FakeForge)
    ledger: Ledger = field(default_factory=fake_ledger)
    queue: FakeJobs = field(default_factory=FakeJobs)
    now: datetime = datetime(2026, 11, 26, 12, tzinfo=UTC)
    jobs_run: int = 0
    is_checkout_broken: bool = False
    last_status: JobStatus | None = None
    """How the last job ended."""

    def __post_init__(self) -> None:
        change = self.bench.workspace.change
        self.fake.permissions[ADA.login] = Permission.WRITE
        self.fake.pulls[NUMBER] = RemotePullRequest(
            NUMBER, "Change it", ADA.login, ADA.id, True, False, False, "main", change.base_sha,
            change.head_ref or "change", change.head_sha, self.fake.repo.full_name, (),
        )  # fmt: skip
        head = self.bench.workspace.trees[change.head_sha]
        self.fake.branches[self.remote.head_ref] = FakeCommit(change.head_sha, None, head)

    @property
    def remote(self) -> RemotePullRequest:
        """The pull request as the forge has it."""
        return self.fake.pulls[NUMBER]

    @property
    def pull(self) -> PullKey:
        return PullKey(self.fake.repo.id, NUMBER)

    def change(self, **changes: object) -> None:
        """Let somebody change the pull request."""
        self.fake.pulls[NUMBER] = replace(self.remote, **changes)  # type: ignore[arg-type]  # a builder takes any field

    def review(self, trigger: PullAction = PullAction.OPENED) -> FakeJobContext:
        """Run the job of an automatic review."""
        request = ReviewRequest(
            self.fake.repo, NUMBER, self.remote.head_sha, self.remote.base_ref, trigger
        )
        return self._run("review", JobKind.REVIEW, request)

    def say(self, line: str, by: Person = ADA, *, comment_id: int | None = None) -> FakeJobContext:
        """Write a comment and run its job."""
        said = self.fake.say(NUMBER, line) if comment_id is None else comment_id
        request = CommentCommand(
            self.fake.repo, NUMBER, by, line, said, CommentPlace.CONVERSATION, in_reply_to=None
        )
        return self._run("command", JobKind.COMMAND, request)

    def reply_to(self, line: str, by: Person = ADA) -> str:
        """Write a comment and return the reply."""
        before = list(self.fake.own(NUMBER))
        self.say(line, by)
        new = [c for c in self.fake.own(NUMBER) if c not in before and c.in_thread is None]
        markers = {c.posted.id: parse_marker(c.posted.body) for c in new}
        replies = (c for c in new if (m := markers[c.posted.id]) and m.kind is MarkerKind.REPLY)
        *_, reply = replies
        return reply.posted.body

    def silences(self) -> list[str]:
        """Return why nothing happened, the newest first."""
        return [silence.reason for silence in self.ledger.silences.recent(self.pull)]

    def desk(self) -> Desk:
        """Return what the handlers get."""
        return Desk(
            connect=self._connect,
            configure=lambda _workspace, _org: effective(),
            equip=lambda _workspace, _config, _tools, _repair: Equipment(
                self.bench.loop, self.bench.prover, lambda: None
            ),
            records=self.ledger,
            syntax=ToySyntax(),
            jobs=self.queue,
            admin=FakeAdmin(self),
            now=lambda: self.now,
            web_root="https://forge.example",
        )

    def _run(self, name: str, kind: JobKind, request: Request) -> FakeJobContext:
        self.jobs_run += 1
        key = f"{self.fake.repo.id}#{NUMBER}"
        job_id = JobId(f"{name}:{self.jobs_run}")
        job = Job(job_id, kind, key, self.jobs_run, 1, to_payload(request))
        context = FakeJobContext(job)
        self.last_status = context.run(
            (CommandJob if kind is JobKind.COMMAND else ReviewJob)(self.desk())
        )
        return context

    @contextmanager
    def _connect(self, _repo: RepoId) -> Iterator[Connection]:
        yield _Line(self)


@dataclass(frozen=True)
class _Line(LineBase):
    """`Connection`."""

    office: Office

    @property
    def forge(self) -> Forge:
        return self.office.fake.forge

    @property
    def history(self) -> History:
        return self.office.fake.history

    @property
    def publisher(self) -> Publisher:
        return self.office.fake.publisher

    @property
    def reactions(self) -> Reactions:
        return self.office.fake.reactions

    @contextmanager
    def committing(self) -> Iterator[Committer]:
        yield self.office.fake.committer

    @contextmanager
    def checkout(self, _pull: RemotePullRequest) -> Iterator[Workspace]:
        if self.office.is_checkout_broken:
            raise AssertionError("nobody may check this out")
        yield self.office.bench.workspace


@dataclass(frozen=True)
class FakeAdmin:
    """`JobsAdmin` on what was submitted; nothing there ever ran."""

    office: Office

    def list(self, wanted: JobFilter) -> Sequence[JobInfo]:
        queue, at = self.office.queue, self.office.now - timedelta(minutes=1)
        infos = [
            JobInfo(job, queue.statuses[job.id], 0, at, at, queue.errors.get(job.id, ""))
            for job in queue.jobs.values()
        ]
        return [
            info
            for info in reversed(infos)
            if wanted.key in (None, info.job.key)
            and (not wanted.statuses or info.status in wanted.statuses)
        ][: wanted.limit]

    def steps(self, job_id: JobId) -> Sequence[StepInfo]:
        return []

    def retry(self, job_id: JobId) -> JobId:
        raise Refused(f"job {job_id} never failed")
