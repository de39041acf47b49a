"""The forge as the App sees it as a whole: what it delivered, where we are installed, what is open.

None of it belongs to one repository, so none of it has the credentials of a job on one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.forge import CheckRun, CheckStatus, RepoId
from bot.domain.ledger import RunId
from bot.domain.opinions import Count
from bot.domain.pull_request import Sha


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of the forge to deliver an event."""

    id: int
    guid: str
    """The same for every attempt to deliver one event."""
    at: datetime
    is_ok: bool
    """We answered with a 2xx."""


class AppForge(Protocol):
    """What the App asks as itself."""

    def attempts(self, *, since: datetime) -> Iterable[Attempt]:
        """Return the attempts to deliver from `since` on, the newest first."""
        ...

    def redeliver(self, attempt: int) -> None:
        """Ask for the event of an attempt again, under its GUID; raises Refused for one forgotten.

        Asking twice delivers twice, so a call whose answer was lost raises ForgeUnavailable.
        """
        ...

    def installations(self) -> Sequence[int]:
        """Return the ids of the installations that are not suspended, in order."""
        ...


@dataclass(frozen=True, slots=True)
class HeadCheck:
    """A check run of ours on the head of a pull request."""

    external_id: str
    status: CheckStatus

    @property
    def run_id(self) -> RunId:
        """The run that it is of."""
        return run_of_check(self.external_id)

    @property
    def is_over(self) -> bool:
        """It has a conclusion."""
        return self.status is CheckStatus.COMPLETED


def run_of_check(external_id: str) -> RunId:
    """Return the run that a check is of; what follows a `#` says where the check is."""
    return RunId(external_id.partition("#")[0])


@dataclass(frozen=True, slots=True)
class OpenPull:
    """An open pull request, as far as it says whether we were here."""

    number: int
    title: str
    is_draft: bool
    labels: tuple[str, ...]
    base_ref: str
    head_sha: Sha
    changed_at: datetime
    checks: tuple[HeadCheck, ...]
    """Those with our name that our App made on this head."""


@dataclass(frozen=True, slots=True)
class RepoPage:
    """Some of the repositories of an installation."""

    repos: tuple[RepoId, ...]
    has_more: bool


class Survey(Protocol):
    """What is open in one installation; it can only read."""

    def repos(self, page: int) -> RepoPage:
        """Return a page of repositories, from 1; raises Refused where we are not installed."""
        ...

    def open_pulls(self, repo: RepoId) -> Sequence[OpenPull]:
        """Return the open pull requests that changed last, the newest first; not all of many."""
        ...

    def thumbs(self, repo: RepoId, number: int) -> Mapping[int, Count]:
        """Return the thumbs on the newest comments of a pull request, in one request."""
        ...


class OpenChecks(Protocol):
    """Check runs that a run left open when it died."""

    def conclude(self, run: CheckRun) -> bool:
        """Complete the check run of this run; False where it is not there or has ended.

        Unlike `Publisher.check` it never makes one, and never changes a verdict.
        """
        ...
