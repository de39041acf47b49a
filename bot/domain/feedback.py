"""What became of our suggestions on a closed pull request, where no ledger has kept the signals."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.aftermath import HistoryCommit, Shown
from bot.domain.edits import Edit, EditRefused, Patch
from bot.domain.event_forms import Observed, outcome_event
from bot.domain.event_log import LoggedEvent
from bot.domain.findings import Finding
from bot.domain.ledger import KnownFinding, PullKey
from bot.domain.outcomes import OutcomeRecord, Verdict, to_log
from bot.domain.pull_records import SuggestionRecord
from bot.domain.pull_request import Sha
from bot.domain.quieting import described_event
from bot.domain.signals import Actor, Signal, SignalKind, Standing, event_id

_BLOCK = re.compile(r"^(`{3,})suggestion\n(.*?)^\1$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class ClosedPull:
    """A pull request that is over."""

    number: int
    author_id: int
    base_sha: Sha
    head_sha: Sha
    merge_sha: Sha | None
    """What the merge left on the base; None where there was none."""
    closed_at: datetime

    @property
    def tips(self) -> tuple[Sha, ...]:
        """The head, and after a merge what it left on the base: the last one is the end."""
        return (self.head_sha,) if self.merge_sha is None else (self.head_sha, self.merge_sha)


@dataclass(frozen=True, slots=True)
class Told:
    """One suggestion and its outcome; no code is in it (rule R28)."""

    record: SuggestionRecord
    rule: str
    verdict: Verdict


def logged(
    told: Told, key: PullKey, known: Iterable[OutcomeRecord], finding: Finding, now: Observed
) -> Iterator[LoggedEvent]:
    """Yield what a log keeps of an outcome: nothing where it is open, or known already."""
    one = told.record
    record = to_log(
        told.verdict,
        [before for before in known if before.suggestion == one.id],
        suggestion=one.id,
        decision=one.decision_id,
        closed_at=now.at,
    )
    if record is not None:
        has_voter = told.verdict.by is not None
        yield described_event(key, one.id, finding, now, has_voter=has_voter)
        yield outcome_event(record, key, now)


def suggested_text(body: str) -> str | None:
    """Return what a comment suggests in place of its lines, or None where it suggests nothing."""
    found = _BLOCK.search(body)
    return found[2] if found else None


def shown_of(
    record: SuggestionRecord,
    known: KnownFinding,
    *,
    text: str,
    before: bytes,
    commits: Sequence[HistoryCommit] = (),
) -> Shown | None:
    """Return a suggestion as people saw it, or None where its lines are not in that file.

    `commits` are ours on the branch; the one that names the finding in its trailer holds it.
    """
    lines = before.decode("utf-8", "surrogateescape").splitlines(keepends=True)
    first, last = record.start_line, record.end_line
    if not 1 <= first <= last <= len(lines):
        return None
    old = "".join(lines[first - 1 : last])
    try:
        patch = Patch((Edit(record.path, first, last, old, text),))
    except EditRefused:
        return None
    trailer = f"Pullwright-Suggestion: {known.finding.fingerprint}"
    fix = next((c.sha for c in commits if trailer in c.message.splitlines()), None)
    return Shown(record.id, known.finding.fingerprint, record.head_sha, patch, fix)


def end_signal(pull: ClosedPull, key: PullKey) -> Signal:
    """Return that it is over, and how."""
    kind = SignalKind.MERGED if pull.merge_sha is not None else SignalKind.CLOSED
    return Signal(event_id(kind, key, pull.closed_at.isoformat()), kind, key, pull.closed_at)


def rejection(record: SuggestionRecord, known: KnownFinding, key: PullKey) -> Signal | None:
    """Return that a person dismissed it: a command, so that the forge was asked who may."""
    said = known.dismissal
    if said is None:
        return None
    name = event_id("rejected", record.id, said.by)
    by = Actor(0, Standing.AUTHOR)
    return Signal(name, SignalKind.REJECTED, key, said.at, record.id, by)
