"""A worker's desk over fakes: a forge, a ledger and a queue in memory, and the toy agent."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.agent.attempt import MoreGenerators, nobody
from bot.agent.linting import Linter
from bot.agent.loop import Loop
from bot.agent.prove import Prover
from bot.agent.service.command_job import CommandJob
from bot.agent.service.desk import Adviser, Connection, Desk, Equipment
from bot.agent.studio import Studio
from bot.agent.testing import Suite
from bot.agent.tool import Tool
from bot.agent.tools.autofix import Autofix
from bot.agent.tools.bisect import Bisect
from bot.agent.tools.finish import Finish
from bot.agent.tools.lint import Lint
from bot.agent.tools.repair import Repair, Wish
from bot.agent.tools.test import Test
from bot.agent.tools.verify import Verify
from bot.agent.trying import Benches
from bot.domain.effective_config import EffectiveConfig
from bot.domain.events import CommentPlace, Person
from bot.domain.forge import Permission, Reaction, RemotePullRequest, RepoId
from bot.domain.intake import immediate_key, pull_key
from bot.domain.jobs import Job, JobId, JobKind, JobStatus
from bot.domain.ledger import PullKey
from bot.domain.markers import parse_marker
from bot.domain.org_defaults import OrgDefaults
from bot.domain.ports import Workspace
from bot.domain.pull_records import Ledger
from bot.domain.pull_request import Sha
from bot.domain.repo_config import RepoConfig
from bot.domain.requests import ButtonCommand, CommentCommand, Request, to_payload
from bot.errors import Refused, SandboxUnavailable
from bot.model_tools import Parts, answering, studio
from bot.policy.selection import HAND_WEIGHTS, Greedy
from tests.agent.lines import LineBase
from tests.agent.model_toys import ToyModel
from tests.agent.toys import Heard, ToyAnalyzer, ToyClock, ToyRunner, ToySyntax
from tests.fakes.forge import FakeCommitter, FakeForge
from tests.fakes.forge_values import FakeCommit
from tests.fakes.job_context import Crashed, FakeJobContext
from tests.fakes.jobs import FakeJobs, FakeJobsAdmin
from tests.fakes.ledger import fake_ledger
from tests.fakes.sandbox import FakeSandboxes
from tests.fakes.workspace import FakeWorkspace

BASE = {"a.toy": b"one\ntwo\nthree\n", "tests/all.tests": b"t1 a.toy one\nt0 a.toy three\n"}
BUG = {"a.toy": b"one\nBUG\nthree\n"}
BASE_SHA, HEAD_SHA = Sha("c" * 40), Sha("b" * 40)
ADA, EVE = Person(7, "ada"), Person(8, "eve")
BRANCH, NUMBER = "change", 1


@dataclass
class FakeConnection(LineBase):
    """The `Connection` port on the fake forge."""

    office: "Office"

    def __getattr__(self, name: str) -> object:
        return getattr(self.office.forge, name)

    @contextmanager
    def committing(self) -> Iterator[FakeCommitter]:
        self.office.before_commit()
        yield self.office.forge.committer

    @contextmanager
    def checkout(self, pull: RemotePullRequest) -> Iterator[Workspace]:
        self.office.checkouts += 1
        yield workspace_between(self.office.forge, pull.base_sha, pull.head_sha)


@dataclass
class Office:
    """One pull request of ada's, who may write; eve may read."""

    base: Mapping[str, bytes] = field(default_factory=lambda: BASE)
    head: Mapping[str, bytes] = field(default_factory=lambda: BUG)
    head_repo: str = "octo/shop"
    forge: FakeForge = field(default_factory=FakeForge)
    jobs: FakeJobs = field(default_factory=FakeJobs)
    records: Ledger = field(default_factory=fake_ledger)
    sandboxes: FakeSandboxes = field(default_factory=FakeSandboxes)
    analyzer: ToyAnalyzer = field(default_factory=ToyAnalyzer)
    runner: ToyRunner = field(default_factory=ToyRunner)
    before_commit: Callable[[], object] = lambda: None
    """What happens elsewhere between the look at the head and the commit."""
    config: RepoConfig = field(default_factory=RepoConfig)
    model: ToyModel | None = None
    more: MoreGenerators = nobody
    """Who proposes repairs in the toy language."""
    checkouts: int = 0
    config_error: str = ""
    is_without_sandbox: bool = False
    contexts: dict[JobId, FakeJobContext] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.admin = FakeJobsAdmin(self.jobs)
        forge = self.forge
        forge.permissions |= {"ada": Permission.WRITE, "eve": Permission.READ}
        forge.place("main", FakeCommit(BASE_SHA, None, self.base))
        forge.place(BRANCH, FakeCommit(HEAD_SHA, BASE_SHA, {**self.base, **self.head}))
        forge.pulls[NUMBER] = RemotePullRequest(
            NUMBER, "Change it", "ada", ADA.id, True, False, False, "main", BASE_SHA, BRANCH,
            HEAD_SHA, self.head_repo, (),
        )  # fmt: skip

    @property
    def repo(self) -> RepoId:
        return self.forge.repo

    @property
    def pull(self) -> PullKey:
        return PullKey(self.repo.id, NUMBER)

    @property
    def branch(self) -> FakeCommit:
        return self.forge.branches[BRANCH]

    @property
    def replies(self) -> list[str]:
        """The words of our replies, without their markers, the oldest first."""
        found = [comment.posted.body for comment in self.forge.own(NUMBER)]
        marked = [(body, parse_marker(body)) for body in found]
        return [
            b.rpartition("\n\n")[0] for b, marker in marked if marker and marker.kind == "reply"
        ]

    @property
    def reactions(self) -> list[Reaction]:
        return [reaction for _, reaction in self.forge.seen_reactions]

    def ask(self, line: str, by: Person = ADA, *, thread: int | None = None) -> str:
        """Comment, let a worker carry it out, and return the reply as it stands then."""
        self.run(self.comment(line, by, thread=thread))
        return self.replies[-1]

    def comment(self, line: str, by: Person = ADA, *, thread: int | None = None) -> Job:
        """Comment, in the thread that a comment began or not; return the queued job of it."""
        comment_id = self.forge.say(NUMBER, line, to_comment=thread)
        place = CommentPlace.CONVERSATION if thread is None else CommentPlace.THREAD
        request = CommentCommand(self.repo, NUMBER, by, line, comment_id, place, thread)
        is_immediate = line.split()[1] in ("stop", "status", "config", "why", "help", "policy")
        return self.submit(f"command:{comment_id}", request, is_immediate=is_immediate)

    def press(self, name: str, head_sha: Sha, by: Person = ADA) -> str:
        """Press a button of a check and return the reply."""
        request = ButtonCommand(self.repo, NUMBER, by, f"{name}#{NUMBER}", head_sha)
        self.run(self.submit(f"button:{len(self.jobs.jobs)}", request))
        return self.replies[-1]

    def submit(
        self,
        name: str,
        request: Request,
        *,
        kind: JobKind = JobKind.COMMAND,
        is_immediate: bool = False,
    ) -> Job:
        key = (immediate_key if is_immediate else pull_key)(self.repo.id, NUMBER)
        sequence = self.records.pulls.next_sequence(self.pull)
        job = Job(JobId(name), kind, key, sequence, 1, to_payload(request))
        self.jobs.submit(job)
        return job

    def run(self, job: Job, *, crash_in: str | None = None, attempts: int = 3) -> FakeJobContext:
        """Do a job as workers would; where one dies, another one goes on."""
        context = FakeJobContext(job, attempts=attempts, crash_in=crash_in)
        self.contexts[job.id] = context
        self.jobs.statuses[job.id] = JobStatus.RUNNING
        handler = CommandJob(self.desk())
        status: JobStatus | None = None
        while status is None:
            with suppress(Crashed):
                status = context.run(handler)
        self.jobs.statuses[job.id] = status
        if context.error:
            self.admin.errors[job.id] = context.error
        return context

    def waiting(self) -> list[Job]:
        """Return the jobs that nobody has begun."""
        return [j for j in self.jobs.jobs.values() if self.jobs.statuses[j.id] == JobStatus.QUEUED]

    def desk(self) -> Desk:
        @contextmanager
        def connect(_repo: RepoId) -> Iterator[Connection]:
            connection: Connection = FakeConnection(self)  # type: ignore[assignment] # by getattr
            yield connection

        return Desk(
            connect=connect,
            configure=self._configure,
            equip=self._equip,
            records=self.records,
            syntax=ToySyntax(),
            jobs=self.jobs,
            admin=self.admin,
            now=lambda: datetime(2026, 11, 1, tzinfo=UTC),
            web_root="https://forge.example",
            advise=self._advise,
            has_model=self.model is not None,
        )

    def _configure(self, _workspace: Workspace, _org: OrgDefaults) -> EffectiveConfig:
        if self.config_error:
            raise Refused(self.config_error)
        return EffectiveConfig(self.config, {})

    def _equip(
        self,
        workspace: Workspace,
        _config: EffectiveConfig,
        tools: Collection[str],
        repair: Wish | None,
    ) -> Equipment:
        if self.is_without_sandbox:
            raise SandboxUnavailable("no Docker Engine answers")
        clock, syntax = ToyClock(), ToySyntax()
        linter = Linter(self.sandboxes, [self.analyzer], syntax)
        suite = Suite(workspace, self.sandboxes, self.runner)
        prover = Prover(linter, suite, syntax, clock)
        everything: tuple[Tool, ...]
        everything = (Lint(linter), Test(suite), Bisect(suite), Autofix(), Verify(prover))
        if repair is not None:
            everything = (*everything, Repair(Benches(suite).open, clock, repair, self.more))
        wanted = [tool for tool in everything if not tools or tool.name in tools]
        loop = Loop([*wanted, Finish()], Greedy(HAND_WEIGHTS), clock, Heard())
        return Equipment(loop, prover, lambda: None, studio=self._studio(workspace, suite, linter))

    def _advise(self, workspace: Workspace, _config: EffectiveConfig) -> Adviser:
        return Adviser(answering(self.model, workspace) if self.model is not None else None)

    def _studio(self, workspace: Workspace, suite: Suite, linter: Linter) -> Studio | None:
        if self.model is None:
            return None
        syntax, clock = ToySyntax(), ToyClock()
        prover = Prover(linter, suite, syntax, clock)
        parts = Parts(workspace, self.config, linter, suite, prover, syntax)
        return studio(self.model, parts)


def workspace_between(forge: FakeForge, base: Sha, head: Sha) -> FakeWorkspace:
    """Return the change between two commits of the forge, under their own SHAs."""
    before, after = forge.commits[base].files, forge.commits[head].files
    gone = dict.fromkeys(before.keys() - after.keys())
    made = FakeWorkspace(before, {**after, **gone})
    made.trees = {base: dict(before), head: dict(after)}
    made._change = replace(made.change, base_sha=base, merge_base_sha=base, head_sha=head)
    made._diff = replace(made.diff(), merge_base_sha=base, head_sha=head)
    return made
