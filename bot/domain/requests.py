"""What a job is asked to do, as it is stored in the queue and read again by a worker."""

from dataclasses import dataclass
from enum import StrEnum

from pydantic import TypeAdapter, ValidationError

from bot.domain.event_log import EventSource
from bot.domain.events import CommentPlace, Person, PullAction
from bot.domain.forge import RepoId
from bot.domain.jobs import Job, Json
from bot.domain.pull_request import Sha


@dataclass(frozen=True, slots=True)
class ReviewRequest:
    """Review a pull request, if its repository wants that by now.

    The head and the base are hints of a delivery that may be late: ask the forge.
    """

    repo: RepoId
    number: int
    head_sha: Sha
    base_ref: str
    trigger: PullAction


@dataclass(frozen=True, slots=True)
class CommentCommand:
    """Carry out a comment, if its first word is the one that the repository chose."""

    repo: RepoId
    number: int
    asker: Person
    line: str
    """For `command_parser.parse_command`."""
    comment_id: int
    place: CommentPlace
    in_reply_to: int | None
    """The comment that began the thread."""


@dataclass(frozen=True, slots=True)
class ButtonCommand:
    """Carry out what a button of our check run stands for."""

    repo: RepoId
    number: int
    asker: Person
    identifier: str
    """For `command_parser.button_command`."""
    head_sha: Sha
    """The head that the check is on; the pull request may have moved on."""


@dataclass(frozen=True, slots=True)
class MergeGroupRequest:
    """Give the head of a merge queue the verdict of its pull requests."""

    repo: RepoId
    head_sha: Sha
    head_ref: str
    base_sha: Sha
    base_ref: str


class RoundScope(StrEnum):
    """What a job of a round looks at."""

    DELIVERIES = "deliveries"
    """What the forge could not deliver."""
    PULLS = "pulls"
    """Which installations there are; each gets a job of its own."""
    INSTALLATION = "installation"
    """The open pull requests of some repositories of one installation."""
    LEARNING = "learning"
    """What people made of our findings; no forge is asked."""


@dataclass(frozen=True, slots=True)
class ReconcileRequest:
    """Look for what was missed."""

    scope: RoundScope
    period: str
    """Names the round, in the ids of all its jobs."""
    installation_id: int = 0
    page: int = 1
    """Of what is done page by page, so that each job is short."""


@dataclass(frozen=True, slots=True)
class ObserveRequest:
    """Hear what became of our suggestions on a pull request; the forge is asked, not the event."""

    repo: RepoId
    number: int
    source: EventSource
    delivery: str = ""
    """The GUID of the delivery that asks, where one does."""


@dataclass(frozen=True, slots=True)
class UninstalledRequest:
    """Note that we were taken off repositories: nothing more will be heard there."""

    installation_id: int
    repo_ids: tuple[int, ...]
    delivery: str


Request = (
    ReviewRequest
    | CommentCommand
    | ButtonCommand
    | MergeGroupRequest
    | ReconcileRequest
    | ObserveRequest
    | UninstalledRequest
)

_ADAPTER: TypeAdapter[Request] = TypeAdapter(Request)


def to_payload(request: Request) -> Json:
    """Return the request as the payload of a job."""
    payload: dict[str, object] = _ADAPTER.dump_python(request, mode="json")
    return payload


def parse_request(job: Job) -> Request:
    """Return what a job is asked to do.

    Raises ValueError for a payload that intake never wrote.
    """
    try:
        return _ADAPTER.validate_python(dict(job.payload))
    except ValidationError as error:
        raise ValueError(f"job {job.id} holds no request: {error}") from error
