"""Where we stand with a pull request: modes, order, what was posted, and why nothing was.

Repeating a call is harmless, and Retryable is raised where the database does not answer, as for
the ports of `ledger`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType, Protocol

from bot.domain.diff import Side
from bot.domain.event_log import EventLog, PolicyVersions
from bot.domain.evidence import Proof
from bot.domain.findings import FindingId
from bot.domain.forgetting import Forgetting
from bot.domain.ledger import FindingsLedger, PullKey, ReviewedHeads, RunId, Runs
from bot.domain.pull_request import Sha

SuggestionId = NewType("SuggestionId", str)
"""16 hex digits, made by `identity.patch_id` for one head: the key of `Suggestions`.

Markers and trailers carry the fingerprint of the finding, by which a thread is found on every head;
with the run, which they carry too, it leads to the record.
"""

DecisionId = NewType("DecisionId", str)
"""One choice of one run, made by `identity`: a step, or where a finding goes. It joins a suggestion
to what was logged."""


class PublicationKind(StrEnum):
    """What was posted."""

    SUMMARY = "summary"
    REVIEW = "review"
    REPLY = "reply"
    CHECK = "check"
    COMMIT = "commit"
    PULL_REQUEST = "pull request"


@dataclass(frozen=True, slots=True)
class Publication:
    """One thing that we posted."""

    key: str
    """Its kind and the run that its marker, check or trailer names: `reply:RUN`."""
    pull: PullKey
    kind: PublicationKind
    external_id: str
    """The forge's id, or the SHA of a commit; of a review, the id of its first comment."""
    url: str
    posted_at: datetime


class Publications(Protocol):
    """What was posted, by the key of its marker."""

    def record(self, publication: Publication) -> Publication:
        """Store what was posted and return what stands: the first of its key."""
        ...

    def find(self, key: str) -> Publication | None:
        """Return what was posted under this key, or None where nothing is recorded."""
        ...


class PullMode(StrEnum):
    """Whether we act on a pull request by ourselves."""

    AUTO = "auto"
    PAUSED = "paused"
    """Until `resume`."""
    IGNORED = "ignored"
    """Never again."""


@dataclass(frozen=True, slots=True)
class PullRecord:
    """Where we stand with a pull request."""

    mode: PullMode = PullMode.AUTO
    sequence: int = 0
    """The last number that was given to an event."""
    head_sequence: int = 0
    """The number of the event that brought the newest head; older reviews are superseded."""
    head_sha: Sha | None = None


class PullRequests(Protocol):
    """Modes and the order of events, for each pull request."""

    def load(self, pull: PullKey) -> PullRecord:
        """Return the record; one that nobody wrote has the defaults."""
        ...

    def set_mode(self, pull: PullKey, mode: PullMode) -> PullMode:
        """Store the mode and return the one before."""
        ...

    def next_sequence(self, pull: PullKey) -> int:
        """Return the next number, from 1; no two callers ever get the same."""
        ...

    def advance_head(self, pull: PullKey, *, sequence: int, head_sha: Sha) -> bool:
        """Store the newest head, or return False where a later event brought one already."""
        ...


@dataclass(frozen=True, slots=True)
class Silence:
    """Why nothing happened, for `/agent why`."""

    reason: str
    """One sentence."""
    head_sha: Sha | None
    at: datetime


SILENCES_KEPT = 20
"""For each pull request."""


class Silences(Protocol):
    """The last reasons why nothing happened, for each pull request."""

    def record(self, pull: PullKey, silence: Silence) -> None:
        """Store a reason; only the last SILENCES_KEPT are kept."""
        ...

    def recent(self, pull: PullKey) -> Sequence[Silence]:
        """Return the reasons, the newest first."""
        ...


@dataclass(frozen=True, slots=True)
class SuggestionRecord:
    """One suggestion as it was shown; its code is on the forge only."""

    id: SuggestionId
    finding_id: FindingId
    run_id: RunId
    decision_id: DecisionId
    """Where it goes, as that was chosen; the step that made it, where nothing is learned."""
    head_sha: Sha
    path: str
    side: Side
    start_line: int
    end_line: int
    source: str
    """autofix, bisect, repair or rewrite; none for a finding that is shown without a patch."""
    proof: Proof | None
    slot: int
    """From 1: its place among the comments of its review, which sways who accepts it."""
    slots: int
    """How many comments that review has."""


class Suggestions(Protocol):
    """What was suggested, and on which evidence."""

    def record(self, pull: PullKey, suggestions: Iterable[SuggestionRecord]) -> None:
        """Store suggestions; the first record of an id stands."""
        ...

    def shown(self, pull: PullKey) -> Sequence[SuggestionRecord]:
        """Return all suggestions of the pull request, in the order of their records."""
        ...

    def find(self, pull: PullKey, suggestion: SuggestionId) -> SuggestionRecord | None:
        """Return one of them, or None; raises RecordUnreadable for that one alone."""
        ...

    def unsettled(self, repo_id: int) -> Sequence[PullKey]:
        """Return the pull requests with a suggestion that the log has no `settled` event of."""
        ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """One signed webhook request."""

    guid: str
    """`X-GitHub-Delivery`; a redelivery has the same."""
    event: str
    action: str
    """Empty where the payload names none."""
    received_at: datetime
    sequence: int = 0
    """Its number among the events of its pull request; 0 where it asks for nothing on one."""


DELIVERIES_KEPT = timedelta(days=30)
"""Far longer than the forge can send one again."""


class Deliveries(Protocol):
    """Which deliveries arrived, also those that led to no job, so that missed ones are found."""

    def accept(self, delivery: Delivery, pull: PullKey | None = None) -> Delivery:
        """Store a delivery with the next number of its pull request, and return what stands.

        That is the first of its GUID, with the number that it got then: whoever died before the
        delivery had its job gets the same place in the order when it comes again.
        """
        ...

    def known(self, guids: Iterable[str]) -> frozenset[str]:
        """Return those of the GUIDs that arrived."""
        ...

    def forget(self, *, before: datetime) -> int:
        """Forget what arrived earlier and return how many those were."""
        ...

    def first_at(self) -> datetime | None:
        """Return when the first delivery of all arrived, or None where none is recorded."""
        ...


class Notes(Protocol):
    """What a round leaves to the next one; it is about no single pull request."""

    def load(self, name: str) -> str | None:
        """Return the note of this name, or None where nobody wrote one."""
        ...

    def store(self, name: str, text: str) -> None:
        """Write the note in place of the one before."""
        ...


@dataclass(frozen=True, slots=True)
class Ledger:
    """All ports of one database."""

    runs: Runs
    reviewed: ReviewedHeads
    findings: FindingsLedger
    publications: Publications
    pulls: PullRequests
    silences: Silences
    suggestions: Suggestions
    deliveries: Deliveries
    notes: Notes
    events: EventLog
    policies: PolicyVersions
    forgetting: Forgetting
    close: Callable[[], None]
    """Let go of all connections."""
