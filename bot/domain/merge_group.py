"""A merge queue's group: the pull requests in it, and the one check that its head gets.

Nothing is reviewed twice: the head has the verdicts of its pull requests, each for the very commit
that the queue merges. A green group is one whose every commit is accounted for.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.forge import CheckConclusion, CheckRun, CheckStatus
from bot.domain.ledger import ReviewedHead
from bot.domain.pull_request import Sha
from bot.domain.requests import MergeGroupRequest
from bot.domain.verdict import Conclusion
from bot.domain.verdict_check import CHECK_NAME

MOST_COMMITS = 20
"""Of one group that are looked at: each costs up to two requests."""
WAITS_S = (30, 90, 210, 450)
"""When we look again for a review that is under way, counted from the first look; then never.

The times leave the queue one try of its own (`jobs.RetryPolicy`), and GitHub's queue waits an hour.
"""
# docs.github.com: a merge group's branch is gh-readonly-queue/BASE/pr-NUMBER-SHA.
_PULL = re.compile(r"/pr-([1-9][0-9]{0,8})-[0-9a-f]{40,64}\Z")


@dataclass(frozen=True, slots=True)
class GroupMember:
    """One pull request of a group."""

    number: int
    head_sha: Sha
    """What the queue merges of it."""


@dataclass(frozen=True, slots=True)
class MergeGroup:
    """What is between the base and the head of a group."""

    members: tuple[GroupMember, ...]
    unknown: tuple[Sha, ...] = ()
    """Commits that are of no pull request that the forge names."""
    is_whole: bool = True
    """False where it has more commits than are looked at."""


class MergeGroups(Protocol):
    """Groups of a merge queue, for one repository."""

    def read(self, request: MergeGroupRequest) -> MergeGroup:
        """Return what the group holds, by a bounded number of requests."""
        ...


@dataclass(frozen=True, slots=True)
class MemberVerdict:
    """What we know of the commit that the queue merges."""

    member: GroupMember
    reviewed: ReviewedHead | None
    is_under_way: bool = False
    """A review that has not ended may be of it."""

    @property
    def is_awaited(self) -> bool:
        """There may be a verdict soon."""
        return self.reviewed is None and self.is_under_way

    @property
    def words(self) -> str:
        """What the check says of it."""
        if self.reviewed is not None:
            is_clean = self.reviewed.conclusion is Conclusion.SUCCESS
            return "no findings" if is_clean else self.reviewed.conclusion.value.replace("_", " ")
        return "not reviewed in time" if self.is_under_way else "not reviewed"

    @property
    def conclusion(self) -> CheckConclusion:
        """Success only where this very commit was reviewed whole and nothing was found."""
        if self.reviewed is None:
            return CheckConclusion.NEUTRAL
        if self.reviewed.is_failure:
            return CheckConclusion.FAILURE
        is_clean = self.reviewed.conclusion is Conclusion.SUCCESS
        return CheckConclusion.SUCCESS if is_clean else CheckConclusion.NEUTRAL


_WORST_FIRST = (CheckConclusion.FAILURE, CheckConclusion.NEUTRAL, CheckConclusion.SUCCESS)


def named_pull(head_ref: str) -> int | None:
    """Return the pull request that the name of the group's branch ends with: its last one."""
    named = _PULL.search(head_ref)
    return int(named[1]) if named else None


def group_check(
    request: MergeGroupRequest, group: MergeGroup, verdicts: Sequence[MemberVerdict]
) -> CheckRun:
    """Return the check of the group's head: the worst verdict of its pull requests wins."""
    conclusions = [verdict.conclusion for verdict in verdicts]
    if group.unknown or not group.is_whole or not verdicts:
        conclusions.append(CheckConclusion.NEUTRAL)
    worst = min(conclusions, key=_WORST_FIRST.index)
    named = named_pull(request.head_ref) or min((m.number for m in group.members), default=0)
    return CheckRun(
        name=CHECK_NAME,
        head_sha=request.head_sha,
        status=CheckStatus.COMPLETED,
        title=_title(verdicts, worst),
        summary="\n".join(_lines(group, verdicts)),
        external_id=f"merge-{request.head_sha[:16]}#{named}",
        conclusion=worst,
    )


def _title(verdicts: Sequence[MemberVerdict], worst: CheckConclusion) -> str:
    decisive = [v for v in verdicts if v.conclusion is worst]
    if not decisive:
        return "Not reviewed: not every commit is of a pull request that the forge names"
    numbers = ", ".join(f"#{v.member.number}" for v in decisive[:MOST_COMMITS])
    return f"As {numbers}: {', '.join(dict.fromkeys(v.words for v in decisive))}"


def _lines(group: MergeGroup, verdicts: Sequence[MemberVerdict]) -> list[str]:
    lines = ["The verdicts of the pull requests that this merge group holds:", ""]
    lines += [f"- #{v.member.number} at {v.member.head_sha[:12]}: {v.words}" for v in verdicts]
    lines += [f"- {sha[:12]} is of no pull request that the forge names" for sha in group.unknown]
    if not group.is_whole:
        lines.append(f"- more than {MOST_COMMITS} commits, and nothing older was looked at")
    return lines
