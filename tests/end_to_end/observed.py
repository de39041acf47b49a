"""Suggestions of ours on pull requests of the simulated GitHub, and a worker that looks at them.

Everything between the forge and the log is real: deliveries are parsed and decided as they come,
jobs run, git is fetched over HTTP. Only the review itself is not: its records are written here.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import NoReturn, cast

from bot.adapters.github_access import app_access
from bot.adapters.github_auth import AppIdentity
from bot.agent.service.desk import Connection, Desk
from bot.agent.service.observe_job import ObserveJob
from bot.agent.state import Observation
from bot.app_wiring import GitHubConnection
from bot.domain.diff import Side
from bot.domain.edits import Edit, Patch
from bot.domain.event_forms import outcomes_of, signals_of
from bot.domain.event_parser import parse_event
from bot.domain.events import Ignored
from bot.domain.findings import Category, Finding, FindingId, Location, Severity, Suggestion
from bot.domain.forge import RepoId, ReviewComment
from bot.domain.identity import Look, decision_id, patch_id, reconcile
from bot.domain.intake import Ourselves, Wanted, decide
from bot.domain.jobs import Job, JobKind, JobStatus
from bot.domain.ledger import Head, PullKey, RunId, RunKind, RunRecord, StepRecord, Thread
from bot.domain.markers import Marker, MarkerKind
from bot.domain.org_defaults import OrgDefaults
from bot.domain.outcomes import Outcome, OutcomeRecord
from bot.domain.own_commits import fix_key
from bot.domain.pull_records import (
    Ledger,
    Publication,
    PublicationKind,
    SuggestionId,
    SuggestionRecord,
)
from bot.domain.pull_request import Sha
from bot.domain.record_json import dump
from bot.domain.rewriting import Rewritten, readable_rewrites
from bot.domain.signals import Signal
from bot.settings import Settings
from bot.wiring import keeps_for_export
from tests.adapters.github_jobs import new_host
from tests.agent.toys import ToySyntax
from tests.fakes.job_context import FakeJobContext
from tests.fakes.jobs import FakeJobs, FakeJobsAdmin
from tests.fakes.ledger import fake_ledger
from tests.github_simulator import GitHub, PullRequest, Repo
from tests.github_simulator.conversations import ReviewComment as TheirComment
from tests.github_simulator.reviews import Thread as TheirThread

LINES = "".join(f"line_{n} = {n}\n" for n in range(1, 21))
FLAW = "total = sum(i for i in items if i.price != None)\n"
MENDED = "total = sum(i for i in items if i.price is not None)\n"
NEAR = "total = sum(n for i in items if i.price is not None)\n"
PLACE = 10


def file_with(line: str) -> str:
    return LINES.replace(f"line_{PLACE} = {PLACE}\n", line)


def _never(*_arguments: object) -> NoReturn:
    raise AssertionError("nobody reviews anything here")


@dataclass
class Shown:
    """A pull request with one suggestion of ours on it."""

    stage: "Stage"
    pr: PullRequest
    run: RunId
    suggestion: SuggestionId
    finding: Finding
    place: int = 0
    """Among the threads of the pull request."""

    @property
    def path(self) -> str:
        return self.finding.location.path

    @property
    def key(self) -> PullKey:
        return PullKey(self.stage.repo.id, self.pr.number)

    @property
    def thread(self) -> TheirThread:
        return self.pr.threads[self.place]

    @property
    def comment(self) -> TheirComment:
        return self.thread.comments[0]

    @property
    def signals(self) -> list[Signal]:
        found = signals_of(self.stage.ledger.events.of_pull(self.key))
        return [one for one in found if one.suggestion in (None, self.suggestion)]

    @property
    def written(self) -> Rewritten | None:
        """What is kept of the lines that were merged in its place."""
        found = readable_rewrites(self.stage.ledger.events.of_pull(self.key)).whole()
        return next((one for one in found[::-1] if one.suggestion == self.suggestion), None)

    @property
    def outcomes(self) -> list[OutcomeRecord]:
        found = outcomes_of(self.stage.ledger.events.of_pull(self.key))
        return [one for one in found if one.suggestion == self.suggestion]

    def write(self, line: str, message: str = "More") -> str:
        """Push the file with this line in the place of the flaw."""
        return self.pr.push({self.path: file_with(line)}, message=message)

    def fixed(self) -> Sha:
        """Let our fix commit be on the branch, and in our records."""
        trailer = f"Pullwright-Run: {self.run}\nPullwright-Suggestion: {self.finding.fingerprint}"
        sha = Sha(self.write(MENDED, f"Compare with is\n\n{trailer}"))
        self.stage.ledger.publications.record(
            Publication(
                fix_key(self.run), self.key, PublicationKind.COMMIT, sha, "https://forge.example",
                self.stage.now(),
            )
        )  # fmt: skip
        return sha

    def merged(self, method: str = "merge") -> Outcome:
        """Merge, let the worker look, and return what it logged."""
        self.pr.merge(method=method)
        return self.told()

    def told(self) -> Outcome:
        self.stage.work()
        return self.outcomes[-1].verdict.outcome


@dataclass
class Stage:
    """One installation, one repository, and a worker in this process."""

    github: GitHub
    folder: Path
    stack: ExitStack
    line: Connection | None = None
    repo: Repo = field(init=False)
    ledger: Ledger = field(default_factory=fake_ledger)
    jobs: FakeJobs = field(default_factory=FakeJobs)
    ahead: timedelta = timedelta()
    """How much later it is for us than for the forge."""
    count: int = 0
    heard: int = 0

    def __post_init__(self) -> None:
        self.app = self.github.app()
        self.host, _ = new_host(self.github)
        key = self.folder / "key.pem"
        key.write_text(self.app.private_key_pem)
        key.chmod(0o600)
        self.identity = AppIdentity(str(self.app.id), key)
        base = {f"p{n}.py": LINES for n in range(80)}
        self.repo = self.github.repo("octo/shop", base=base)
        for login in ("ada", "bob", "cyd"):
            self.repo.collaborator(login, "write")
        self.github.user("eve")

    def now(self) -> datetime:
        return self.github.clock.now() + self.ahead

    @property
    def repo_id(self) -> RepoId:
        found = self.app.installation_for(self.repo)
        assert found is not None
        return RepoId(found.id, self.repo.id, self.repo.full_name)

    def show(self, *, has_patch: bool = True, event: str = "COMMENT") -> Shown:
        """Open a pull request with a flaw, and let us have reviewed it."""
        return self.show_many(1, has_patch=has_patch, event=event)[0]

    def show_many(
        self, count: int, *, has_patch: bool = True, event: str = "COMMENT"
    ) -> list[Shown]:
        """Open a pull request with a flaw in each of some files, and let us have reviewed it."""
        paths = [f"p{self.count + n}.py" for n in range(1, count + 1)]
        self.count += count
        pr = self.repo.open_pull_request(dict.fromkeys(paths, file_with(FLAW)), author="ada")
        head, key = Sha(pr.head_sha), PullKey(self.repo.id, pr.number)
        run = RunId(f"{self.count:016x}")
        made = [_finding(path, has_patch=has_patch) for path in paths]
        findings = tuple(finding for finding, _ in made)
        look = Look(head, findings, lambda _: "code", lambda _: True)
        self.ledger.findings.revise(key, lambda known: reconcile(known, look))
        at = Head(head, Sha(pr.merge_base), Sha(pr.base_sha))
        self.ledger.runs.begin(
            RunRecord(run, f"job {run}", key, "octo/shop", at, RunKind.REVIEW, self.now())
        )
        seen = dump(Observation("looked", findings=findings))
        self.ledger.runs.record_step(run, StepRecord(1, "autofix", seen, "{}", 0.1))
        text = f"```suggestion\n{MENDED}```" if has_patch else "It may be None."
        self._post(pr, run, findings, text=text, event=event)
        shown = [
            Shown(self, pr, run, patch_id(key, head, patch), finding, place)
            for place, (finding, patch) in enumerate(made)
        ]
        self._record(shown, head)
        return shown

    def _post(
        self, pr: PullRequest, run: RunId, findings: Sequence[Finding], *, text: str, event: str
    ) -> None:
        head = Sha(pr.head_sha)
        markers = [Marker(MarkerKind.FINDING, head, run, f.fingerprint) for f in findings]
        bodies = [marker.under(text) for marker in markers]
        paths = [finding.location.path for finding in findings]
        if event != "COMMENT":
            drafts = [pr.draft_comment(p, PLACE, b) for p, b in zip(paths, bodies, strict=True)]
            self.app.bot.review(pr, "Not so", event=event, comments=tuple(drafts))
            return
        with self.connect(self.repo_id) as connection:
            connection.publisher.review(
                pr.number, head_sha=head, marker=str(markers[0]),
                comments=[ReviewComment(p, b, PLACE) for p, b in zip(paths, bodies, strict=True)],
            )  # fmt: skip

    def _record(self, shown: Sequence[Shown], head: Sha) -> None:
        for slot, one in enumerate(shown, 1):
            name = FindingId(f"F{slot}")
            thread = Thread(one.thread.node_id, one.comment.id)
            self.ledger.findings.attach_thread(one.key, name, thread)
            record = SuggestionRecord(
                one.suggestion, name, one.run, decision_id(one.run, 1), head, one.path, Side.RIGHT,
                PLACE, PLACE, source="autofix", proof=None, slot=slot, slots=len(shown),
            )  # fmt: skip
            self.ledger.suggestions.record(one.key, [record])

    def wanted(self) -> list[Wanted]:
        """Return what the deliveries since the last time ask for, reviews aside."""
        new = self.github.webhooks.all[self.heard :]
        self.heard = len(self.github.webhooks.all)
        found: list[Wanted] = []
        for delivery in new:
            event = parse_event(delivery.event, delivery.payload)
            if isinstance(event, Ignored):
                continue
            told = decide(event, ourselves=Ourselves(self.app.id), delivery=delivery.guid)
            if isinstance(told, Wanted):
                found += [each for each in (told, *told.also) if each.kind is JobKind.OBSERVE]
        return found

    def work(self) -> None:
        """Do what the deliveries ask for, and what waits besides."""
        for wanted in self.wanted():
            self.jobs.submit(wanted.job(1))
        waiting = [j for j in self.jobs.jobs.values() if self.jobs.statuses[j.id] == "queued"]
        for job in waiting:
            self.jobs.statuses[job.id] = self.run(job)

    def run(self, job: Job) -> JobStatus:
        context = FakeJobContext(job)
        status = context.run(ObserveJob(self.desk()))
        assert status is JobStatus.DONE, context.error
        return status

    def desk(self) -> Desk:
        return Desk(
            connect=self.connect,
            configure=_never,
            equip=_never,
            records=self.ledger,
            syntax=ToySyntax(),
            jobs=self.jobs,
            admin=FakeJobsAdmin(self.jobs),
            now=self.now,
            web_root=self.github.url,
            exports=keeps_for_export,
        )

    @contextmanager
    def connect(self, _repo: RepoId) -> Iterator[Connection]:
        """Lend the one connection of the stage: a token for each job would only cost time."""
        if self.line is None:
            settings = cast("Settings", _Places(self.folder / "state"))
            access = self.stack.enter_context(app_access(self.host, self.identity, self.repo_id))
            self.line = GitHubConnection(access, settings, NoOrg())
        yield self.line


class NoOrg:
    """An owner that sets nothing for all."""

    def read(self) -> OrgDefaults:
        return OrgDefaults()


@dataclass(frozen=True)
class _Places:
    """What a connection needs of the settings."""

    state_dir: Path
    network: dict[str, str] = field(default_factory=dict)


def _finding(path: str, *, has_patch: bool) -> tuple[Finding, Patch]:
    patch = Patch((Edit(path, PLACE, PLACE, FLAW, MENDED),))
    finding = Finding(
        rule="E711", severity=Severity.LOW, category=Category.STYLE, title="compares with None",
        body="Use `is not`.", location=Location(path, PLACE, PLACE), snippet=f"{path} {FLAW}",
        source="ruff", confidence=0.9,
        suggestion=Suggestion(patch, "autofix") if has_patch else None,
    )  # fmt: skip
    return finding, patch
