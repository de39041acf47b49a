"""Issues; a pull request is one, with commits."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.github_simulator.accounts import Account
from tests.github_simulator.conversations import IssueComment, check_body
from tests.github_simulator.exchange import ApiError

if TYPE_CHECKING:
    from tests.github_simulator.repositories import Repo


@dataclass(frozen=True, slots=True, eq=False)
class Label:
    """A label of a repository."""

    id: int
    name: str
    color: str = "ededed"
    description: str | None = None


@dataclass(slots=True, eq=False, kw_only=True)
class Issue:
    """An issue of a repository."""

    repo: "Repo"
    id: int
    number: int
    title: str
    author: Account
    created_at: str
    body: str | None = None
    is_open: bool = True
    is_locked: bool = False
    updated_at: str = ""
    closed_at: str | None = None
    labels: list[Label] = field(default_factory=list)
    comments: list[IssueComment] = field(default_factory=list)
    is_lost: bool = False
    """GraphQL lists null in its place."""

    @property
    def is_pull_request(self) -> bool:
        return False

    @property
    def state(self) -> str:
        return "open" if self.is_open else "closed"

    def add_comment(self, user: Account, body: str) -> IssueComment:
        """Store a comment and send its webhook."""
        check_body("IssueComment", body)
        if self.is_locked and not self.repo.may_push(user):
            raise ApiError(403, "Unable to create comment because issue is locked.")
        github = user.github
        comment = IssueComment(
            id=github.next_id(), user=user, body=body, created_at=github.clock.stamp(), issue=self
        )
        self.comments.append(comment)
        self.touch()
        github.hooks.issue_comment(comment, "created", user)
        return comment

    def touch(self) -> None:
        self.updated_at = self.repo.github.clock.stamp()
