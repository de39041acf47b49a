"""The head of a merge queue gets the verdict of its pull requests: nothing is reviewed twice."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.agent.service.desk import Desk
from bot.domain.intake import pull_key
from bot.domain.jobs import JobContext, JobFilter, JobKind, JobStatus, Json
from bot.domain.ledger import PullKey
from bot.domain.merge_group import WAITS_S, GroupMember, MemberVerdict, MergeGroup, group_check
from bot.domain.record_json import dump, load
from bot.domain.requests import MergeGroupRequest, parse_request
from bot.errors import Retryable

_LIVE = frozenset({JobStatus.QUEUED, JobStatus.RUNNING})
_REVIEWING = (JobKind.REVIEW, JobKind.RECONSIDER, JobKind.COMMAND)


@dataclass(frozen=True)
class MergeGroupJob:
    """The handler of MERGE_GROUP jobs."""

    desk: Desk

    def __call__(self, context: JobContext) -> Json:
        """Post the check of all pull requests that the queue wants to merge."""
        request = parse_request(context.job)
        assert isinstance(request, MergeGroupRequest)  # noqa: S101 - intake pairs kinds and requests
        with self.desk.connect(request.repo) as connection:
            seen = context.step(
                "group",
                lambda: {
                    "group": dump(connection.merge_groups.read(request)),
                    "at": self.desk.now().isoformat(),
                },
            )
            group = load(MergeGroup, str(seen["group"]))
            since = datetime.fromisoformat(str(seen["at"]))
            waited = context.step("wait", lambda: self._waited(request, group, since))
            verdicts = load(_Verdicts, str(waited["verdicts"])).verdicts
            run = group_check(request, group, verdicts)
            return context.step("check", lambda: {"check": connection.publisher.check(run)})

    def _waited(self, request: MergeGroupRequest, group: MergeGroup, since: datetime) -> Json:
        """Return the verdicts once no review is under way, or once we waited long enough."""
        verdicts = tuple(self._verdict(request, member) for member in group.members)
        awaited = [f"#{v.member.number}" for v in verdicts if v.is_awaited]
        times = (since + timedelta(seconds=seconds) for seconds in WAITS_S)
        later = next((time for time in times if time > self.desk.now()), None)
        if awaited and later is not None:
            raise Retryable(f"the review of {', '.join(awaited)} is under way", retry_at=later)
        return {"verdicts": dump(_Verdicts(verdicts))}

    def _verdict(self, request: MergeGroupRequest, member: GroupMember) -> MemberVerdict:
        # Before the ledger: a review that ends in between is in it.
        live = self._is_under_way(request, member)
        pull = PullKey(request.repo.id, member.number)
        return MemberVerdict(
            member, self.desk.records.reviewed.of_head(pull, member.head_sha), live
        )

    def _is_under_way(self, request: MergeGroupRequest, member: GroupMember) -> bool:
        key = pull_key(request.repo.id, member.number)
        live = self.desk.admin.list(JobFilter(statuses=_LIVE, key=key))
        return any(info.job.kind in _REVIEWING for info in live)


@dataclass(frozen=True)
class _Verdicts:
    verdicts: tuple[MemberVerdict, ...]
