"""The write side with a token that perhaps may not write: what is refused is kept, and said.

A run on a pull request from a fork has a token that only reads. Nothing of that is an error: the
words go to the job summary instead.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from bot.adapters.github_errors import Forbidden
from bot.domain.action_state import with_state
from bot.domain.action_words import CHECKS, COMMENTS
from bot.domain.forge import CheckRun, Posted, Publisher, Reaction, Reactions, ReviewComment
from bot.domain.markers import parse_marker
from bot.domain.pull_request import Sha

T = TypeVar("T")
_NOWHERE = 0


@dataclass
class Said:
    """What a run had to say, posted or not."""

    summary: str = ""
    summary_url: str = ""
    reply: str = ""
    reply_url: str = ""
    check: CheckRun | None = None
    comments: tuple[ReviewComment, ...] = ()
    missing: dict[str, list[str]] = field(default_factory=dict)
    """By permission: what was not posted for the lack of it."""

    def lacks(self, permission: str, what: str) -> None:
        """Note what was not posted."""
        things = self.missing.setdefault(permission, [])
        if what not in things:
            things.append(what)


@dataclass
class DegradingPublisher:
    """Implements `Publisher` and `Reactions` over those that may be refused."""

    publisher: Publisher
    reactions: Reactions
    is_dry: bool = False
    """Post nothing at all."""
    remembered: Callable[[], str] = lambda: ""
    """Returns the hidden line of the summary."""
    epilogue: Callable[[], str] = lambda: ""
    """Returns what every reply ends with."""
    said: Said = field(default_factory=Said)

    def summary(self, number: int, body: str) -> Posted:
        self.said.summary = body
        full = with_state(body, self.remembered())
        posted = self._comment("the summary", lambda: self.publisher.summary(number, full), full)
        self.said.summary_url = posted.url
        return posted

    def review(
        self, number: int, *, head_sha: Sha, marker: str, comments: Sequence[ReviewComment]
    ) -> Sequence[ReviewComment]:
        self.said.comments = (*self.said.comments, *comments)

        def post() -> Sequence[ReviewComment]:
            return self.publisher.review(
                number, head_sha=head_sha, marker=marker, comments=comments
            )

        return self._tried(COMMENTS, "the comments next to the code", post, comments)

    def check(self, run: CheckRun) -> int:
        # GitHub tells no workflow of a button that stands on a check made by a workflow.
        plain = CheckRun(
            name=run.name,
            head_sha=run.head_sha,
            status=run.status,
            title=run.title,
            summary=run.summary,
            external_id=run.external_id,
            conclusion=run.conclusion,
            text=run.text,
            annotations=run.annotations,
        )
        self.said.check = plain
        return self._tried(CHECKS, "the check", lambda: self.publisher.check(plain), _NOWHERE)

    def reply(self, number: int, *, marker: str, body: str, to_comment: int | None) -> Posted:
        full = _above_marker(body, self.epilogue())
        self.said.reply = full

        def post() -> Posted:
            return self.publisher.reply(number, marker=marker, body=full, to_comment=to_comment)

        posted = self._comment("the reply", post, full)
        self.said.reply_url = posted.url
        return posted

    def resolve(self, thread_id: str) -> None:
        if not self.is_dry:
            # Callers know that this may be refused.
            self.publisher.resolve(thread_id)

    def is_ours(self, number: int, comment_id: int, *, is_review_comment: bool) -> bool:
        return self.reactions.is_ours(number, comment_id, is_review_comment=is_review_comment)

    def react(self, comment_id: int, reaction: Reaction, *, is_review_comment: bool) -> None:
        def post() -> None:
            self.reactions.react(comment_id, reaction, is_review_comment=is_review_comment)

        self._tried(COMMENTS, "reactions", post, None)

    def _comment(self, what: str, post: Callable[[], Posted], body: str) -> Posted:
        return self._tried(COMMENTS, what, post, Posted(_NOWHERE, body, ""))

    def _tried(self, permission: str, what: str, post: Callable[[], T], instead: T) -> T:
        if self.is_dry:
            return instead
        if permission in self.said.missing:
            # It was refused once, and asking again is refused again.
            self.said.lacks(permission, what)
            return instead
        try:
            return post()
        except Forbidden:
            self.said.lacks(permission, what)
            return instead


def _above_marker(body: str, words: str) -> str:
    if not words or parse_marker(body) is None:
        return body
    above, _, marker = body.rstrip().rpartition("\n")
    return f"{above.rstrip()}\n\n{words}\n\n{marker}"
