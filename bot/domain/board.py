"""What an operator is shown of all runs: pages by key, and tallies that the database makes.

It is read only and may be a moment old. A page goes on from the last row of the one before, so its
cost does not grow with its number. All of it raises Retryable where the database does not answer.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bot.domain.findings import FindingId, FindingState
from bot.domain.jobs import JobId, JobInfo, JobsAdmin, JobStatus
from bot.domain.ledger import KnownFinding, PullKey, RunId, RunRecord
from bot.domain.outcomes import Outcome
from bot.domain.untrusted import one_line
from bot.domain.verdict import Conclusion, Cost

PAGE = 50
"""Rows of a page."""
NO_COST = Cost(0.0)


@dataclass(frozen=True, slots=True)
class RunPlace:
    """Where a run stands in the order of time."""

    started_at: datetime
    run_id: RunId


@dataclass(frozen=True, slots=True)
class RunWanted:
    """Which runs to show, the newest first."""

    repo_id: int | None = None
    conclusion: Conclusion | None = None
    is_open: bool = False
    """Only those that have not ended."""
    before: RunPlace | None = None
    limit: int = PAGE


@dataclass(frozen=True, slots=True)
class RunShown:
    """A run in a list."""

    record: RunRecord
    steps: int
    """Finished ones."""
    ended_at: datetime | None = None
    conclusion: Conclusion | None = None
    cost: Cost | None = None
    """None while it is under way, and of a run that ended before costs were columns."""

    @property
    def place(self) -> RunPlace:
        """Where the next page begins behind it."""
        return RunPlace(self.record.started_at, self.record.run_id)


@dataclass(frozen=True, slots=True)
class RepoShown:
    """A repository with the runs there were."""

    repo_id: int
    name: str
    """As its newest run has it."""
    runs: int
    open_runs: int
    last_at: datetime
    cost: Cost


class RunsBy(StrEnum):
    """What runs are counted by, beside their conclusion."""

    DAY = "day"
    """In UTC, of their begin, as `2026-11-01`."""
    REPO = "repository"
    """By its number, as text."""
    KIND = "kind"


@dataclass(frozen=True, slots=True)
class RunTally:
    """Runs that have a name and a conclusion in common."""

    name: str
    """The day, the repository or the kind."""
    conclusion: Conclusion | None
    """None for those that have not ended."""
    runs: int
    cost: Cost


@dataclass(frozen=True, slots=True)
class ToolTally:
    """All steps of one tool."""

    tool: str
    steps: int
    seconds: float


class RunBoard(Protocol):
    """Runs, as an operator looks at them."""

    def page(self, wanted: RunWanted) -> Sequence[RunShown]:
        """Return runs, the newest first."""
        ...

    def find(self, run_id: RunId) -> RunShown | None:
        """Return one run, or None where nobody began it."""
        ...

    def repos(self) -> Sequence[RepoShown]:
        """Return every repository that had a run, by name."""
        ...

    def tallies(self, by: RunsBy, *, since: datetime) -> Sequence[RunTally]:
        """Count the runs that began then or later, ordered by name."""
        ...

    def tools(self) -> Sequence[ToolTally]:
        """Count all steps there ever were, by the name of the tool."""
        ...


@dataclass(frozen=True, slots=True)
class FindingPlace:
    """Where a finding stands: pull requests of a repository from the newest number down."""

    pull: PullKey
    finding_id: FindingId


@dataclass(frozen=True, slots=True)
class FindingWanted:
    """Which findings to show."""

    repo_id: int | None = None
    state: FindingState | None = None
    rule: str | None = None
    """As `searched` writes it."""
    before: FindingPlace | None = None
    limit: int = PAGE


@dataclass(frozen=True, slots=True)
class FindingShown:
    """A finding in a list, and what became of its newest suggestion."""

    pull: PullKey
    known: KnownFinding
    tool: str | None = None
    """What made the suggestion; None where none was shown."""
    outcome: Outcome | None = None

    @property
    def place(self) -> FindingPlace:
        """Where the next page begins behind it."""
        return FindingPlace(self.pull, self.known.id)


class OutcomesBy(StrEnum):
    """What outcomes are counted by, beside themselves."""

    ALL = "all"
    DAY = "day"
    """In UTC, as `2026-11-01`."""
    REPO = "repository"
    """By its number, as text."""
    RULE = "rule"
    """Empty where the suggestion is not on record."""
    TOOL = "tool"
    """What made the suggestion; empty likewise."""


@dataclass(frozen=True, slots=True)
class OutcomeTally:
    """Suggestions of which the same became; a correction counts in place of the first."""

    name: str
    """The day, repository, rule or tool; `all` for no such thing."""
    outcome: Outcome
    count: int


class FindingBoard(Protocol):
    """Findings and what became of suggestions, as an operator looks at them."""

    def page(self, wanted: FindingWanted) -> Sequence[FindingShown]:
        """Return findings by repository, pull request and id, from the greatest down."""
        ...

    def states(self) -> Mapping[FindingState, int]:
        """Count all findings by state; states that none has are left out."""
        ...

    def outcomes(self, by: OutcomesBy, *, since: datetime) -> Sequence[OutcomeTally]:
        """Count the final outcomes of then or later, ordered by name and outcome."""
        ...


class QueueBoard(JobsAdmin, Protocol):
    """The queue, as an operator looks at it."""

    def find(self, job_id: JobId) -> JobInfo | None:
        """Return one job, or None where nobody knows it."""
        ...

    def counts(self) -> Mapping[JobStatus, int]:
        """Count all jobs by status; a status that none has is left out."""
        ...


@dataclass(frozen=True, slots=True)
class Board:
    """Both boards of one database."""

    runs: RunBoard
    findings: FindingBoard
    close: Callable[[], None]
    """Let go of all connections."""


def searched(text: str) -> str:
    """Return a text as the columns that are searched hold it: a database takes no NUL."""
    return one_line(text, limit=100)


def total_cost(costs: Iterable[Cost | None]) -> Cost:
    """Return the sum of what is known."""
    known = [cost for cost in costs if cost is not None]
    return Cost(
        sum(cost.seconds for cost in known),
        sum(cost.prompt_tokens for cost in known),
        sum(cost.completion_tokens for cost in known),
        sum(cost.usd for cost in known),
    )
