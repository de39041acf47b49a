"""The world as one run met it: its commits, and the replies of its model."""

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from bot.agent.replay.bundle import Bundle, CallTaken, TreeSeen
from bot.agent.replay.digest import Digests
from bot.domain.diff import Diff
from bot.domain.model import CALL_SECONDS, NOTHING, Completion, ModelCard, Price, Spending
from bot.domain.ports import CommitMessage, SourceFile, TreeEntry
from bot.domain.prompt import Prompt
from bot.domain.prompt_redaction import PromptRedactor
from bot.domain.pull_request import PullRequest, Sha
from bot.errors import (
    BudgetSpent,
    ModelBusy,
    ModelFailed,
    ModelRefused,
    ModelUnreachable,
    PromptTooLong,
    Refused,
    ReplyUnusable,
)

T = TypeVar("T", bound=BaseModel)

_ERRORS: Mapping[str, type[ModelFailed]] = {
    kind.__name__: kind
    for kind in (
        BudgetSpent,
        ModelBusy,
        ModelRefused,
        ModelUnreachable,
        PromptTooLong,
        ReplyUnusable,
    )
}


class NoReplyRecorded(ModelFailed):
    """The question is another than the one that was recorded."""


class RecordedWorkspace:
    """Implements `Workspace` with what was read; it can be asked for nothing else."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._files = {
            sha: {file.path: file for file in tree.files} for sha, tree in bundle.trees.items()
        }

    @property
    def change(self) -> PullRequest:
        return self._bundle.change

    def diff(self) -> Diff:
        return self._bundle.diff

    def entries(self, sha: Sha) -> Sequence[TreeEntry]:
        return self._bundle.trees.get(sha, TreeSeen()).entries

    def files(self, sha: Sha, paths: Iterable[str] | None = None) -> Iterable[SourceFile]:
        found = self._files.get(sha, {})
        wanted = found.keys() if paths is None else found.keys() & set(paths)
        return [found[path] for path in sorted(wanted)]

    def commit(self, files: Mapping[str, bytes], *, message: CommitMessage) -> Sha:  # noqa: ARG002 - the port's signature
        fix = self._bundle.fix
        if fix is None or fix.commit is None:
            raise Refused("no commit was recorded")
        return fix.commit


class RecordedModel:
    """Implements `Model`: the reply to a prompt is the one that its digest got."""

    def __init__(self, bundle: Bundle, *, refused: Collection[int] = ()) -> None:
        self._card = bundle.card
        self._digests = Digests(PromptRedactor())
        self._waiting: dict[tuple[str, str], deque[int]] = defaultdict(deque)
        self._calls = bundle.calls
        self._refused = frozenset(refused)
        self._asked: list[int] = []
        self._strangers: list[str] = []
        for number, call in enumerate(bundle.calls):
            self._waiting[call.schema, call.prompt].append(number)

    @property
    def strangers(self) -> int:
        """How many questions nobody asked when the run was recorded."""
        return len(self._strangers)

    @property
    def unasked(self) -> tuple[int, ...]:
        """The recorded calls that nobody made again, by their number from 0."""
        return tuple(sorted(number for numbers in self._waiting.values() for number in numbers))

    def card(self) -> ModelCard:
        return self._card or ModelCard("recorded", "it answered then", Price(0, 0), 0)

    def complete(
        self,
        prompt: Prompt,
        schema: type[T],
        *,
        timeout_s: float = CALL_SECONDS,  # noqa: ARG002 - the port's signature
    ) -> Completion[T]:
        digest, _ = self._digests.of(prompt)
        number, call = self._taken(schema.__name__, digest)
        if number in self._refused:
            raise BudgetSpent("the budget would have been spent before this call")
        if call.failed is not None:
            raise _ERRORS.get(call.failed.kind, ModelFailed)(call.failed.message)
        return Completion(
            _understood(schema, call),
            call.text,
            call.spending,
            call.seconds,
            call.model,
            call.tries,
            redactions=0,
        )

    def spent(self) -> Spending:
        return sum((self._calls[number].spending for number in self._asked), NOTHING)

    def _taken(self, schema: str, digest: str) -> tuple[int, CallTaken]:
        """Take the next call of a digest; each act on a list or deque is one, for all threads."""
        waiting = self._waiting.get((schema, digest))
        try:
            number = (waiting or deque()).popleft()
        except IndexError as error:
            self._strangers.append(digest)
            raise NoReplyRecorded("no reply to this prompt was recorded") from error
        self._asked.append(number)
        return number, self._calls[number]


def _understood(schema: type[T], call: CallTaken) -> T:
    try:
        return schema.model_validate_json(call.value)
    except ValidationError as error:
        raise ReplyUnusable(f"the recorded reply is no {schema.__name__} any more") from error
