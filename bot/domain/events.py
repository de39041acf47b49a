"""What the forge tells us: one frozen value for each kind of event that we heed.

A delivery's JSON becomes one of these in `event_parser` and nowhere else.
"""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.pull_request import Sha


@dataclass(frozen=True, slots=True)
class Person:
    """Who acted. A login proves nothing: what a person may do is asked of the forge (rule R5)."""

    id: int
    login: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where an event comes from."""

    repo_id: int
    repo: str
    """`owner/name`."""
    installation_id: int | None
    """None in deliveries that are not from an installation; nothing can be done about those."""
    sender: Person


class PullAction(StrEnum):
    """What happened to a pull request, as far as it can change what we do."""

    OPENED = "opened"
    SYNCHRONIZED = "synchronize"
    REOPENED = "reopened"
    READY = "ready_for_review"
    DRAFTED = "converted_to_draft"
    CLOSED = "closed"
    EDITED = "edited"
    """Its base; a change of the description is nothing to us."""
    RETITLED = "retitled"
    """GitHub's `edited` where only the title changed."""
    LABELED = "labeled"
    UNLABELED = "unlabeled"


@dataclass(frozen=True, slots=True)
class PullChanged:
    """A pull request changed. Everything here is a hint; a worker asks the forge again."""

    source: Source
    action: PullAction
    number: int
    head_sha: Sha
    base_ref: str
    is_draft: bool
    changed_at: str
    """GitHub's `updated_at`, which tells two reopenings of one head apart; may be empty."""


class CommentPlace(StrEnum):
    """Where a comment stands; the two have different ids and different addresses."""

    CONVERSATION = "conversation"
    THREAD = "thread"
    """On a line of the diff."""


@dataclass(frozen=True, slots=True)
class CommentCreated:
    """Somebody wrote a comment on a pull request."""

    source: Source
    number: int
    place: CommentPlace
    comment_id: int
    body: str
    written_by_app: int | None = None
    """The id of the app in whose name it was written, where GitHub says so."""
    in_reply_to: int | None = None
    """The comment that began the thread."""


@dataclass(frozen=True, slots=True)
class CommentDeleted:
    """Somebody deleted a comment in a thread; it may have been ours."""

    source: Source
    number: int


class ReviewAction(StrEnum):
    """What happened to a review."""

    SUBMITTED = "submitted"
    EDITED = "edited"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class ReviewChanged:
    """A person's review of the pull request."""

    source: Source
    action: ReviewAction
    number: int
    review_id: int


@dataclass(frozen=True, slots=True)
class ThreadChanged:
    """A review thread was resolved, or opened again."""

    source: Source
    number: int
    thread_id: str
    """The node id."""
    is_resolved: bool


@dataclass(frozen=True, slots=True)
class CheckRequested:
    """A button of our check run was pressed, or `Re-run` of GitHub's own page."""

    source: Source
    check_id: int
    """Of the check run, or of the suite where all of it is to run again."""
    app_id: int
    head_sha: Sha
    identifier: str
    """What `command_parser.button_command` takes."""
    number: int | None
    """The pull request, where the check tells it."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """A branch or tag moved."""

    source: Source
    ref: str
    after: Sha


@dataclass(frozen=True, slots=True)
class MergeGroupRequested:
    """A merge queue wants the checks of the commit that it would merge."""

    source: Source
    head_sha: Sha
    head_ref: str
    base_sha: Sha
    base_ref: str


class InstallationChange(StrEnum):
    """What happened to an installation."""

    CREATED = "created"
    DELETED = "deleted"
    SUSPENDED = "suspend"
    UNSUSPENDED = "unsuspend"
    PERMISSIONS_ACCEPTED = "new_permissions_accepted"
    REPOSITORIES_ADDED = "added"
    REPOSITORIES_REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class InstallationChanged:
    """The app was installed or removed, or its repositories changed."""

    installation_id: int
    change: InstallationChange
    repo_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing is to be done, and why."""

    reason: str
    """One sentence."""
    is_alarm: bool = False
    """An operator should look: a delivery that we should have understood, or of another app."""


RepoEvent = (
    PullChanged
    | CommentCreated
    | CommentDeleted
    | ReviewChanged
    | ThreadChanged
    | CheckRequested
    | Pushed
    | MergeGroupRequested
)
Event = RepoEvent | InstallationChanged
