"""What is answered by looking it up: status, configuration, reasons, the policy, the table."""

from dataclasses import dataclass

from bot.agent.service.loose_ends import LooseEnds
from bot.agent.service.policy_of_pull import PolicyOfPull
from bot.agent.service.review_job import ReviewOfPull
from bot.domain import commands, replies
from bot.domain.forge import RemotePullRequest
from bot.domain.intake import immediate_key, pull_key
from bot.domain.jobs import Job, JobFilter, JobInfo, JobKind, JobStatus
from bot.domain.quieting import KINDS, folded, listed
from bot.domain.requests import ButtonCommand, CommentCommand, parse_request
from bot.errors import Refused

_QUEUE_SHOWN = 1_000
_MOST_LEFT_OUT = 1_000


@dataclass(frozen=True)
class Telling:
    """Answers about one pull request."""

    work: ReviewOfPull
    remote: RemotePullRequest
    trigger: str

    def run(self, command: commands.Command) -> str:
        """Return the words; raises Refused where somebody has to set something up first."""
        records = self.work.desk.records
        match command:
            case commands.Status():
                mode = records.pulls.load(self.work.pull).mode
                return replies.status(self._queue(), mode, self._left_out())
            case commands.Why():
                silences = records.silences.recent(self.work.pull)
                return replies.why(silences, self._left_out())
            case commands.ShowConfig():
                return self._config()
            case commands.Policy(commands.PolicyView.EXPLAIN):
                return PolicyOfPull(self.work).explain()
            case commands.Policy():
                return PolicyOfPull(self.work).show()
            case commands.Help():
                return replies.help_table(self.trigger, has_model=self.work.desk.has_model)
            case _:
                raise Refused(replies.NEEDS_A_MODEL)

    def _queue(self) -> list[str]:
        """Return what runs, and what waits and behind how much."""
        work = self.work
        own = LooseEnds(work.desk, work.connection, work.repo, work.number).live
        running = [info for info in own if info.status is JobStatus.RUNNING]
        # Jobs of one pull request run one at a time, in the order of their sequence.
        waiting = sorted(
            (info for info in own if info.status is JobStatus.QUEUED),
            key=lambda info: (info.job.sequence, info.job.id),
        )
        rows = [replies.running(_name(info.job), info.updated_at) for info in running]
        if not waiting:
            return rows
        everybody = self.work.desk.admin.list(
            JobFilter(statuses=frozenset({JobStatus.QUEUED}), limit=_QUEUE_SHOWN)
        )
        for place, info in enumerate(waiting, 1):
            ahead = len(running) + sum(_is_ahead(other, info) for other in everybody)
            rows.append(replies.waiting(_name(info.job), place=place, ahead=ahead))
        return rows

    def _left_out(self) -> list[JobInfo]:
        """Return commands that came while enough like them waited, the newest first."""
        keys = (pull_key, immediate_key)
        is_over, at = frozenset({JobStatus.SUPERSEDED}), (self.work.repo.id, self.work.number)
        wanted = [JobFilter(is_over, key(*at), limit=_MOST_LEFT_OUT) for key in keys]
        found = [info for each in wanted for info in self.work.desk.admin.list(each)]
        asked = (info for info in found if info.job.kind is JobKind.COMMAND)
        return sorted(asked, key=lambda info: info.created_at, reverse=True)

    def _config(self) -> str:
        repo = self.work.repo.id
        quiet = folded(repo, self.work.desk.records.events.of_repo(repo, KINDS))
        with self.work.connection.checkout(self.remote) as workspace:
            configured = self.work.configured(workspace)
        return replies.config(configured, listed(quiet, self.trigger))


def _is_ahead(other: JobInfo, info: JobInfo) -> bool:
    return (other.created_at, other.job.sequence) < (info.created_at, info.job.sequence)


def _name(job: Job) -> str:
    """Return what people call a job: the comment, the button, or its kind."""
    match parse_request(job):
        case CommentCommand(line=line):
            return line
        case ButtonCommand(identifier=identifier):
            return f"button {identifier.partition('#')[0]}"
        case _:
            return job.kind.value
