"""From an event to the jobs it asks for: pure, so that a redelivery decides the same.

Nothing is fetched here. Whether a review is wanted (drafts, labels, title, paused), whether a
person may ask, and whether a pull request is our own is decided by the worker, which knows the
repository's configuration and asks the forge. A push of ours is reviewed like any other: every head
needs a verdict, and no automatic review ever leads to a commit.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from bot.domain.admission import AUTOMATIC
from bot.domain.command_parser import is_immediate, trigger_line
from bot.domain.event_log import EventSource
from bot.domain.events import (
    CheckRequested,
    CommentCreated,
    CommentDeleted,
    CommentPlace,
    Event,
    Ignored,
    InstallationChange,
    InstallationChanged,
    MergeGroupRequested,
    PullAction,
    PullChanged,
    Pushed,
    RepoEvent,
    ReviewAction,
    ReviewChanged,
    Source,
    ThreadChanged,
)
from bot.domain.forge import RepoId
from bot.domain.jobs import Job, JobId, JobKind
from bot.domain.ledger import PullKey
from bot.domain.pull_records import Delivery
from bot.domain.pull_request import Sha
from bot.domain.requests import (
    ButtonCommand,
    CommentCommand,
    MergeGroupRequest,
    ObserveRequest,
    Request,
    ReviewRequest,
    UninstalledRequest,
    to_payload,
)


@dataclass(frozen=True, slots=True)
class Ourselves:
    """Who we are on the forge; our own words ask for nothing (rule R25)."""

    app_id: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """One job that an event asks for, before it has its place in the order."""

    id: JobId
    kind: JobKind
    repo: RepoId
    number: int | None
    """None for work that is on no single pull request."""
    key: str
    request: Request
    also: tuple["Wanted", ...] = ()
    """What the same event asks for beside it."""

    @property
    def pull(self) -> PullKey | None:
        """The pull request whose sequence the job takes its number from."""
        return None if self.number is None else PullKey(self.repo.id, self.number)

    def job(self, sequence: int) -> Job:
        """Return the job at its place in the order."""
        payload = to_payload(self.request)
        return Job(self.id, self.kind, self.key, sequence, self.repo.installation_id, payload)


class Inbox(Protocol):
    """Keeps what arrived and gives it its place in the order; a part of `Deliveries`."""

    def accept(self, delivery: Delivery, pull: PullKey | None = None) -> Delivery:
        """Store a delivery with the next number of its pull request, and return what stands."""
        ...


def decide(event: Event, *, ourselves: Ourselves, delivery: str) -> Wanted | Ignored:
    """Return the job that an event asks for, or why it asks for none."""
    if isinstance(event, InstallationChanged):
        return _uninstalled(event, delivery)
    repo = _repo(event.source)
    if repo is None:
        return Ignored("the delivery is from no installation", is_alarm=True)
    return _wanted(event, repo, ourselves, delivery)


def _wanted(
    event: RepoEvent, repo: RepoId, ourselves: Ourselves, delivery: str
) -> Wanted | Ignored:
    match event:
        case PullChanged():
            return _pull(event, repo, delivery)
        case CommentCreated():
            return _comment(event, repo, ourselves, delivery)
        case CheckRequested():
            return _button(event, repo, ourselves, delivery)
        case MergeGroupRequested():
            return _merge_group(event, repo)
        case ThreadChanged() | CommentDeleted() | ReviewChanged() | Pushed():
            return _news(event, repo, delivery)


def pull_key(repo_id: int, number: int) -> str:
    """Return the key of the jobs of a pull request, which run one after the other."""
    return f"{repo_id}#{number}"


def immediate_key(repo_id: int, number: int) -> str:
    """Return the key of commands that do not wait for what runs: `stop` could not stop it."""
    return f"{pull_key(repo_id, number)}!"


def review_name(repo: RepoId, number: int, *, head: Sha, base: str) -> str:
    """Return how the ids of all reviews of one head and base begin; the first one's is just it."""
    return f"{AUTOMATIC}{repo.id}:{number}:{head}:{base}"


def _pull(event: PullChanged, repo: RepoId, delivery: str) -> Wanted:
    wanted = _review(event, repo)
    if event.action not in _OBSERVED:
        return wanted
    return replace(wanted, also=(_observe(repo, event.number, delivery),))


_SAME_CHANGE = (
    PullAction.READY,
    PullAction.RETITLED,
    PullAction.LABELED,
    PullAction.UNLABELED,
)
"""Nothing of these makes a running review out of date."""


def _review(event: PullChanged, repo: RepoId) -> Wanted:
    """Want a review once per head and base; a state that changed and changed back counts anew.

    That no head is reviewed twice is seen to by the worker, which knows the merge base.
    """
    name = review_name(repo, event.number, head=event.head_sha, base=event.base_ref)
    if event.action is not PullAction.OPENED:
        name = f"{name}:{event.action}:{event.changed_at}"
    return Wanted(
        JobId(name),
        JobKind.RECONSIDER if event.action in _SAME_CHANGE else JobKind.REVIEW,
        repo,
        event.number,
        pull_key(repo.id, event.number),
        ReviewRequest(repo, event.number, event.head_sha, event.base_ref, event.action),
    )


def _news(
    event: ThreadChanged | CommentDeleted | ReviewChanged | Pushed, repo: RepoId, delivery: str
) -> Wanted | Ignored:
    is_review = isinstance(event, ReviewChanged) and event.action is not ReviewAction.DISMISSED
    if isinstance(event, Pushed) or is_review:
        return Ignored("it asks for nothing; a worker reads it from the forge when it has to")
    return _observe(repo, event.number, delivery)


_OBSERVED = (PullAction.SYNCHRONIZED, PullAction.CLOSED, PullAction.REOPENED)
"""Occasions to hear what became of our suggestions."""


def observe_key(repo_id: int, number: int) -> str:
    """Return the key of looks at what became of suggestions: they hold up nothing else."""
    return f"{pull_key(repo_id, number)}~"


def observation(repo: RepoId, number: int, occasion: str) -> Wanted:
    """Return the job that a round asks for; once for each occasion."""
    return _observation(ObserveRequest(repo, number, EventSource.POLL), occasion)


def _observe(repo: RepoId, number: int, delivery: str) -> Wanted:
    return _observation(ObserveRequest(repo, number, EventSource.WEBHOOK, delivery), delivery)


def _observation(request: ObserveRequest, occasion: str) -> Wanted:
    repo, number = request.repo, request.number
    return Wanted(
        JobId(f"observe:{repo.id}:{number}:{occasion}"),
        JobKind.OBSERVE,
        repo,
        number,
        observe_key(repo.id, number),
        request,
    )


REPOS_AT_ONCE = 2_000
"""In one job; their ids have to fit into its payload."""
_TAKEN_OFF = (InstallationChange.DELETED, InstallationChange.REPOSITORIES_REMOVED)


def _uninstalled(event: InstallationChanged, delivery: str) -> Wanted | Ignored:
    if event.change not in _TAKEN_OFF or not event.repo_ids:
        return Ignored(f"installation {event.change} asks for nothing")
    first, *others = _taken_off(event, delivery)
    return replace(first, also=tuple(others))


def _taken_off(event: InstallationChanged, delivery: str) -> Iterator[Wanted]:
    for start in range(0, len(event.repo_ids), REPOS_AT_ONCE):
        repos = event.repo_ids[start : start + REPOS_AT_ONCE]
        name = f"uninstalled:{event.installation_id}:{delivery}:{start}"
        yield Wanted(
            JobId(name),
            JobKind.OBSERVE,
            RepoId(event.installation_id, 0, ""),
            None,
            name,
            UninstalledRequest(event.installation_id, repos, delivery),
        )


def _comment(
    event: CommentCreated, repo: RepoId, ourselves: Ourselves, delivery: str
) -> Wanted | Ignored:
    if event.written_by_app == ourselves.app_id:
        return Ignored("it is our own comment")
    line = trigger_line(event.body)
    if line is None:
        if event.in_reply_to is not None and event.place is CommentPlace.THREAD:
            return _observe(repo, event.number, delivery)
        return Ignored("the comment is not for us")
    key = immediate_key if is_immediate(line) else pull_key
    return Wanted(
        # The comments of conversations and those of threads are counted apart.
        JobId(f"command:{event.place}:{event.comment_id}"),
        JobKind.COMMAND,
        repo,
        event.number,
        key(repo.id, event.number),
        CommentCommand(
            repo,
            event.number,
            event.source.sender,
            line,
            comment_id=event.comment_id,
            place=event.place,
            in_reply_to=event.in_reply_to,
        ),
    )


def _button(
    event: CheckRequested, repo: RepoId, ourselves: Ourselves, delivery: str
) -> Wanted | Ignored:
    """Want what a button stands for; only the delivery's GUID tells two presses apart."""
    if event.app_id != ourselves.app_id:
        return Ignored("the check is of another app", is_alarm=True)
    if event.number is None:
        return Ignored("the check is of no pull request that we can tell")
    return Wanted(
        JobId(f"button:{event.check_id}:{event.identifier}:{delivery}"),
        JobKind.COMMAND,
        repo,
        event.number,
        pull_key(repo.id, event.number),
        ButtonCommand(
            repo, event.number, event.source.sender, event.identifier, head_sha=event.head_sha
        ),
    )


def _merge_group(event: MergeGroupRequested, repo: RepoId) -> Wanted:
    return Wanted(
        JobId(f"merge_group:{repo.id}:{event.head_sha}"),
        JobKind.MERGE_GROUP,
        repo,
        None,
        f"{repo.id}@{event.head_sha}",
        MergeGroupRequest(
            repo,
            event.head_sha,
            event.head_ref,
            base_sha=event.base_sha,
            base_ref=event.base_ref,
        ),
    )


def _repo(source: Source) -> RepoId | None:
    if source.installation_id is None:
        return None
    return RepoId(source.installation_id, source.repo_id, source.repo)
