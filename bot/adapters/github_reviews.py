"""One review with many comments, of which GitHub may refuse some.

GitHub takes a review whole or not at all, and does not say which comment it dislikes. So a review
that is refused is halved until the comments that are refused stand alone (catalogue G05). A review
has no comments on whole files: each of these is a request of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from github.Commit import Commit
from github.PullRequest import PullRequest
from github.PullRequest import ReviewComment as ReviewCommentInput

from bot.adapters.github_conversation import Conversations
from bot.adapters.github_errors import Invalid, Uncertain
from bot.adapters.github_http import GitHubRequester, repo_path
from bot.domain.diff import Side
from bot.domain.forge import ForgeUnavailable, HeadMoved, PostedThread, RepoId, ReviewComment
from bot.domain.markdown import cut_above_marker
from bot.domain.markers import parse_marker
from bot.domain.pull_request import Sha

_TOO_QUICK = ("submitted too quickly", "submitted too fast", "spam")
_NOT_THE_HEAD = ("commit_id", "no commit found", "not part of the pull request")
_MOST_REQUESTS = 24
"""Halving ends here: where everything is refused, the reason is not one comment."""


@dataclass(slots=True)
class ReviewPost:
    """The posting of one review."""

    requester: GitHubRequester
    repo: RepoId
    conversations: Conversations
    number: int
    head_sha: Sha
    marker: str
    _requests: int = 0

    def post(self, comments: Sequence[ReviewComment]) -> Sequence[ReviewComment]:
        """Post what is not there yet, and return what GitHub refused."""
        missing = self._missing(comments)
        refused = self._posted([c for c in missing if c.line is not None])
        return [*refused, *self._on_files([c for c in missing if c.line is None])]

    def _posted(self, batch: Sequence[ReviewComment]) -> Sequence[ReviewComment]:
        if not batch or self._requests >= _MOST_REQUESTS:
            return batch
        try:
            self._create(batch)
        except Invalid as error:
            _raise_for_whole_review(error)
            if len(batch) == 1:
                return batch
            middle = len(batch) // 2
            return [*self._posted(batch[:middle]), *self._posted(batch[middle:])]
        return []

    def _on_files(self, comments: Sequence[ReviewComment]) -> Sequence[ReviewComment]:
        refused = []
        for comment in comments:
            try:
                self._create([comment])
            except Invalid as error:
                _raise_for_whole_review(error)
                refused.append(comment)
        return refused

    def _create(self, batch: Sequence[ReviewComment]) -> None:
        try:
            self._send(batch)
        except Uncertain:
            self.conversations.forget(self.number)
            rest = self._missing(batch)
            if rest:
                self._send(rest)
        self.conversations.forget(self.number)

    def _send(self, batch: Sequence[ReviewComment]) -> None:
        """Send one review, or the one comment on a file."""
        self._requests += 1
        path = repo_path(self.repo)
        pull = PullRequest(self.requester, url=f"{path}/pulls/{self.number}")
        head = Commit(self.requester, {}, {"sha": self.head_sha}, completed=True)
        first = batch[0]
        if first.line is None:
            body = cut_above_marker(first.body)
            pull.create_review_comment(body, self.head_sha, first.path, subject_type="file")
        else:
            inputs = [_input(c, c.line) for c in batch if c.line is not None]
            pull.create_review(head, self.marker, "COMMENT", inputs)

    def _missing(self, comments: Sequence[ReviewComment]) -> list[ReviewComment]:
        if not comments:
            return []
        threads = self.conversations.of(self.number).threads
        return [c for c in comments if not any(_is_same(c, thread) for thread in threads)]


def _is_same(comment: ReviewComment, thread: PostedThread) -> bool:
    if comment.path != thread.path:
        return False
    marker = parse_marker(comment.body)
    if marker is None:
        return comment.body.strip() == thread.body.strip()
    return marker.names_same(parse_marker(thread.body))


def _input(comment: ReviewComment, line: int) -> ReviewCommentInput:
    body = cut_above_marker(comment.body)
    made: ReviewCommentInput = {
        "path": comment.path,
        "body": body,
        "line": line,
        "side": comment.side.value,
    }
    # A start that equals the line is refused.
    if comment.start_line is not None and comment.start_line < line:
        made["start_line"] = comment.start_line
        made["start_side"] = Side(comment.side).value
    return made


def _raise_for_whole_review(error: Invalid) -> None:
    """Raise where halving is of no use, because it is not about a comment."""
    said = str(error).lower()
    if any(words in said for words in _TOO_QUICK):
        raise ForgeUnavailable(str(error)) from error
    if any(words in said for words in _NOT_THE_HEAD):
        raise HeadMoved(f"the review is of a commit that is gone: {error}") from error
