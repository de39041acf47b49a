"""A command from a comment or a button as a durable job: who asks, may they, do it, answer once."""

from contextlib import nullcontext, suppress
from dataclasses import dataclass

from bot.agent.service.answer import Answer, framed, reply_marker
from bot.agent.service.bookkeeping import Book
from bot.agent.service.carrying_out import CarryOut
from bot.agent.service.desk import Connection, Desk
from bot.agent.service.loose_ends import LooseEnds
from bot.agent.service.review_job import ReviewOfPull
from bot.domain import replies
from bot.domain.admission import is_off
from bot.domain.command_parser import (
    ALIAS,
    DEFAULT_PREFIX,
    CommandError,
    button_command,
    parse_command,
    plain_question,
)
from bot.domain.commands import Command, Stop
from bot.domain.effective_config import ConfigRefused
from bot.domain.events import CommentPlace
from bot.domain.findings import FindingId
from bot.domain.forge import Permission, Reaction, RemotePullRequest
from bot.domain.identity import run_id_of
from bot.domain.jobs import JobContext, Json
from bot.domain.ledger import PullKey
from bot.domain.permissions import Allowed, Asker, Denied, Place, may
from bot.domain.repo_config import RepoConfig
from bot.domain.requests import ButtonCommand, CommentCommand, parse_request
from bot.errors import Refused, SandboxUnavailable


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
        asker = self._asker(remote)
        if asker is None:
            return {"ignored": "the comment is our own"}
        accepted = self._accepted(work, remote, asker)
        if accepted is None:
            return {"ignored": "the comment is for another bot"}
        if isinstance(accepted, Answer):
            return self._answer(remote, accepted)
        self._react("seen", Reaction.SEEN)
        self.context.step("loose ends", lambda: {"tied": self._ends.tie(remote.head_sha)})
        person, allowed, trigger = self.request.asker, accepted.allowed, accepted.trigger
        may_write = asker.permission.may_write
        doing = CarryOut(work, remote, person, allowed, trigger, may_write)
        return self._answer(remote, self._outcome(doing, accepted.command))

    def _accepted(
        self, work: ReviewOfPull, remote: RemotePullRequest, asker: Asker
    ) -> "_Accepted | Answer | None":
        """Return what is to be done, the refusal of it, or None where it is not for us."""
        place = self._place(remote)
        plain = self._plain_command()
        allowed = may(plain, asker, place) if plain is not None else None
        if isinstance(allowed, Denied):
            return _refusal(replies.denied(allowed.reason))
        try:
            config = self._config(work, remote)
        except Refused as error:
            return _refusal(replies.refused(str(error)))
        try:
            command = self._command(config)
        except CommandError as error:
            has_model = self.desk.has_model
            words = replies.misunderstood(str(error), config.trigger, has_model=has_model)
            return _refusal(words)
        if command is None:
            return None
        allowed = may(command, asker, place)
        if isinstance(allowed, Denied):
            return _refusal(replies.denied(allowed.reason))
        return _Accepted(command, allowed, config.trigger)

    def _outcome(self, doing: CarryOut, command: Command) -> Answer:
        """Do it; who asked for what takes long is told at once that it is being done."""
        try:
            self._refuse_old_button(doing.remote)
            if replies.takes_long(command, has_model=self.desk.has_model):
                words = replies.working(command, doing.remote.head_sha)
                self.context.step("begun", lambda: self._post(doing.remote, words))
            return doing.run(command)
        except Refused as error:
            return _refusal(replies.refused(str(error)))
        except SandboxUnavailable as error:
            return _refusal(replies.no_sandbox(str(error)))

    def _refuse_old_button(self, remote: RemotePullRequest) -> None:
        request = self.request
        if isinstance(request, ButtonCommand) and request.head_sha != remote.head_sha:
            raise Refused(replies.old_button(request.head_sha, remote.head_sha))

    @property
    def _ends(self) -> LooseEnds:
        return LooseEnds(self.desk, self.connection, self.request.repo, self.request.number)

    def _asker(self, remote: RemotePullRequest) -> Asker | None:
        """Ask the forge what the person may do, once per job; None where it is we who asked."""
        person = self.request.asker

        def ask() -> Json:
            if self._is_our_own():
                return {"is": Permission.NONE, "ours": True}
            return {"is": self.connection.forge.permission(person.login)}

        asked = self.context.step("permission", ask)
        if asked.get("ours"):
            return None
        return Asker(Permission(str(asked["is"])), is_author=person.id == remote.author_id)

    def _is_our_own(self) -> bool:
        """Tell whether the comment is ours; people's names cannot end like an App's."""
        request = self.request
        if not isinstance(request, CommentCommand) or not request.asker.login.endswith("[bot]"):
            return False
        return self.connection.reactions.is_ours(
            request.number,
            request.comment_id,
            is_review_comment=request.place is CommentPlace.THREAD,
        )

    def _place(self, remote: RemotePullRequest) -> Place:
        is_fork = remote.is_fork_of(self.request.repo)
        return Place(
            remote.is_open,
            remote.is_locked,
            is_fork,
            can_push=not is_fork,
            is_off=is_off(remote),
        )

    def _answer(self, remote: RemotePullRequest, answer: Answer) -> Json:
        """Put the outcome into the one reply."""
        done = self.context.step("reply", lambda: self._post(remote, answer.words))
        if answer.reaction is not None:
            # Who deleted the comment meanwhile has the answer all the same.
            self._react("answered", answer.reaction, may_be_gone=True)
        return done

    def _post(self, remote: RemotePullRequest, words: str) -> Json:
        """Post or edit the one reply, in the thread where the command stands."""
        request = self.request
        marker = reply_marker(self.context.job.id, remote.head_sha)
        to_comment = None
        if isinstance(request, CommentCommand) and request.place is CommentPlace.THREAD:
            # GitHub takes no reply to a reply, only to the comment that began the thread.
            to_comment = request.in_reply_to or request.comment_id
        posted = self.connection.publisher.reply(
            request.number,
            marker=str(marker),
            body=marker.under(framed(request, words)),
            to_comment=to_comment,
        )
        book = Book(self.desk, request.repo, request.number, run_id_of(self.context.job.id))
        book.reply(posted)
        return {"reply": posted.url}

    def _react(self, step: str, reaction: Reaction, *, may_be_gone: bool = False) -> None:
        request = self.request
        if not isinstance(request, CommentCommand):
            return

        def react() -> Json:
            with suppress(Refused) if may_be_gone else nullcontext():
                self.connection.reactions.react(
                    request.comment_id,
                    reaction,
                    is_review_comment=request.place is CommentPlace.THREAD,
                )
            return {}

        self.context.step(step, react)

    def _config(self, work: ReviewOfPull, remote: RemotePullRequest) -> RepoConfig:
        """Return the base side's configuration; what cannot be read has the built-in one."""
        is_stop = isinstance(self._plain_command(), Stop)
        if is_stop or not remote.is_open or remote.head_repo is None:
            return RepoConfig()
        with self.connection.checkout(remote) as workspace:
            try:
                return work.configured(workspace).config
            except ConfigRefused:
                return RepoConfig()

    def _plain_command(self) -> Command | None:
        """Return the command where no configuration is needed to know that it is for us.

        So a stranger is refused, and a run is stopped, without a checkout (case B01).
        """
        request = self.request
        if isinstance(request, CommentCommand):
            first_word = request.line.partition(" ")[0]
            if first_word not in (DEFAULT_PREFIX, ALIAS):
                return None
        try:
            return self._command(RepoConfig())
        except CommandError:
            return None

    def _command(self, config: RepoConfig) -> Command | None:
        match self.request:
            case ButtonCommand(identifier=identifier):
                return button_command(identifier)
            case CommentCommand(line=line):
                finding = self._thread_finding()
                question = self._question(line, config.trigger, finding)
                if question is not None:
                    return question
                return parse_command(line, prefix=config.trigger, thread_finding=finding)

    def _question(self, line: str, trigger: str, finding: FindingId | None) -> Command | None:
        """Return what is asked without a verb: by a mention, or in the thread of a finding."""
        if not self.desk.has_model:
            return None
        prefixes = (ALIAS,) if finding is None else (ALIAS, trigger)
        return plain_question(line, prefixes)

    def _thread_finding(self) -> FindingId | None:
        """Return the finding whose thread the comment is in."""
        request = self.request
        if not isinstance(request, CommentCommand) or request.in_reply_to is None:
            return None
        known = self.desk.records.findings.known(PullKey(request.repo.id, request.number))
        return next(
            (k.id for k in known if k.thread and k.thread.comment_id == request.in_reply_to), None
        )


@dataclass(frozen=True)
class _Accepted:
    """A command that its asker may have carried out."""

    command: Command
    allowed: Allowed
    trigger: str


def _refusal(words: str) -> Answer:
    return Answer(words, Reaction.REFUSED)
