"""Listens to one run: its steps, what it asked the model, and what the model's tools read.

What is heard is put in an order that no thread decides, so that two records of one run are equal.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from pydantic import BaseModel

from bot.agent.fix import Whole
from bot.agent.loop import Recorder, Step
from bot.agent.prove import Candidate
from bot.agent.replay.bundle import CallFailed, CallTaken, StepTaken
from bot.agent.replay.digest import Digests
from bot.agent.state import State
from bot.domain.diff import Diff
from bot.domain.evidence import Together
from bot.domain.model import CALL_SECONDS, NOTHING, Completion, Model, ModelCard, Spending
from bot.domain.ports import CommitMessage, SourceFile, TreeEntry, Workspace
from bot.domain.prompt import Prompt
from bot.domain.prompt_redaction import PromptRedactor
from bot.domain.pull_request import PullRequest, Sha
from bot.errors import ModelFailed

T = TypeVar("T", bound=BaseModel)


@dataclass
class Reads:
    """What was read of the commits, each file once."""

    files: dict[tuple[Sha, str], SourceFile] = field(default_factory=dict)
    entries: dict[Sha, Sequence[TreeEntry]] = field(default_factory=dict)


class Recording:
    """One run while it is under way."""

    def __init__(self, redactor: PromptRedactor) -> None:
        self.redactor = redactor
        self.steps: list[StepTaken] = []
        self.reads = Reads()
        self.card: ModelCard | None = None
        self._digests = Digests(redactor)
        self._calls: list[CallTaken] = []

    def listening(self, record: Recorder) -> Recorder:
        """Return the recorder that hears every step of another one."""

        def listen(index: int, work: Callable[[], Step]) -> Step:
            is_heard = False

            def heard() -> Step:
                nonlocal is_heard
                is_heard = True
                return work()

            step = record(index, heard)
            taken = StepTaken(step.decision, step.observation, self._drained(), is_heard)
            self.steps.append(taken)
            return step

        return listen

    def model(self, model: Model) -> Model:
        """Return the model whose calls are heard."""
        return _HeardModel(model, self)

    def workspace(self, workspace: Workspace) -> Workspace:
        """Return the workspace whose reads are heard."""
        return _HeardWorkspace(workspace, self.reads)

    def digest(self, prompt: Prompt) -> tuple[str, int]:
        """Return the digest of a prompt and its size."""
        return self._digests.of(prompt)

    def hear(self, call: CallTaken) -> None:
        """Note one call, from whichever thread: to append is one act, and needs no lock."""
        self._calls.append(call)

    def _drained(self) -> tuple[CallTaken, ...]:
        calls, self._calls = self._calls, []
        # By what was asked: calls side by side come back as chance will have it.
        return tuple(sorted(calls, key=lambda call: (call.schema, call.prompt)))


@dataclass
class HeardProver:
    """A prover whose answer about the whole is heard."""

    prover: Whole
    said: Together | None = None

    def holds_together(self, state: State, candidates: Sequence[Candidate]) -> Together:
        self.said = self.prover.holds_together(state, candidates)
        return self.said


@dataclass(frozen=True)
class _HeardModel:
    model: Model
    recording: Recording

    def card(self) -> ModelCard:
        card = self.model.card()
        self.recording.card = card
        return card

    def complete(
        self, prompt: Prompt, schema: type[T], *, timeout_s: float = CALL_SECONDS
    ) -> Completion[T]:
        digest, size = self.recording.digest(prompt)
        asked = CallTaken(schema.__name__, digest, size, NOTHING, 0.0)
        try:
            done = self.model.complete(prompt, schema, timeout_s=timeout_s)
        except ModelFailed as error:
            failed = CallFailed(type(error).__name__, str(error))
            self.recording.hear(replace(asked, failed=failed))
            raise
        self.recording.hear(
            replace(
                asked,
                spending=done.spending,
                seconds=done.seconds,
                model=done.model,
                tries=done.tries,
                text=done.text,
                value=done.value.model_dump_json(),
            )
        )
        return done

    def spent(self) -> Spending:
        return self.model.spent()


@dataclass(frozen=True)
class _HeardWorkspace:
    workspace: Workspace
    reads: Reads

    @property
    def change(self) -> PullRequest:
        return self.workspace.change

    def diff(self) -> Diff:
        return self.workspace.diff()

    def entries(self, sha: Sha) -> Sequence[TreeEntry]:
        found = self.workspace.entries(sha)
        self.reads.entries[sha] = found
        return found

    def files(self, sha: Sha, paths: Iterable[str] | None = None) -> Iterable[SourceFile]:
        for file in self.workspace.files(sha, paths):
            self.reads.files[sha, file.path] = file
            yield file

    def commit(self, files: Mapping[str, bytes], *, message: CommitMessage) -> Sha:
        return self.workspace.commit(files, message=message)
