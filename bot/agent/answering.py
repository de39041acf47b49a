"""`ask` and `explain`: a question is answered from the code, in the thread where it was asked."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.agent.lookups import ROUNDS, Lookups
from bot.agent.prompts.answering import answer_prompt
from bot.agent.state import State
from bot.agent.surroundings import Surroundings
from bot.domain.conversation import Answer, AnswerReply
from bot.domain.findings import Finding
from bot.domain.forge import Remark
from bot.domain.model import Model
from bot.domain.packing import Piece, pieces
from bot.domain.ports import Workspace
from bot.domain.risk import risk_of
from bot.errors import ReplyUnusable

_PIECE_BYTES = 6_000
_DIFF_BYTES = 24_000


@dataclass(frozen=True)
class Answering:
    """Answers questions about one change; nothing of it runs, so no sandbox is needed."""

    model: Model
    workspace: Workspace
    surroundings: Surroundings

    def answer(
        self,
        state: State,
        question: str,
        *,
        finding: Finding | None = None,
        thread: Sequence[Remark] = (),
    ) -> Answer:
        """Return the answer; raises ModelFailed."""
        prompt = answer_prompt(
            question,
            finding=finding,
            thread=thread,
            pieces=self._pieces(state, finding),
            head=state.head,
            language=state.config.language,
        )
        lookups = Lookups(self.workspace, self.surroundings)
        for turn in range(ROUNDS + 1):
            completion = self.model.complete(prompt, AnswerReply, timeout_s=state.call_seconds)
            reply = completion.value
            blocks = lookups.answer(reply.lookups) if turn < ROUNDS else ()
            if reply.answer.strip() and not blocks:
                refutation = reply.reason.strip() if reply.refuted and finding is not None else ""
                return Answer(reply.answer.strip(), refutation)
            prompt = prompt.follow(completion.text, *blocks, "Answer the question now.")
        raise ReplyUnusable("the model looked things up and answered nothing: ask more exactly")

    def _pieces(self, state: State, finding: Finding | None) -> list[Piece]:
        """Return the riskiest pieces of the change that fit, those of the finding's file first."""
        found = pieces(
            state.diff,
            state.hunks,
            risk=lambda file, hunk: risk_of(file, hunk, reached=None),
            piece_bytes=_PIECE_BYTES,
        )
        path = finding.location.path if finding is not None else ""
        room, shown = _DIFF_BYTES, []
        for piece in sorted(found, key=lambda p: (p.path != path, -p.risk, p.key)):
            if piece.size_bytes <= room:
                room -= piece.size_bytes
                shown.append(piece)
        return sorted(shown, key=lambda p: (p.key, p.first_line))
