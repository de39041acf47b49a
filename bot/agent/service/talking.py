"""`ask` and `explain`: questions are answered where they stand, and a refutation is remembered."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from bot.agent.answering import Answering
from bot.agent.review import start
from bot.agent.service.answer import Answer
from bot.agent.service.review_job import ReviewOfPull
from bot.agent.state import State
from bot.domain import commands, conversation, model_words, replies
from bot.domain.events import CommentPlace, Person
from bot.domain.findings import FindingId, FindingState
from bot.domain.forge import Remark, RemotePullRequest
from bot.domain.jobs import Json
from bot.domain.ledger import Dismissal, KnownFinding
from bot.domain.requests import CommentCommand, parse_request
from bot.domain.untrusted import one_line
from bot.errors import ModelFailed, Refused

Question = commands.Ask | commands.Explain


@dataclass(frozen=True)
class TalkOnPull:
    """One question on one pull request; nothing of it runs, so no sandbox is needed."""

    work: ReviewOfPull
    remote: RemotePullRequest
    asker: Person
    may_write: bool
    """A refutation counts: the asker may write to the repository."""

    def run(self, command: Question) -> Answer:
        """Return the answer; raises Refused with what the person must know."""
        finding = self._finding(command)
        done = self.work.context.step("ask", lambda: self._asked(command, finding))
        if "failed" in done:
            raise Refused(str(done["failed"]))
        answer = conversation.Answer(str(done["text"]), str(done["refutation"]))
        if finding is None or not answer.refutation or not self.may_write:
            return Answer(model_words.answered(answer, None))
        self.work.context.step("refute", lambda: self._refute(finding, answer.refutation))
        return Answer(model_words.answered(answer, finding.id))

    @property
    def _request(self) -> CommentCommand | None:
        request = parse_request(self.work.context.job)
        return request if isinstance(request, CommentCommand) else None

    def _finding(self, command: Question) -> KnownFinding | None:
        """Return the finding that is asked about: by name, or the one whose thread it is."""
        known = self.work.desk.records.findings.known(self.work.pull)
        if isinstance(command, commands.Explain):
            named = next((k for k in known if k.id == command.id), None)
            if named is None:
                raise Refused(replies.unknown_finding(command.id, known))
            return named
        root = self._request.in_reply_to if self._request else None
        threaded = [k for k in known if k.thread and root and k.thread.comment_id == root]
        return threaded[0] if threaded else None

    def _asked(self, command: Question, finding: KnownFinding | None) -> Json:
        with self.work.connection.checkout(self.remote) as workspace:
            config = self.work.configured(workspace)
            adviser = self.work.desk.advise(workspace, config)
            try:
                if adviser.answering is None:
                    raise Refused(replies.NEEDS_A_MODEL)
                with self.work.context.on_stop(adviser.close):
                    state = start(workspace, config.config)
                    question = _words(command)
                    return self._answered(adviser.answering, state, question, finding)
            finally:
                adviser.close()

    def _answered(
        self, answering: Answering, state: State, question: str, known: KnownFinding | None
    ) -> Json:
        finding = known.finding if known is not None else None
        try:
            answer = answering.answer(state, question, finding=finding, thread=self._thread())
        except ModelFailed as error:
            return {"failed": model_words.no_answer(error)}
        return {"text": answer.text, "refutation": answer.refutation}

    def _thread(self) -> Sequence[Remark]:
        """Return what was said before the question."""
        request = self._request
        if request is None:
            return ()
        return self.work.connection.forge.remarks(
            self.work.number,
            request.comment_id,
            is_review_comment=request.place is CommentPlace.THREAD,
        )

    def _refute(self, known: KnownFinding, reason: str) -> Json:
        """Record that the finding is wrong, and resolve its thread unless others stand in it."""
        findings = self.work.desk.records.findings
        why = one_line(reason, limit=500)
        word = Dismissal(why, self.asker.login, self.work.desk.now(), is_refutation=True)
        gone = findings.dismiss(self.work.pull, known.id, word)
        standing = {
            k.thread.id
            for k in findings.known(self.work.pull)
            if k.thread is not None and k.state is FindingState.OPEN
        }
        thread = gone.thread
        if thread is not None and not thread.is_resolved and thread.id not in standing:
            with suppress(Refused):  # without the right to resolve, the thread stays open
                self.work.connection.publisher.resolve(thread.id)
                resolved = replace(thread, is_resolved=True)
                findings.attach_thread(self.work.pull, gone.id, resolved)
        return {"refuted": gone.id}


def _words(command: Question) -> str:
    match command:
        case commands.Ask(question=question):
            return question
        case commands.Explain(id=name):
            return model_words.explain_question(FindingId(name))
