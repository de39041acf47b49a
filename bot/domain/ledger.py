"""What outlives a run: its steps, and the findings of a pull request.

What was posted and where we stand with a pull request is in `pull_records`; one database serves all
of these ports. Repeating a call is harmless: the first write of a step or an ending stands, because
a host may die between an effect and its record. All of them raise Retryable where the database does
not answer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType, Protocol

from bot.domain.findings import Finding, FindingId, FindingState
from bot.domain.pull_request import Sha
from bot.domain.reading import Reading
from bot.domain.verdict import Conclusion

RunId = NewType("RunId", str)
"""One execution for one job."""


@dataclass(frozen=True, slots=True)
class PullKey:
    """One pull request, by the ids that survive renames of the repository."""

    repo_id: int
    number: int


class RunKind(StrEnum):
    """What a run was for."""

    REVIEW = "review"
    FIX = "fix"
    TEST = "test"
    UNDO = "undo"
    IMPLEMENT = "implement"
    COVER = "cover"


@dataclass(frozen=True, slots=True)
class Head:
    """The three commits that a run looks at."""

    head_sha: Sha
    merge_base_sha: Sha
    base_sha: Sha


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run, as it begins."""

    run_id: RunId
    job_id: str
    pull: PullKey
    repo: str
    """`owner/name` at that time."""
    head: Head
    kind: RunKind
    started_at: datetime


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One finished step: enough to rebuild the state, and all that learning needs of it."""

    index: int
    """From 1, as `Decision.step`."""
    tool: str
    observation: str
    """JSON, written by `record_json.dump`."""
    decision: str
    """JSON: the mask, features, utilities and propensities, written by `record_json.dump`."""
    seconds: float


@dataclass(frozen=True, slots=True)
class RunEnding:
    """How a run ended."""

    conclusion: Conclusion
    verdict: str
    """JSON, written by `record_json.dump`."""
    ended_at: datetime
    reading: Reading | None = None
    """What the next review may go on from."""
    is_failure: bool = False
    """The check of the head was a failure, by the configuration of the repository."""


@dataclass(frozen=True, slots=True)
class ReviewedHead:
    """The head that a review looked at last, from which the next one may go on."""

    run_id: RunId
    head: Head
    conclusion: Conclusion
    is_failure: bool = False


UNFINISHED_SHOWN = 50


class Runs(Protocol):
    """Runs and their durable steps."""

    def begin(self, run: RunRecord) -> None:
        """Store a run; the first record of its id stands."""
        ...

    def record_step(self, run_id: RunId, step: StepRecord) -> StepRecord:
        """Store a step and return the one that stands: the first of its index.

        Raises Refused for a run that never began.
        """
        ...

    def steps(self, run_id: RunId) -> Sequence[StepRecord]:
        """Return the finished steps, in order."""
        ...

    def finish(self, run_id: RunId, ending: RunEnding) -> RunEnding:
        """Store how the run ended and return the ending that stands: the first.

        Raises Refused for a run that never began.
        """
        ...

    def ending(self, run_id: RunId) -> RunEnding | None:
        """Return how a run ended, or None for one that is under way or never began."""
        ...

    def unfinished(self, repo_id: int) -> Sequence[RunRecord]:
        """Return the reviews of a repository that began and did not end, the newest first.

        At most UNFINISHED_SHOWN of them: those of a run that died stay among them.
        """
        ...


class ReviewedHeads(Protocol):
    """Which heads were reviewed: what makes a review incremental, and done only once."""

    def last(self, pull: PullKey) -> ReviewedHead | None:
        """Return the head of the review that ended last and saw something of it."""
        ...

    def of_head(self, pull: PullKey, head_sha: Sha) -> ReviewedHead | None:
        """Return how the last review of this head ended, whatever it saw."""
        ...

    def is_reviewed(self, pull: PullKey, head: Head, kind: RunKind) -> bool:
        """Tell whether this head and merge base are what was looked at last.

        Of this kind of run, and only one that ended without an error counts. A head that was
        reviewed, left, and came back is reviewed again: what is known is of the one in between.
        """
        ...

    def begun(self, pull: PullKey, *, since: datetime) -> Sequence[RunRecord]:
        """Return the runs of every kind that began then or later, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Dismissal:
    """A person's word that a finding is not wanted; it holds until the enclosing code changes."""

    reason: str
    """`wrong`, `style`, `noise`, `out-of-scope`, `already-done`, or words; may be empty."""
    by: str
    """The login of the person."""
    at: datetime
    is_refutation: bool = False
    """The code shows that the finding is wrong, and somebody who may write said so."""


@dataclass(frozen=True, slots=True)
class Thread:
    """The review thread in which a finding was posted."""

    id: str
    """The node id, which is what resolving takes."""
    comment_id: int
    is_resolved: bool = False


@dataclass(frozen=True, slots=True)
class KnownFinding:
    """A finding for the life of its pull request."""

    finding: Finding
    """As it was seen last, with its id and state, and without patches."""
    code_digest: str
    """Of the enclosing code when it was seen last, or when it was dismissed."""
    first_head: Sha
    last_head: Sha
    """The last head on which it was seen."""
    dismissal: Dismissal | None = None
    thread: Thread | None = None

    @property
    def id(self) -> FindingId:
        """F1, F2 ...; never given to another finding of the pull request."""
        return self.finding.id

    @property
    def state(self) -> FindingState:
        """Where it stands."""
        return self.finding.state


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The findings of a pull request after a run, and those of the run itself."""

    known: tuple[KnownFinding, ...]
    """All there ever were, by id."""
    findings: tuple[Finding, ...]
    """Those that the run saw, worst first, each with the id and state that it has by now."""

    @property
    def unposted(self) -> tuple[Finding, ...]:
        """Open findings of this run that no thread shows yet."""
        posted = {k.id for k in self.known if k.thread is not None}
        is_new = (FindingState.OPEN,)
        return tuple(f for f in self.findings if f.state in is_new and f.id not in posted)

    @property
    def resolvable(self) -> tuple[KnownFinding, ...]:
        """Findings that ended and whose thread nobody has resolved yet."""
        ended = (FindingState.FIXED, FindingState.STALE)
        threads = [(k, k.thread) for k in self.known if k.state in ended]
        return tuple(k for k, thread in threads if thread is not None and not thread.is_resolved)


Rule = Callable[[tuple[KnownFinding, ...]], Reconciled]
"""Decides from what is known what is to be known; pure, because it may be called again."""


class FindingsLedger(Protocol):
    """The findings of pull requests."""

    def known(self, pull: PullKey) -> tuple[KnownFinding, ...]:
        """Return all findings that the pull request ever had, by id."""
        ...

    def revise(self, pull: PullKey, rule: Rule) -> Reconciled:
        """Apply the rule to what is known and store what it returns, as one act.

        No dismissal or thread that is recorded meanwhile is lost.
        """
        ...

    def dismiss(self, pull: PullKey, finding_id: FindingId, dismissal: Dismissal) -> KnownFinding:
        """Dismiss a finding and return it; the first dismissal stands while it holds.

        Raises Refused for an id that the pull request does not have.
        """
        ...

    def attach_thread(self, pull: PullKey, finding_id: FindingId, thread: Thread) -> None:
        """Store where a finding was posted, or that its thread is resolved.

        Raises Refused for an id that the pull request does not have.
        """
        ...
