"""Work that met a newer head than it looked at: done once more on that one, and never again."""

from dataclasses import dataclass, replace

from bot.agent.service.answer import AGAIN, Answer
from bot.agent.service.review_job import ReviewOfPull
from bot.domain import replies
from bot.domain.forge import RemotePullRequest
from bot.domain.jobs import JobId, Json
from bot.domain.requests import CommentCommand, parse_request
from bot.errors import Refused


@dataclass(frozen=True)
class Requeue:
    """The second chance of one job (catalogue G12)."""

    work: ReviewOfPull
    remote: RemotePullRequest

    def again(self, reason: str) -> Answer:
        """Queue the same command once more; raises Refused where this is the second time.

        A button is bound to the head that it was pressed on, so it gets no second chance.
        """
        job = self.work.context.job
        is_comment = isinstance(parse_request(job), CommentCommand)
        if job.id.endswith(AGAIN) or not is_comment:
            raise Refused(replies.moved_again(reason))
        self.work.context.step("queue again", self._submit)
        return Answer(replies.looking_again(self.remote.head_sha), reaction=None)

    def _submit(self) -> Json:
        work = self.work
        sequence = work.desk.records.pulls.next_sequence(work.pull)
        job = replace(
            work.context.job, id=JobId(f"{work.context.job.id}{AGAIN}"), sequence=sequence
        )
        return {"is_new": work.desk.jobs.submit(job)}
