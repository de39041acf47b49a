"""`implement REQUEST`: code generation as the paper has it, offered only with proof.

A model writes code and tests for what a person asked, looks up what it has to see, and hears what
failed for a few rounds. What is not proved is not offered: the answer is then what went wrong last.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.agent.lookups import ROUNDS, Lookups
from bot.agent.prompts.writing import implement_prompt
from bot.agent.samples import sample_test
from bot.agent.state import State
from bot.agent.surroundings import Surroundings
from bot.agent.workshop import Workshop
from bot.domain.edits import Edit, EditRefused, Patch
from bot.domain.gaming import refusal
from bot.domain.model import Model
from bot.domain.model_edits import patch_of
from bot.domain.prompt import Block, Prompt
from bot.domain.written import (
    MOST_NEW_FILES,
    ImplementReply,
    NewFile,
    Written,
    implemented_receipt,
    refusal_of_new,
)
from bot.errors import Refused

ATTEMPTS = 3
_MOST_SHOWN = 8
"""Files of the change that are shown whole; others are looked up."""


@dataclass(frozen=True)
class Implement:
    """One request on one change."""

    model: Model
    workshop: Workshop
    surroundings: Surroundings
    attempts: int = ATTEMPTS

    def run(self, state: State, request: str) -> Written:
        """Return the code with its proof; raises Refused with what went wrong, and ModelFailed."""
        workspace = self.workshop.workspace
        lookups = Lookups(workspace, self.surroundings)
        prompt = self._prompt(state, request)
        looked, tried, problem = 0, 0, "the model wrote nothing"
        while tried < self.attempts:
            completion = self.model.complete(prompt, ImplementReply, timeout_s=state.call_seconds)
            reply = completion.value
            blocks = lookups.answer(reply.lookups) if looked < ROUNDS else ()
            if blocks:
                looked += 1
                prompt = prompt.follow(completion.text, *blocks, "Go on.")
                continue
            tried += 1
            outcome = self._tried(state, reply)
            if isinstance(outcome, Written):
                return outcome
            problem = outcome
            prompt = prompt.follow(
                completion.text, Block("what became of it", problem), "Write all of it once more."
            )
        raise Refused(f"nothing was written in {tried} attempts: {problem}")

    def _prompt(self, state: State, request: str) -> Prompt:
        workspace = self.workshop.workspace
        names = [entry.path for entry in workspace.entries(state.change.head_sha)]
        shown = {
            path: data.decode("utf-8", "replace")
            for path, data in list(state.head.items())[:_MOST_SHOWN]
            if b"\0" not in data
        }
        sample = sample_test(workspace, state)
        return implement_prompt(request, shown, names=names, sample=sample)

    def _tried(self, state: State, reply: ImplementReply) -> Written | str:
        """Return the code with its proof, or what is wrong with it."""
        try:
            code, tests = self._files(state, reply)
        except EditRefused as error:
            return str(error)
        judged = self.workshop.judge(state, code, tests)
        if judged.problem is not None:
            return judged.problem
        receipt = implemented_receipt(
            len(judged.tests), judged.passed, judged.seconds, judged.image
        )
        return Written({**code, **tests}, reply.subject, receipt, reply.explanation)

    def _files(
        self, state: State, reply: ImplementReply
    ) -> tuple[Mapping[str, bytes], Mapping[str, bytes]]:
        """Return code and tests by path; raises EditRefused for what may not be written."""
        if len(reply.new_files) + len(reply.tests) > MOST_NEW_FILES:
            raise EditRefused(f"more than {MOST_NEW_FILES} new files")
        entries = self.workshop.workspace.entries(state.change.head_sha)
        there = frozenset(entry.path for entry in entries)
        code = _new(reply.new_files, there, is_test=False)
        tests = _new(reply.tests, there, is_test=True)
        code |= self._edited(state, reply)
        if not code:
            raise EditRefused("there is no code")
        if not tests:
            raise EditRefused("there is no new test")
        return code, tests

    def _edited(self, state: State, reply: ImplementReply) -> dict[str, bytes]:
        if not reply.edits:
            return {}
        paths = {edit.path.strip() for edit in reply.edits}
        files = self.workshop.workspace.files(state.change.head_sha, paths)
        old = {file.path: file.data for file in files}
        patch = patch_of(reply.edits, old)
        _refuse(refusal(patch, state.config.fix.protected_paths))
        return patch.apply(old)


def _new(files: Sequence[NewFile], there: frozenset[str], *, is_test: bool) -> dict[str, bytes]:
    """Return new files by path; raises EditRefused for one that may not be."""
    new: dict[str, bytes] = {}
    for file in files:
        _refuse(refusal_of_new(file.path, is_there=file.path in there, is_test=is_test))
        if not is_test:
            # The guard against silenced checks reads patches: a new file is one insertion.
            _refuse(refusal(Patch((Edit(file.path, 1, 0, "", file.text),))))
        new[file.path] = file.text.encode("utf-8", "replace")
    return new


def _refuse(problem: str | None) -> None:
    if problem is not None:
        raise EditRefused(problem)
