"""The check of a merge queue's head: as good as the worst of its pull requests."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.tree_sitter_syntax import TreeSitterSyntax
from bot.agent.service.desk import Desk
from bot.agent.service.merge_group_job import MergeGroupJob
from bot.domain.forge import CheckRun, RemotePullRequest, RepoId
from bot.domain.intake import pull_key
from bot.domain.jobs import (
    Job,
    JobFilter,
    JobId,
    JobInfo,
    JobKind,
    JobStatus,
    RetryPolicy,
    StepInfo,
)
from bot.domain.ledger import Head, PullKey, RunEnding, RunId, RunKind, RunRecord
from bot.domain.merge_group import GroupMember, MergeGroup
from bot.domain.org_defaults import OrgDefaultsSource
from bot.domain.ports import Workspace
from bot.domain.pull_request import Sha
from bot.domain.requests import MergeGroupRequest, to_payload
from bot.domain.verdict import Conclusion
from tests.agent.lines import LineBase
from tests.fakes.forge import FakeForge
from tests.fakes.job_context import FakeJobContext
from tests.fakes.jobs import FakeJobs
from tests.fakes.ledger import fake_ledger

REPO = RepoId(1, 2, "octo/shop")
GROUP_HEAD, GROUP_BASE = Sha("a" * 40), Sha("b" * 40)
ONE, TWO = GroupMember(1, Sha("1" * 40)), GroupMember(2, Sha("2" * 40))
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@dataclass
class FakeAdmin:
    """Jobs that are under way."""

    now: Callable[[], datetime]
    infos: list[JobInfo] = field(default_factory=list)
    until: datetime = NOW + timedelta(days=1)

    def list(self, wanted: JobFilter) -> Sequence[JobInfo]:
        live = self.infos if self.now() < self.until else []
        return [info for info in live if info.job.key == wanted.key]

    def steps(self, job_id: JobId) -> Sequence[StepInfo]:
        raise NotImplementedError(job_id)

    def retry(self, job_id: JobId) -> JobId:
        raise NotImplementedError(job_id)


@dataclass
class GroupForge(FakeForge, LineBase):
    """A forge with one merge group."""

    group: MergeGroup = field(default_factory=lambda: MergeGroup((ONE,)))

    @property
    def merge_groups(self) -> "GroupForge":
        return self

    @property
    def org_defaults(self) -> OrgDefaultsSource:
        raise NotImplementedError

    def read(self, request: MergeGroupRequest) -> MergeGroup:
        assert request.head_sha == GROUP_HEAD
        return self.group

    def checkout(self, pull: RemotePullRequest) -> AbstractContextManager[Workspace]:
        raise NotImplementedError(pull)


class World:
    """A queue's request, and what is known of its pull requests."""

    def __init__(self, *members: GroupMember, unknown: tuple[Sha, ...] = ()) -> None:
        self.forge = GroupForge(group=MergeGroup(members, unknown))
        self.ledger = fake_ledger()
        self.admin = FakeAdmin(self.now)
        ref = f"refs/heads/gh-readonly-queue/main/pr-2-{GROUP_BASE}"
        request = MergeGroupRequest(REPO, GROUP_HEAD, ref, GROUP_BASE, "refs/heads/main")
        job = Job(JobId("m"), JobKind.MERGE_GROUP, "2@a", 1, 1, to_payload(request))
        self.context = FakeJobContext(job, attempts=RetryPolicy().attempts)

    def reviewed(
        self, member: GroupMember, conclusion: Conclusion, *, is_failure: bool = False
    ) -> None:
        run = RunId(f"run-{member.number}-{conclusion}")
        head = Head(member.head_sha, GROUP_BASE, GROUP_BASE)
        pull = PullKey(REPO.id, member.number)
        record = RunRecord(run, "job", pull, REPO.full_name, head, RunKind.REVIEW, NOW)
        self.ledger.runs.begin(record)
        self.ledger.runs.finish(run, RunEnding(conclusion, "{}", NOW, is_failure=is_failure))

    def reviewing(self, member: GroupMember) -> None:
        key = pull_key(REPO.id, member.number)
        job = Job(JobId("r"), JobKind.REVIEW, key, 1, 1, {})
        self.admin.infos.append(JobInfo(job, JobStatus.RUNNING, 1, NOW, NOW))

    def now(self) -> datetime:
        """Time passes by waiting only."""
        return max([NOW, *(at for at in self.context.waits if at is not None)])

    def check(self) -> CheckRun:
        def unused(*_: object) -> object:
            raise NotImplementedError

        desk = Desk(
            connect=lambda _repo: nullcontext(self.forge),
            configure=unused,  # type: ignore[arg-type]  # no group has a configuration
            equip=unused,  # type: ignore[arg-type]  # and nothing is reviewed
            records=self.ledger,
            syntax=TreeSitterSyntax(),
            jobs=FakeJobs(),
            admin=self.admin,
            now=self.now,
            web_root="https://forge.example",
        )
        status = self.context.run(MergeGroupJob(desk))
        assert status is JobStatus.DONE, self.context.error
        (check,) = self.forge.checks.values()
        return check


def test_a_group_is_green_where_every_pull_request_is() -> None:
    world = World(ONE, TWO)
    world.reviewed(ONE, Conclusion.SUCCESS)
    world.reviewed(TWO, Conclusion.SUCCESS)

    check = world.check()

    assert (check.conclusion, check.title) == ("success", "As #1, #2: no findings")
    assert check.head_sha == GROUP_HEAD


@pytest.mark.parametrize(
    ("conclusion", "is_failure", "expected", "title"),
    [
        (Conclusion.FINDINGS, False, "neutral", "As #2: findings"),
        (Conclusion.PARTIAL, False, "neutral", "As #2: partial"),
        (Conclusion.ERROR, False, "neutral", "As #2: error"),
        (Conclusion.FINDINGS, True, "failure", "As #2: findings"),
    ],
)
def test_the_worst_verdict_wins(
    conclusion: Conclusion, is_failure: bool, expected: str, title: str
) -> None:
    world = World(ONE, TWO)
    world.reviewed(ONE, Conclusion.SUCCESS)
    world.reviewed(TWO, conclusion, is_failure=is_failure)

    check = world.check()

    assert (check.conclusion, check.title) == (expected, title)


def test_a_pull_request_that_nobody_reviewed_is_named() -> None:
    world = World(ONE, TWO)
    world.reviewed(ONE, Conclusion.SUCCESS)

    check = world.check()

    assert (check.conclusion, check.title) == ("neutral", "As #2: not reviewed")
    assert "- #1 at 111111111111: no findings" in check.summary
    assert "- #2 at 222222222222: not reviewed" in check.summary


def test_the_verdict_of_another_head_is_none() -> None:
    world = World(ONE)
    world.reviewed(GroupMember(1, Sha("f" * 40)), Conclusion.SUCCESS)

    assert world.check().title == "As #1: not reviewed"


def test_a_commit_of_no_pull_request_keeps_the_group_from_green() -> None:
    world = World(ONE, unknown=(Sha("c" * 40),))
    world.reviewed(ONE, Conclusion.SUCCESS)

    check = world.check()

    assert check.conclusion == "neutral"
    assert "cccccccccccc is of no pull request" in check.summary


def test_an_empty_group_is_not_green() -> None:
    assert World().check().conclusion == "neutral"


def test_a_group_waits_for_a_review_that_is_under_way() -> None:
    world = World(ONE)
    world.reviewing(ONE)
    world.reviewed(TWO, Conclusion.SUCCESS)
    world.admin.until = NOW + timedelta(seconds=80)

    check = world.check()

    assert len(world.context.waits) == 2
    assert check.title == "As #1: not reviewed"


def test_no_group_waits_for_ever() -> None:
    world = World(ONE)
    world.reviewing(ONE)

    check = world.check()

    assert world.now() == NOW + timedelta(seconds=450)
    assert (check.conclusion, check.title) == ("neutral", "As #1: not reviewed in time")


def test_nobody_waits_for_a_head_that_is_reviewed_already() -> None:
    world = World(ONE)
    world.reviewed(ONE, Conclusion.SUCCESS)
    world.reviewing(ONE)

    world.check()

    assert world.context.waits == []
