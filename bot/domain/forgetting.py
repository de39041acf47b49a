"""To forget a person or a repository: the one exception to a log that only grows.

What is taken out leaves a mark, so that who folds the log later knows why numbers are missing; it
names nobody, for the name in it is a keyed hash. The numbers of all other events stay.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.domain.event_log import LoggedEvent
from bot.domain.jobs import JobFilter, JobId, JobInfo
from bot.domain.ledger import PullKey

FORGOTTEN = "forgotten"
"""The kind of the event that is left."""
TAKEN_BACK = "policy taken back"
"""The kind of the event that says who asked for the policy before; nothing is learned of it."""
NOWHERE = PullKey(0, 0)
"""The pull request of that event: it is of none."""


@dataclass(frozen=True, slots=True)
class Whom:
    """What is to be forgotten."""

    repo_ids: frozenset[int] = frozenset()
    pulls: frozenset[PullKey] = frozenset()
    """Of a person: what they wrote."""
    person_id: int | None = None
    """Events name people by number."""
    login: str = ""
    """Dismissals name people by login."""

    def covers(self, pull: PullKey) -> bool:
        """Tell whether all that is known of a pull request goes."""
        return pull.repo_id in self.repo_ids or pull in self.pulls


@dataclass(frozen=True, slots=True)
class Target:
    """What a person asked to have forgotten: a repository, or somebody by login, number or both."""

    repo: str = ""
    """`owner/name`."""
    login: str = ""
    person_id: int | None = None

    @property
    def name(self) -> str:
        """What messages call it."""
        number = str(self.person_id) if self.person_id is not None else ""
        return self.repo or " ".join(filter(None, (self.login, number)))

    @property
    def keys(self) -> tuple[tuple[str, str], ...]:
        """By what it is named in a mark: kind and value, in one spelling."""
        number = str(self.person_id) if self.person_id is not None else ""
        named = (("repository", self.repo.lower()), ("login", self.login.lower()), ("user", number))
        return tuple((kind, value) for kind, value in named if value)


@dataclass(frozen=True, slots=True)
class Gone:
    """What was taken out, or would be."""

    events: Mapping[str, int] = field(default_factory=dict)
    """Removed, by kind."""
    censored: int = 0
    """Events that stay at their place without the person: outcomes that they decided teach nothing
    any more, rules that they let be heard again are heard by nobody's word."""
    rows: Mapping[str, int] = field(default_factory=dict)
    """Other records that were removed, by what they are."""
    dismissals: int = 0
    """That name nobody and give no reason any more."""
    policies: tuple[str, ...] = ()
    """Versions that were learned from what is gone."""

    @property
    def is_nothing(self) -> bool:
        """True where none of it was stored."""
        counts = (*self.events.values(), *self.rows.values(), self.censored, self.dismissals)
        return not any(counts)


@dataclass(frozen=True, slots=True)
class Found:
    """All that is stored of a target, in the ledger and beside it."""

    gone: Gone
    runs: tuple[str, ...] = ()
    """Ids of kept runs."""
    unreadable: tuple[str, ...] = ()
    """Kept runs of which nobody can tell whose they are."""
    jobs: tuple[JobId, ...] = ()
    """Of the queue, that ended."""
    waiting: int = 0
    """Jobs of the queue that did not end yet."""


class ForgettingQueue(Protocol):
    """The queue; raises Retryable where the database does not answer."""

    def list(self, wanted: JobFilter) -> Sequence[JobInfo]:
        """Return jobs, the newest first."""
        ...

    def forget(self, job_ids: Collection[JobId]) -> int:
        """Remove those of the jobs that ended, with all that is known of their steps."""
        ...


class Forgetting(Protocol):
    """Takes out of all tables at once; raises Retryable where the database does not answer."""

    def repo_ids(self, name: str) -> frozenset[int]:
        """Return the ids of the repositories that had this `owner/name`, however it is written."""
        ...

    def preview(self, whom: Whom) -> Gone:
        """Return what `forget` would take out."""
        ...

    def forget(self, whom: Whom, mark: LoggedEvent) -> Gone:
        """Take it out, append the mark and retire policies that learned of it, as one act.

        Where there is nothing to take out, nothing is appended.
        """
        ...

    def expire(self, *, before: datetime) -> int:
        """Take out text of repositories that was kept for an export before then; return how much.

        It teaches nothing, so no mark is left; the last event of the log stays until others follow.
        """
        ...
