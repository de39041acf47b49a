"""A command from a comment or a button as a durable job: who asks, may they, do it, answer once."""

from dataclasses import dataclass

from bot.agent.service.carrying_out import CarryOut
from bot.agent.service.desk import Connection, Desk
from bot.agent.service.review_job import ReviewOfPull
from bot.domain import replies
from bot.domain.command_parser import CommandError, button_command, parse_command
from bot.domain.commands import Command, Stop
from bot.domain.events import CommentPlace
from bot.domain.findings import FindingId
from bot.domain.forge import Permission, Reaction, RemotePullRequest
from bot.domain.jobs import JobContext, Json
from bot.domain.ledger import PullKey
from bot.domain.markers import Marker, MarkerKind
from bot.domain.permissions import Asker, Denied, Place, may
from bot.domain.repo_config import RepoConfig
from bot.domain.requests import ButtonCommand, CommentCommand, parse_request
from bot.errors import Refused


@dataclass(frozen=True)
class CommandJob:
    """The handler of COMMAND jobs."""

    desk: Desk

    def __call__(self, context: JobContext) -> Json:
        """Carry the command out and answer; return what became of it."""
        request = parse_request(context.job)
        assert isinstance(request, CommentCommand | ButtonCommand)  # noqa: S101 - intake pairs them
        with self.desk.connect(request.repo) as connection:
            return _Conversation(self.desk, connection, context, request).run()


@dataclass(frozen=True)
class _Conversation:
    desk: Desk
    connection: Connection
    context: JobContext
    request: CommentCommand | ButtonCommand

    def run(self) -> Json:
        work = ReviewOfPull(
            self.desk, self.connection, self.context, self.request.repo, self.request.number
        )
        remote = work.look()
        try:
            self._refuse_at_once(remote)
            config = self._config(remote)
        except Refused as error:
            return self._refuse(work, replies.refused(str(error)))
        try:
            command = self._command(config)
        except CommandError as error:
            return self._refuse(work, replies.misunderstood(str(error), config.trigger))
        if command is None:
            return {"ignored": "the comment is for another bot"}
        allowed = may(command, self._asker(remote), self._place(remote))
        if isinstance(allowed, Denied):
            return self._refuse(work, replies.denied(allowed.reason))
        self._react("seen", Reaction.SEEN)
        doing = CarryOut(work, remote, self.request.asker, allowed, config.trigger)
        try:
            words = doing.run(command)
        except Refused as error:
            return self._refuse(work, replies.refused(str(error)))
        return self._answer(work, words, Reaction.DONE)

    def _refuse_at_once(self, remote: RemotePullRequest) -> None:
        """Raise Refused where a person may not, before anything is checked out (case B01).

        What is not written with a first word of ours is looked up in the configuration first.
        """
        try:
            command = self._command(RepoConfig())
        except CommandError:
            return
        if command is None:
            return
        told = may(command, self._asker(remote), self._place(remote))
        if isinstance(told, Denied):
            raise Refused(told.reason)

    def _asker(self, remote: RemotePullRequest) -> Asker:
        """Ask the forge what the person may do, once per job."""
        person = self.request.asker
        asked = self.context.step(
            "permission", lambda: {"is": self.connection.forge.permission(person.login)}
        )
        return Asker(Permission(str(asked["is"])), is_author=person.id == remote.author_id)

    def _place(self, remote: RemotePullRequest) -> Place:
        is_fork = remote.is_fork_of(self.request.repo)
        return Place(remote.is_open, remote.is_locked, is_fork, can_push=not is_fork)

    def _refuse(self, work: ReviewOfPull, words: str) -> Json:
        return self._answer(work, words, Reaction.REFUSED)

    def _answer(self, work: ReviewOfPull, words: str, reaction: Reaction) -> Json:
        """Post the one reply, in the thread where the command stands."""
        request = self.request
        marker = Marker(MarkerKind.REPLY, work.look().head_sha, work.run_id)
        to_comment = None
        if isinstance(request, CommentCommand) and request.place is CommentPlace.THREAD:
            to_comment = request.comment_id

        def post() -> Json:
            posted = self.connection.publisher.reply(
                request.number,
                marker=str(marker),
                body=marker.under(words),
                to_comment=to_comment,
            )
            return {"reply": posted.url}

        done = self.context.step("reply", post)
        self._react("answered", reaction)
        return done

    def _react(self, step: str, reaction: Reaction) -> None:
        request = self.request
        if not isinstance(request, CommentCommand):
            return

        def react() -> Json:
            self.connection.reactions.react(
                request.comment_id,
                reaction,
                is_review_comment=request.place is CommentPlace.THREAD,
            )
            return {}

        self.context.step(step, react)

    def _config(self, remote: RemotePullRequest) -> RepoConfig:
        """Return the base side's configuration; the built-in one where no checkout is made.

        Raises Refused where it cannot be used: nothing is done under rules that nobody wrote.
        """
        if self._is_stop() or not remote.is_open or remote.head_repo is None:
            return RepoConfig()
        with self.connection.checkout(remote) as workspace:
            return self.desk.configure(workspace).config

    def _is_stop(self) -> bool:
        """Tell whether it is a plain stop, which must not wait for a checkout."""
        try:
            return isinstance(self._command(RepoConfig()), Stop)
        except CommandError:
            return False

    def _command(self, config: RepoConfig) -> Command | None:
        match self.request:
            case ButtonCommand(identifier=identifier):
                return button_command(identifier)
            case CommentCommand(line=line):
                finding = self._thread_finding()
                return parse_command(line, prefix=config.trigger, thread_finding=finding)

    def _thread_finding(self) -> FindingId | None:
        """Return the finding whose thread the comment is in."""
        request = self.request
        if not isinstance(request, CommentCommand) or request.in_reply_to is None:
            return None
        known = self.desk.records.findings.known(PullKey(request.repo.id, request.number))
        return next(
            (k.id for k in known if k.thread and k.thread.comment_id == request.in_reply_to), None
        )
