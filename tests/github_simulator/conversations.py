"""Comments and reactions: the conversation of a pull request and its review threads."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.github_simulator.accounts import Account
from tests.github_simulator.exchange import validation_failed

if TYPE_CHECKING:
    from tests.github_simulator.issues import Issue
    from tests.github_simulator.reviews import Review, Thread

REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")
MAX_BODY = 65_536


def check_body(resource: str, body: str) -> None:
    """Raise 422 where a body is blank or too long."""
    if not body.strip():
        raise validation_failed(resource, "body", "missing_field")
    if len(body) > MAX_BODY:
        message = f"body is too long (maximum is {MAX_BODY} characters)"
        raise validation_failed(resource, "body", "custom", message)


@dataclass(frozen=True, slots=True, eq=False)
class Reaction:
    """One reaction of one account."""

    id: int
    user: Account
    content: str
    created_at: str


@dataclass(slots=True, eq=False, kw_only=True)
class Comment:
    """What the two kinds of comments share."""

    id: int
    user: Account
    body: str
    created_at: str
    updated_at: str = ""
    minimized: str | None = None
    """The reason for which it is hidden: OUTDATED, RESOLVED ..."""
    reactions: list[Reaction] = field(default_factory=list)
    is_lost: bool = False
    """GraphQL lists null in its place."""

    def react(self, user: Account, content: str) -> tuple[Reaction, bool]:
        """Add a reaction; the flag is False where it was there already."""
        if content not in REACTIONS:
            raise validation_failed("Reaction", "content", "invalid")
        for reaction in self.reactions:
            if reaction.user is user and reaction.content == content:
                return reaction, False
        fresh = Reaction(user.github.next_id(), user, content, user.github.clock.stamp())
        self.reactions.append(fresh)
        return fresh, True


@dataclass(slots=True, eq=False, kw_only=True)
class IssueComment(Comment):
    """A comment in the conversation."""

    issue: "Issue"

    @property
    def node_id(self) -> str:
        return f"IC_{self.id}"

    def edit(self, by: Account, body: str) -> None:
        check_body("IssueComment", body)
        old, self.body = self.body, body
        self.updated_at = by.github.clock.stamp()
        changes = {"changes": {"body": {"from": old}}}
        by.github.hooks.issue_comment(self, "edited", by, changes)

    def delete(self, by: Account) -> None:
        self.issue.comments.remove(self)
        by.github.hooks.issue_comment(self, "deleted", by)


@dataclass(slots=True, eq=False, kw_only=True)
class ReviewComment(Comment):
    """A comment in a review thread."""

    thread: "Thread"
    review: "Review"
    in_reply_to: int | None = None

    @property
    def node_id(self) -> str:
        return f"PRRC_{self.id}"

    def edit(self, by: Account, body: str) -> None:
        check_body("PullRequestReviewComment", body)
        old, self.body = self.body, body
        self.updated_at = by.github.clock.stamp()
        changes = {"changes": {"body": {"from": old}}}
        by.github.hooks.review_comment(self, "edited", by, changes)

    def delete(self, by: Account) -> None:
        self.thread.comments.remove(self)
        self.thread.pr.drop_empty_threads()
        by.github.hooks.review_comment(self, "deleted", by)
