"""What a round works with, in memory: the App's view, a forge, a ledger, a queue and a clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import NoReturn, cast

from bot.agent.service.desk import Connection, Desk, Outlook
from bot.agent.service.reconcile_job import ReconcileJob
from bot.domain.app_forge import Attempt, HeadCheck, OpenPull
from bot.domain.events import CommentPlace, Person
from bot.domain.findings import Category, Finding, Location, Severity
from bot.domain.forge import CheckStatus, RemotePullRequest, RepoId, ReviewComment
from bot.domain.identity import Look, reconcile, run_id_of
from bot.domain.intake import pull_key
from bot.domain.jobs import Job, JobId, JobKind, JobStatus
from bot.domain.ledger import Head, KnownFinding, PullKey, RunId, RunKind, RunRecord
from bot.domain.markers import Marker, MarkerKind
from bot.domain.pull_records import Ledger
from bot.domain.pull_request import Sha
from bot.domain.requests import CommentCommand, to_payload
from bot.domain.rounds import Schedule, of_installation
from bot.domain.verdict_check import started_check
from tests.agent.toys import ToySyntax
from tests.fakes.app_forge import FakeAppForge
from tests.fakes.forge import FakeForge
from tests.fakes.job_context import FakeJobContext
from tests.fakes.jobs import FakeJobs, FakeJobsAdmin
from tests.fakes.ledger import fake_ledger

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
HEAD = Sha("b" * 40)
NUMBER = 1


def _never(*_arguments: object) -> NoReturn:
    raise AssertionError("a round checks nothing out and runs nothing")


@dataclass
class Watch:
    """One installation with octo/shop, whose pull request 1 is open."""

    app: FakeAppForge = field(default_factory=FakeAppForge)
    forge: FakeForge = field(default_factory=FakeForge)
    ledger: Ledger = field(default_factory=fake_ledger)
    jobs: FakeJobs = field(default_factory=FakeJobs)
    now: datetime = NOW
    told: list[str] = field(default_factory=list)
    """What the operator's log has."""
    connections: int = 0
    """How often somebody asked for credentials that write."""

    def __post_init__(self) -> None:
        self.app.repos_of[self.repo.installation_id] = [self.repo]
        self.forge.pulls[NUMBER] = RemotePullRequest(
            NUMBER, "Change it", "ada", 7, True, False, False, "main", Sha("c" * 40), "change",
            HEAD, "octo/shop", (),
        )  # fmt: skip
        self.show(self.open_pull())

    @property
    def repo(self) -> RepoId:
        return self.forge.repo

    @property
    def pull(self) -> PullKey:
        return PullKey(self.repo.id, NUMBER)

    def show(self, *pulls: OpenPull) -> None:
        """Let these be the open pull requests of the repository."""
        self.app.pulls[self.repo.id] = list(pulls)

    def open_pull(self, number: int = NUMBER, *checks: HeadCheck) -> OpenPull:
        return OpenPull(number, "Change it", False, (), "main", HEAD, NOW, checks)

    def attempted(self, *guids: str, is_ok: bool = False) -> None:
        """Let the forge have tried to deliver."""
        start = len(self.app.made)
        for number, guid in enumerate(guids, start + 1):
            at = NOW - timedelta(minutes=60) + timedelta(seconds=number)
            self.app.made.append(Attempt(number, guid, at, is_ok))

    def look_at_deliveries(self, **options: object) -> FakeJobContext:
        """Run the job of the deliveries."""
        return self.run(Schedule().due(self.now)[0], **options)

    def look_at_pulls(self, page: int = 1, **options: object) -> FakeJobContext:
        """Run the job of the installation."""
        job = of_installation("now", self.repo.installation_id, page)
        return self.run(job, **options)

    def run(self, job: Job, **options: object) -> FakeJobContext:
        context = FakeJobContext(job, **options)  # type: ignore[arg-type]  # a builder takes any field
        assert context.run(ReconcileJob(self.desk(), self.outlook())) is JobStatus.DONE
        return context

    def submitted(self, kind: JobKind) -> list[str]:
        return [job.id for job in self.jobs.jobs.values() if job.kind is kind]

    def desk(self) -> Desk:
        return Desk(
            connect=self._connect,
            configure=_never,
            equip=_never,
            records=self.ledger,
            syntax=ToySyntax(),
            jobs=self.jobs,
            admin=FakeJobsAdmin(self.jobs),
            now=lambda: self.now,
            web_root="https://forge.example",
        )

    def outlook(self) -> Outlook:
        return Outlook(self.app.opened, self.app.survey, self.told.append)

    @contextmanager
    def _connect(self, _repo: RepoId) -> Iterator[Connection]:
        self.connections += 1
        # It lacks the checkout only, which a round never asks for.
        yield cast("Connection", self.forge)

    # What a run leaves behind when it dies.

    def dead_review(self, status: JobStatus = JobStatus.STOPPED) -> RunId:
        """Let a review have begun, with its check run, and its job be over."""
        job = Job(JobId("review:dead"), JobKind.REVIEW, pull_key(2, NUMBER), 1, 1, {})
        self.jobs.submit(job)
        self.jobs.statuses[job.id] = status
        run, head = run_id_of(job.id), Head(HEAD, HEAD, HEAD)
        self.ledger.runs.begin(
            RunRecord(run, job.id, self.pull, "octo/shop", head, RunKind.REVIEW, NOW)
        )
        self.forge.publisher.check(started_check(HEAD, run))
        self.show(self.open_pull(NUMBER, HeadCheck(run, CheckStatus.IN_PROGRESS)))
        return run

    def ended_command(self, status: JobStatus = JobStatus.FAILED) -> RunId:
        """Let the job of a command be over."""
        request = CommentCommand(
            self.repo, NUMBER, Person(7, "ada"), "/agent fix", 5, CommentPlace.CONVERSATION, None
        )
        key, payload = pull_key(2, NUMBER), to_payload(request)
        job = Job(JobId("command:5"), JobKind.COMMAND, key, 1, 1, payload)
        self.jobs.submit(job)
        self.jobs.statuses[job.id] = status
        return run_id_of(job.id)

    def replied(self, run: RunId, words: str) -> None:
        """Let the reply of a run be on the forge."""
        marker = Marker(MarkerKind.REPLY, HEAD, run)
        self.forge.publisher.reply(
            NUMBER, marker=str(marker), body=marker.under(words), to_comment=None
        )

    def posted(self, run: RunId) -> Finding:
        """Let a finding, its thread and the summary be on the forge, and no record of them."""
        finding = Finding(
            rule="F401", severity=Severity.LOW, category=Category.STYLE, title="unused",
            body="Remove it.", location=Location("a.py", 1, 1), snippet="import os",
            source="ruff", confidence=0.9,
        )  # fmt: skip
        self.see(finding)
        marker = Marker(MarkerKind.FINDING, HEAD, run, finding.fingerprint)
        comment = ReviewComment("a.py", marker.under("It is unused"), 1)
        publisher = self.forge.publisher
        publisher.review(NUMBER, head_sha=HEAD, marker=str(marker), comments=[comment])
        publisher.summary(NUMBER, Marker(MarkerKind.SUMMARY, HEAD, run).under("One finding"))
        return finding

    def see(self, *findings: Finding) -> None:
        """Let a review have seen these and no others."""
        look = Look(HEAD, findings, lambda _: "code", lambda _: True)
        self.ledger.findings.revise(self.pull, lambda known: reconcile(known, look))

    @property
    def known(self) -> KnownFinding:
        (found,) = self.ledger.findings.known(self.pull)
        return found

    def state(self) -> object:
        """Return everything that a round could change."""
        forge = self.forge
        return (
            {n: list(c) for n, c in forge.comments.items()},
            {n: list(t) for n, t in forge.posted_threads.items()},
            dict(forge.checks),
            [j for j in self.jobs.jobs.values() if j.kind is not JobKind.RECONCILE],
            self.ledger.findings.known(self.pull),
            replace(self.ledger.pulls.load(self.pull)),
        )
