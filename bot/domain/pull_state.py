"""How a pull request and our threads on it stand on the forge right now.

A delivery is only a hint that something changed. What changed is read from here, so that whoever
asks, a delivery, a poll or a round, sees the same and says the same.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.events import Person
from bot.domain.pull_request import Sha

MOST_REPLIES = 100
"""Of one thread that are read: who floods a thread is not listened to any longer."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who did something, by the forge's own word."""

    person: Person
    is_program: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """What somebody else wrote under a comment of ours."""

    id: int
    by: Speaker | None
    """None for an account that is gone."""
    body: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ThreadState:
    """A thread that we began."""

    id: str
    comment_id: int
    """Of the comment that began it."""
    body: str
    """Of that comment, with its marker."""
    review_id: int | None
    is_resolved: bool = False
    resolved_by: Speaker | None = None
    """None for a program, ourselves among them."""
    replies: tuple[Reply, ...] = ()


@dataclass(frozen=True, slots=True)
class Dismissed:
    """A review that somebody dismissed."""

    review_id: int
    by: Speaker | None
    at: datetime


@dataclass(frozen=True, slots=True)
class PullState:
    """A pull request at one moment."""

    number: int
    author_id: int
    head_sha: Sha
    base_tip: Sha | None
    """Where the base branch is now; None where it was deleted."""
    closed_at: datetime | None = None
    merged: Sha | None = None
    """What the merge left on the base branch: its commit, the squash, or the last of a rebase."""
    threads: tuple[ThreadState, ...] = ()
    dismissed: tuple[Dismissed, ...] = ()
    login: str = ""
    """Ours, without `[bot]`: co-authors of a suggestion are named by it."""
    is_whole: bool = True
    """The forge left nothing out, so that a thread which is not here was deleted."""


class PullStates(Protocol):
    """Reads how pull requests of one repository stand."""

    def state(self, number: int) -> PullState:
        """Return how a pull request stands; raises Refused where there is none."""
        ...


def own_tips(state: PullState) -> tuple[Sha, ...]:
    """Return the ends of what became of the pull request, the one that counts last."""
    if state.merged is None or state.merged == state.head_sha:
        return (state.head_sha,)
    # A squash forgets the commits of the branch, so its own head stays among them.
    return (state.head_sha, state.merged)
