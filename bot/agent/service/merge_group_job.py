"""The head of a merge queue gets the verdict of its pull request: nothing is reviewed twice."""

import re
from dataclasses import dataclass

from bot.agent.service.desk import Desk
from bot.domain.forge import CheckConclusion, CheckRun, CheckStatus
from bot.domain.jobs import JobContext, Json
from bot.domain.ledger import PullKey
from bot.domain.requests import MergeGroupRequest, parse_request
from bot.domain.verdict import Conclusion
from bot.domain.verdict_check import CHECK_NAME

# docs.github.com: a merge group's branch is gh-readonly-queue/BASE/pr-NUMBER-SHA.
_PULL = re.compile(r"/pr-([1-9][0-9]{0,8})-[0-9a-f]{40,64}\Z")


@dataclass(frozen=True)
class MergeGroupJob:
    """The handler of MERGE_GROUP jobs."""

    desk: Desk

    def __call__(self, context: JobContext) -> Json:
        """Post the check of the pull request that the queue wants to merge."""
        request = parse_request(context.job)
        assert isinstance(request, MergeGroupRequest)  # noqa: S101 - intake pairs kinds and requests
        run = self._check(request)
        with self.desk.connect(request.repo) as connection:
            return context.step("check", lambda: {"check": connection.publisher.check(run)})

    def _check(self, request: MergeGroupRequest) -> CheckRun:
        named = _PULL.search(request.head_ref)
        number = int(named[1]) if named else 0
        last = self.desk.records.reviewed.last(PullKey(request.repo.id, number))
        if last is None:
            conclusion, title = CheckConclusion.NEUTRAL, "Not reviewed"
        elif last.conclusion is Conclusion.SUCCESS:
            conclusion, title = CheckConclusion.SUCCESS, f"As #{number}: no findings"
        else:
            told = last.conclusion.value.replace("_", " ")
            conclusion, title = CheckConclusion.NEUTRAL, f"As #{number}: {told}"
        return CheckRun(
            name=CHECK_NAME,
            head_sha=request.head_sha,
            status=CheckStatus.COMPLETED,
            title=title,
            summary="The verdict of the pull request that this merge group holds.",
            external_id=f"merge-{request.head_sha[:16]}#{number}",
            conclusion=conclusion,
        )
