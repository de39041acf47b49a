"""Users, bots and organisations, and what a person does on a pull request."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.github_simulator.git_store import Person

if TYPE_CHECKING:
    from tests.github_simulator.checks import CheckRun, CheckSuite
    from tests.github_simulator.conversations import IssueComment, Reaction, ReviewComment
    from tests.github_simulator.issues import Issue
    from tests.github_simulator.pull_requests import PullRequest
    from tests.github_simulator.reviews import DraftComment, Review, Thread
    from tests.github_simulator.world import GitHub


@dataclass(frozen=True, slots=True, eq=False)
class Account:
    """Anybody who has a login. `type` is User, Bot or Organization."""

    github: "GitHub"
    id: int
    login: str
    type: str = "User"

    @property
    def node_id(self) -> str:
        prefix = {"User": "U", "Bot": "BOT", "Organization": "O"}[self.type]
        return f"{prefix}_{self.id}"

    @property
    def is_gone(self) -> bool:
        """The account was deleted; what it wrote is still there."""
        return self in self.github.gone

    @property
    def person(self) -> Person:
        """The account as author of a commit."""
        return Person(self.login, f"{self.id}+{self.login}@users.noreply.github.com")

    def comment(self, issue: "Issue", body: str) -> "IssueComment":
        """Write in the conversation of a pull request or issue."""
        with self.github.act():
            return issue.add_comment(self, body)

    def edit(self, comment: "IssueComment | ReviewComment", body: str) -> None:
        """Change the text of a comment; whose it is does not matter, as for a maintainer."""
        with self.github.act():
            comment.edit(self, body)

    def delete(self, comment: "IssueComment | ReviewComment") -> None:
        """Delete a comment."""
        with self.github.act():
            comment.delete(self)

    def review(
        self,
        pr: "PullRequest",
        body: str = "",
        *,
        event: str = "COMMENT",
        comments: "tuple[DraftComment, ...]" = (),
    ) -> "Review":
        """Submit a review; `event` is COMMENT, APPROVE or REQUEST_CHANGES."""
        with self.github.act():
            return pr.reviews.create(self, event=event, body=body, comments=comments)

    def review_comment(
        self, pr: "PullRequest", body: str, *, path: str, line: int, side: str = "RIGHT"
    ) -> "ReviewComment":
        """Comment on one line of the diff, which makes a review and a thread of its own."""
        with self.github.act():
            return pr.reviews.comment(self, pr.draft_comment(path, line, body, side=side))

    def reply(self, comment: "ReviewComment", body: str) -> "ReviewComment":
        """Answer in a review thread."""
        with self.github.act():
            return comment.thread.pr.reviews.reply(self, comment, body)

    def react(self, comment: "IssueComment | ReviewComment", content: str) -> "Reaction":
        """Add a reaction; GitHub sends no webhook for it."""
        with self.github.act():
            return comment.react(self, content)[0]

    def resolve(self, thread: "Thread", *, is_resolved: bool = True) -> None:
        """Resolve a review thread, or take that back."""
        with self.github.act():
            thread.resolve(self, is_resolved=is_resolved)

    def dismiss(self, review: "Review", message: str = "Not so") -> None:
        """Dismiss a review."""
        with self.github.act():
            review.pr.reviews.dismiss(review, self, message)

    def label(self, pr: "PullRequest", name: str, *, remove: bool = False) -> None:
        """Put a label on a pull request, or take it off."""
        with self.github.act():
            if remove:
                pr.unlabel(self, name)
            else:
                pr.label(self, name)

    def press_button(self, run: "CheckRun", identifier: str) -> None:
        """Press one of the buttons of a check run."""
        with self.github.act():
            run.request_action(self, identifier)

    def delete_account(self) -> None:
        """Leave GitHub; what was written stays, as a ghost's."""
        with self.github.act():
            self.github.gone.append(self)

    def rerun_all(self, suite: "CheckSuite") -> None:
        """Press `Re-run all checks`."""
        with self.github.act():
            self.github.hooks.check_suite(suite, "rerequested", self)

    def rerun(self, run: "CheckRun") -> None:
        """Press `Re-run` on a check run."""
        with self.github.act():
            run.rerequest(self)
