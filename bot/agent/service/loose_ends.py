"""Replies and checks that their own jobs will not finish: the jobs were stopped, or are dead.

A job that is stopped ends wherever it is, and one whose retries are used up does not run again, so
somebody else has to say so: the command that stops it, and the next command or a reconciliation.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from bot.agent.service.answer import framed, reply_marker
from bot.agent.service.desk import Connection, Desk
from bot.domain import replies
from bot.domain.command_parser import ALIAS, DEFAULT_PREFIX
from bot.domain.events import CommentPlace
from bot.domain.forge import Reaction, RepoId
from bot.domain.identity import run_id_of
from bot.domain.intake import immediate_key, pull_key
from bot.domain.jobs import Job, JobFilter, JobId, JobInfo, JobKind, JobStatus
from bot.domain.pull_request import Sha
from bot.domain.requests import ButtonCommand, CommentCommand, parse_request
from bot.domain.verdict_check import stopped_check

_LIVE = frozenset({JobStatus.QUEUED, JobStatus.RUNNING})
_OVER = frozenset({JobStatus.FAILED, JobStatus.STOPPED})
_MOST = 20
"""Jobs that one sweep looks at; older ones were met by an earlier sweep."""


@dataclass(frozen=True)
class LooseEnds:
    """What is unfinished on one pull request."""

    desk: Desk
    connection: Connection
    repo: RepoId
    number: int

    @property
    def live(self) -> list[JobInfo]:
        """The jobs of the pull request that run or wait, the newest first."""
        key = pull_key(self.repo.id, self.number)
        return list(self.desk.admin.list(JobFilter(statuses=_LIVE, key=key)))

    def stop(self, jobs: Collection[JobId]) -> list[JobId]:
        """Stop these jobs and return those that did not end by themselves; twice is once."""
        queue = self.desk.jobs
        return [j for j in jobs if queue.stop(j) or queue.status(j) is JobStatus.STOPPED]

    def tell_stopped(self, stopped: Collection[JobId], *, by: str, head: Sha) -> int:
        """Say of stopped jobs that they are, where anything of theirs stands; return how many."""
        key = pull_key(self.repo.id, self.number)
        ended = [i for i in self.desk.admin.list(JobFilter(key=key)) if i.job.id in stopped]
        for info in ended:
            if self._has_check(info):
                check = stopped_check(head, run_id_of(info.job.id), self.number)
                self.connection.publisher.check(check)
        return sum(self._finish(info.job, replies.stopped_by(by), head) for info in ended)

    def tie(self, head: Sha) -> int:
        """Say of every job that is over and still seems to run how it ended; return how many."""
        pull = (self.repo.id, self.number)
        keys = (pull_key(*pull), immediate_key(*pull))
        wanted = [JobFilter(statuses=_OVER, key=key, limit=_MOST) for key in keys]
        over = [info for one in wanted for info in self.desk.admin.list(one)]
        return sum(self._bury(info, head) for info in over)

    def _bury(self, info: JobInfo, head: Sha) -> bool:
        is_dead = info.status is JobStatus.FAILED
        words = replies.gave_up(info.error) if is_dead else replies.stopped_by(None)
        is_told = self._finish(info.job, words, head, is_begun=not (is_dead and _is_ours(info.job)))
        for comment in self._comments(info.job) if is_told and is_dead else ():
            is_review_comment = comment.place is CommentPlace.THREAD
            self.connection.reactions.react(
                comment.comment_id, Reaction.REFUSED, is_review_comment=is_review_comment
            )
        return is_told

    def _finish(self, job: Job, words: str, head: Sha, *, is_begun: bool = True) -> bool:
        """Edit the reply of a command that says it is being worked on; tell whether there was.

        Of what had perhaps not `begun`, a reply that is missing is posted.
        """
        request = parse_request(job)
        if not isinstance(request, CommentCommand | ButtonCommand):
            return False
        marker = reply_marker(job.id, head)
        found = self.connection.forge.reply(self.number, str(marker))
        if found is None and is_begun:
            return False
        if found is not None and not replies.is_working(found.body):
            return False
        body = marker.under(framed(request, words))
        self.connection.publisher.reply(self.number, marker=str(marker), body=body, to_comment=None)
        return True

    def _comments(self, job: Job) -> Iterator[CommentCommand]:
        request = parse_request(job)
        if isinstance(request, CommentCommand):
            yield request

    def _has_check(self, info: JobInfo) -> bool:
        """Tell whether the job began a review, and so a check."""
        if info.job.kind is JobKind.COMMAND or not info.attempts:
            return False
        return any(step.name == "begin" for step in self.desk.admin.steps(info.job.id))


def _is_ours(job: Job) -> bool:
    """Tell whether a command calls us by a name that no configuration gives us."""
    match parse_request(job):
        case CommentCommand(line=line):
            return line.partition(" ")[0] in (DEFAULT_PREFIX, ALIAS)
        case request:
            return isinstance(request, ButtonCommand)
