"""What a workflow asks for by itself, without a comment: the input `command` of the Action."""

from dataclasses import dataclass

from bot.agent.service.answer import Answer, reply_marker
from bot.agent.service.bookkeeping import Book
from bot.agent.service.carrying_out import CarryOut
from bot.agent.service.desk import Connection, Desk
from bot.agent.service.review_job import ReviewOfPull
from bot.domain import replies
from bot.domain.admission import is_off
from bot.domain.command_parser import DEFAULT_PREFIX
from bot.domain.commands import Command, Review
from bot.domain.events import Person
from bot.domain.forge import Permission, Reaction, RemotePullRequest, RepoId
from bot.domain.jobs import JobContext, Json
from bot.domain.permissions import Asker, Denied, Place, may
from bot.errors import Refused, SandboxUnavailable


@dataclass(frozen=True)
class AskedJob:
    """A handler for one command on one pull request."""

    desk: Desk
    repo: RepoId
    number: int
    command: Command
    asker: Person
    """Who caused the event; the permission is asked of the forge, as for a comment."""

    def __call__(self, context: JobContext) -> Json:
        """Do it and say so; return what became of it."""
        with self.desk.connect(self.repo) as connection:
            work = ReviewOfPull(self.desk, connection, context, self.repo, self.number)
            if isinstance(self.command, Review):
                return work.asked(is_full=self.command.is_full)
            return self._carried_out(work, connection, context)

    def _carried_out(self, work: ReviewOfPull, connection: Connection, context: JobContext) -> Json:
        remote = work.look()
        asked = context.step(
            "permission", lambda: {"is": connection.forge.permission(self.asker.login)}
        )
        permission = Permission(str(asked["is"]))
        answer = self._answer(work, remote, permission)
        return context.step("reply", lambda: self._post(work, remote, answer))

    def _answer(
        self, work: ReviewOfPull, remote: RemotePullRequest, permission: Permission
    ) -> Answer:
        is_fork = remote.is_fork_of(self.repo)
        place = Place(
            remote.is_open, remote.is_locked, is_fork, can_push=not is_fork, is_off=is_off(remote)
        )
        asker = Asker(permission, is_author=self.asker.id == remote.author_id)
        allowed = may(self.command, asker, place)
        if isinstance(allowed, Denied):
            return _refusal(replies.denied(allowed.reason))
        doing = CarryOut(work, remote, self.asker, allowed, DEFAULT_PREFIX, permission.may_write)
        try:
            return doing.run(self.command)
        except Refused as error:
            return _refusal(replies.refused(str(error)))
        except SandboxUnavailable as error:
            return _refusal(replies.no_sandbox(str(error)))

    def _post(self, work: ReviewOfPull, remote: RemotePullRequest, answer: Answer) -> Json:
        marker = reply_marker(work.context.job.id, remote.head_sha)
        body = marker.under(answer.words)
        posted = work.connection.publisher.reply(
            self.number, marker=str(marker), body=body, to_comment=None
        )
        Book(self.desk, self.repo, self.number, work.run_id).reply(posted)
        is_refused = answer.reaction is Reaction.REFUSED
        return {"reply": posted.url, "is_refused": is_refused}


def _refusal(words: str) -> Answer:
    return Answer(words, Reaction.REFUSED)
