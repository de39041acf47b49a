"""The forge as the agent sees it: what can be read of a pull request, and what can be posted.

Reading and writing are two ports, because they run with different credentials and at different
times: what writes contents exists only after the sandbox is gone (rules R4 and R20).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot.domain.diff import Side
from bot.domain.ports import CommitMessage
from bot.domain.pull_request import Sha
from bot.errors import Refused, Retryable


class HeadMoved(Refused):
    """The branch is not where we saw it; nothing was written."""


class ForgeUnavailable(Retryable):
    """The forge does not answer, or asks us to wait; nothing was posted that we know of."""


@dataclass(frozen=True, slots=True)
class RepoId:
    """One repository of one installation."""

    installation_id: int
    id: int
    full_name: str
    """`owner/name`."""


class Permission(StrEnum):
    """What a person may do, by the forge's own answer and by nothing else (rule R5)."""

    ADMIN = "admin"
    WRITE = "write"
    READ = "read"
    NONE = "none"

    @property
    def may_write(self) -> bool:
        """True for write and above."""
        return self in (Permission.ADMIN, Permission.WRITE)


@dataclass(frozen=True, slots=True)
class RemotePullRequest:
    """A pull request as the forge says it is right now; a webhook's payload is only a hint."""

    number: int
    title: str
    author: str
    author_id: int
    is_open: bool
    is_draft: bool
    is_locked: bool
    base_ref: str
    base_sha: Sha
    head_ref: str
    head_sha: Sha
    head_repo: str | None
    """`owner/name`; None where the fork was deleted."""
    labels: tuple[str, ...]
    is_ours: bool = False
    """We opened it, by the forge's own word and not by a name."""

    def is_fork_of(self, repo: RepoId) -> bool:
        """Tell whether the head is in another repository, a deleted one included."""
        return self.head_repo != repo.full_name


@dataclass(frozen=True, slots=True)
class Posted:
    """A comment of ours as it stands on the forge."""

    id: int
    body: str
    url: str


@dataclass(frozen=True, slots=True)
class PostedThread:
    """A review thread that we started."""

    id: str
    """The node id, which is what resolving takes."""
    comment_id: int
    body: str
    is_resolved: bool
    path: str
    line: int | None
    """At the head of now; None where the code is gone, and always for a whole file."""
    original_line: int | None = None
    """Where it was put."""
    is_on_file: bool = False
    """It is about the file as a whole."""


@dataclass(frozen=True, slots=True)
class PullCommit:
    """A commit of a pull request. Anybody can write any message and any author into one."""

    sha: Sha
    parents: tuple[Sha, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Remark:
    """One comment of a thread or of the conversation, in the order in which they were written."""

    author: str
    """The login; it proves nothing."""
    body: str
    """Without our marker."""
    is_ours: bool


class Forge(Protocol):
    """The read side, for one repository."""

    def pull_request(self, number: int) -> RemotePullRequest:
        """Return the pull request; raises Refused where there is none."""
        ...

    def permission(self, login: str) -> Permission:
        """Return what a person may do; an answer that is no answer is `none` (fail closed)."""
        ...

    def summary(self, number: int) -> Posted | None:
        """Return our sticky comment, found by its marker and by us being its author."""
        ...

    def threads(self, number: int) -> Sequence[PostedThread]:
        """Return the review threads that we started."""
        ...

    def reply(self, number: int, marker: str) -> Posted | None:
        """Return our comment that carries this marker."""
        ...

    def remarks(self, number: int, comment_id: int, *, is_review_comment: bool) -> Sequence[Remark]:
        """Return what was said before a comment where it stands: in its thread, else beside it.

        Our own words come without their markers, and our summary is no remark.
        """
        ...


class History(Protocol):
    """What was committed on a pull request, and what stands on top of it."""

    def commits(self, number: int) -> Sequence[PullCommit]:
        """Return the commits, the oldest first; raises Refused where not all of them are listed."""
        ...

    def stacked_on(self, branch: str) -> Sequence[str]:
        """Return the addresses of our open stacked pull requests into a branch."""
        ...


@dataclass(frozen=True, slots=True)
class ReviewComment:
    """One inline comment, anchored to lines that the forge accepts, or to a changed file."""

    path: str
    body: str
    line: int | None
    """None for a comment on the file as a whole."""
    side: Side = Side.RIGHT
    start_line: int | None = None


class CheckStatus(StrEnum):
    """Where a check run stands."""

    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"


class CheckConclusion(StrEnum):
    """How a check run ended."""

    SUCCESS = "success"
    NEUTRAL = "neutral"
    FAILURE = "failure"
    CANCELLED = "cancelled"


class AnnotationLevel(StrEnum):
    """How loud an annotation is."""

    FAILURE = "failure"
    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Annotation:
    """One line of a check run, next to the code."""

    path: str
    start_line: int
    end_line: int
    level: AnnotationLevel
    title: str
    message: str


@dataclass(frozen=True, slots=True)
class Button:
    """A button of a check run: label at most 20 characters, description at most 40."""

    label: str
    description: str
    identifier: str


@dataclass(frozen=True, slots=True)
class CheckRun:
    """What a check run should say."""

    name: str
    head_sha: Sha
    status: CheckStatus
    title: str
    summary: str
    external_id: str
    """The run's id, by which a check run is found again instead of made twice."""
    conclusion: CheckConclusion | None = None
    text: str = ""
    """Details, folded by the forge; the machine-readable verdict."""
    annotations: tuple[Annotation, ...] = ()
    buttons: tuple[Button, ...] = ()


class Reaction(StrEnum):
    """The answers to a command that need no words."""

    SEEN = "eyes"
    DONE = "rocket"
    REFUSED = "confused"


class Publisher(Protocol):
    """Comments and checks; each call looks for its marker first, so repeating one is harmless."""

    def summary(self, number: int, body: str) -> Posted:
        """Post or edit the sticky comment."""
        ...

    def review(
        self, number: int, *, head_sha: Sha, marker: str, comments: Sequence[ReviewComment]
    ) -> Sequence[ReviewComment]:
        """Post one review and return the comments that the forge refused.

        Comments on whole files are posted one by one after it. One refused comment loses no other.
        A comment whose own marker is in a thread of ours is not posted again. Raises HeadMoved
        where the forge no longer knows the commit.
        """
        ...

    def check(self, run: CheckRun) -> int:
        """Create or update the check run with this external id; return the forge's id."""
        ...

    def reply(self, number: int, *, marker: str, body: str, to_comment: int | None) -> Posted:
        """Post or edit the one reply with this marker; with `to_comment`, in its review thread."""
        ...

    def resolve(self, thread_id: str) -> None:
        """Resolve a thread; raises Refused where the App may not (GitHub wants contents: write)."""
        ...


class Reactions(Protocol):
    """Comments of people: whose they are, and reactions to them."""

    def is_ours(self, number: int, comment_id: int, *, is_review_comment: bool) -> bool:
        """Tell whether we wrote this comment, by the forge's own word and not by a name."""
        ...

    def react(self, comment_id: int, reaction: Reaction, *, is_review_comment: bool) -> None:
        """Add the reaction; adding it twice is harmless."""
        ...


@dataclass(frozen=True, slots=True)
class NewPullRequest:
    """A stacked pull request."""

    branch: str
    base_ref: str
    title: str
    body: str


FileChanges = Mapping[str, bytes | None]
"""The whole new contents by path; None deletes the file, which is how a new one is undone."""


@dataclass(frozen=True, slots=True)
class Undoing:
    """One file that we wrote; None stands for no file."""

    written: bytes | None
    """What we left there, and what has to be there still."""
    before: bytes | None
    """What it becomes again."""


class Committer(Protocol):
    """Contents: exists only in the publisher, after the sandbox is gone."""

    def commit(
        self, branch: str, *, expected: Sha, files: FileChanges, message: CommitMessage
    ) -> Sha:
        """Commit on the branch (`createCommitOnBranch`) and return the new head.

        Where the head is this very commit on top of `expected` already, by its `Pullwright-Run`
        and by every file of it, returns it. Raises HeadMoved, and Refused for a branch, path or
        size that no fix may touch.
        """
        ...

    def take_back(
        self, branch: str, *, expected: Sha, files: Mapping[str, Undoing], message: CommitMessage
    ) -> Sha:
        """Commit what was there before us, as `commit` does.

        The sizes are those of our own commits, so only paths and kinds of files are limited.
        Raises Refused where a file does not hold what we wrote any more.
        """
        ...

    def open_stacked(
        self, wanted: NewPullRequest, *, at: Sha, files: FileChanges, message: CommitMessage
    ) -> str:
        """Commit `at` this commit on a branch of ours, open its pull request, return the URL.

        Where branch and pull request are there already, as this would have left them, returns the
        URL. Raises as `commit` does.
        """
        ...
