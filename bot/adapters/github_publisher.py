"""The write side of the forge on GitHub: comments, reviews, check runs, threads, reactions.

No write is repeated blindly. Where the answer to one was lost, what GitHub has is read again, and
only what is not there is written once more.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from github.Issue import Issue
from github.IssueComment import IssueComment
from github.PullRequest import PullRequest
from github.PullRequestComment import PullRequestComment

from bot.adapters.github_checks import CheckRuns
from bot.adapters.github_conversation import Conversations, OurComment, Said
from bot.adapters.github_errors import Forbidden, Uncertain
from bot.adapters.github_http import GitHubRequester, repo_path
from bot.adapters.github_reviews import ReviewPost
from bot.domain.forge import CheckRun, Posted, Reaction, RepoId, ReviewComment
from bot.domain.markdown import cut_above_marker
from bot.domain.markers import parse_marker
from bot.domain.pull_request import Sha

_RESOLVE = """mutation Resolve($id: ID!) {
  resolveReviewThread(input: {threadId: $id}) { thread { isResolved } }
}"""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A comment that should be there once."""

    body: str
    is_review_comment: bool
    find: Callable[[Said], OurComment | None]
    create: Callable[[str], Posted]


@dataclass(slots=True)
class GitHubPublisher:
    """`Publisher` and `Reactions` for one repository."""

    requester: GitHubRequester
    repo: RepoId
    conversations: Conversations
    checks: CheckRuns
    resolving: Callable[[], GitHubRequester]
    """GitHub lets a thread be resolved only by who may write contents (community #44650)."""
    _needs_contents: bool = field(default=False)

    def summary(self, number: int, body: str) -> Posted:
        return self._upsert(
            number,
            _Wanted(
                body=cut_above_marker(body),
                is_review_comment=False,
                find=_summary,
                create=lambda text: self._comment(number, text),
            ),
        )

    def review(
        self, number: int, *, head_sha: Sha, marker: str, comments: Sequence[ReviewComment]
    ) -> Sequence[ReviewComment]:
        return ReviewPost(
            self.requester, self.repo, self.conversations, number, head_sha, marker
        ).post(comments)

    def check(self, run: CheckRun) -> int:
        return self.checks.post(run)

    def reply(self, number: int, *, marker: str, body: str, to_comment: int | None) -> Posted:
        full = body if parse_marker(body) is not None else f"{body.rstrip()}\n\n{marker}"
        if to_comment is None:
            create = partial(self._comment, number)
        else:
            create = partial(self._answer, number, to_comment)
        return self._upsert(
            number,
            _Wanted(
                body=cut_above_marker(full),
                is_review_comment=to_comment is not None,
                find=lambda said: said.find(marker),
                create=create,
            ),
        )

    def resolve(self, thread_id: str) -> None:
        if not self._needs_contents:
            try:
                self._resolve(self.requester, thread_id)
            except Forbidden:
                self._needs_contents = True
            else:
                return
        self._resolve(self.resolving(), thread_id)

    def is_ours(self, number: int, comment_id: int, *, is_review_comment: bool) -> bool:
        wanted = (comment_id, is_review_comment)
        ours = self.conversations.of(number).comments
        return wanted in {(c.posted.id, c.is_review_comment) for c in ours}

    def react(self, comment_id: int, reaction: Reaction, *, is_review_comment: bool) -> None:
        path = repo_path(self.repo)
        if is_review_comment:
            url = f"{path}/pulls/comments/{comment_id}"
            create = PullRequestComment(self.requester, url=url).create_reaction
        else:
            url = f"{path}/issues/comments/{comment_id}"
            create = IssueComment(self.requester, url=url).create_reaction
        # GitHub keeps one reaction of a kind from each person, so twice is once.
        _again(lambda: create(reaction.value))

    def _upsert(self, number: int, wanted: "_Wanted") -> Posted:
        """Edit our comment where there is one, else post it: once, whatever answers are lost."""
        try:
            return self._written(number, wanted)
        except Uncertain:
            self.conversations.forget(number)
            return self._written(number, wanted)

    def _written(self, number: int, wanted: "_Wanted") -> Posted:
        known = wanted.find(self.conversations.of(number))
        if known is None:
            posted = wanted.create(wanted.body)
        elif known.posted.body == wanted.body:
            return known.posted
        else:
            self._edit(known, wanted.body)
            posted = Posted(known.posted.id, wanted.body, known.posted.url)
        self.conversations.remember(number, OurComment(posted, wanted.is_review_comment))
        return posted

    def _comment(self, number: int, text: str) -> Posted:
        issue = Issue(self.requester, url=f"{repo_path(self.repo)}/issues/{number}")
        made = issue.create_comment(text)
        return Posted(made.id, made.body, made.html_url)

    def _answer(self, number: int, to_comment: int, text: str) -> Posted:
        pull = PullRequest(self.requester, url=f"{repo_path(self.repo)}/pulls/{number}")
        made = pull.create_review_comment_reply(to_comment, text)
        return Posted(made.id, made.body, made.html_url)

    def _edit(self, known: OurComment, text: str) -> None:
        path, comment_id = repo_path(self.repo), known.posted.id
        if known.is_review_comment:
            url = f"{path}/pulls/comments/{comment_id}"
            PullRequestComment(self.requester, url=url).edit(text)
        else:
            url = f"{path}/issues/comments/{comment_id}"
            IssueComment(self.requester, url=url).edit(text)

    def _resolve(self, requester: GitHubRequester, thread_id: str) -> None:
        _again(lambda: requester.query(_RESOLVE, {"id": thread_id}))


def _again(write: Callable[[], object]) -> None:
    """Do what may be done twice without harm, and once more where the answer was lost."""
    try:
        write()
    except Uncertain:
        write()


def _summary(said: Said) -> OurComment | None:
    return OurComment(said.summary, is_review_comment=False) if said.summary else None
