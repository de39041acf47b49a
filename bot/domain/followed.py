"""Which suggestions still have something to tell, and what is looked for of each in git.

The code of a suggestion is in the steps of its run; it is taken only where it has the suggestion's
own id, so that nothing else is ever looked for in its name.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.aftermath import Shown
from bot.domain.edits import Edit, Patch
from bot.domain.event_forms import SETTLED
from bot.domain.event_log import EventSource, LoggedEvent
from bot.domain.findings import Finding
from bot.domain.hearing import OPEN_FOR
from bot.domain.identity import patch_id
from bot.domain.ledger import PullKey
from bot.domain.outcomes import CORRECTED_WITHIN
from bot.domain.pull_records import SuggestionId, SuggestionRecord
from bot.domain.pull_request import Sha
from bot.domain.signals import Signal, SignalKind, event_id


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one suggestion comes from, as far as the ledger can tell."""

    record: SuggestionRecord
    fingerprint: str
    shown_at: datetime
    patch: Patch | None
    """None where the finding has none, or its run is no longer known."""
    head_sha: Sha
    """What the patch was made for."""
    fix: Sha | None = None
    """Our own commit that holds it."""


def patch_among(
    findings: Iterable[Finding], suggestion: SuggestionId, *, pull: PullKey, head_sha: Sha
) -> Patch | None:
    """Return the patch of a suggestion from what its run found."""
    for finding in findings:
        patch = finding.suggestion.patch if finding.suggestion is not None else None
        if patch is not None and patch_id(pull, head_sha, patch) == suggestion:
            return patch
    return None


def patch_of(findings: Iterable[Finding], fingerprint: str) -> Patch | None:
    """Return the patch that a run of ours committed for a finding; the last one is the proved."""
    found = [f.suggestion.patch for f in findings if f.suggestion and f.fingerprint == fingerprint]
    return found[-1] if found else None


def shown_of(origin: Origin, text: bytes | None) -> Shown | None:
    """Return what is looked for in git; `text` is the suggestion's file at its head.

    A finding without a patch stands for its lines: all that can be seen is whether they changed.
    """
    record = origin.record
    patch = origin.patch
    if patch is None:
        lines = (text or b"").decode("utf-8", "surrogateescape").splitlines(keepends=True)
        old = "".join(lines[record.start_line - 1 : record.end_line])
        if len(lines) < record.end_line or not old:
            return None
        edit = Edit(record.path, record.start_line, record.end_line, old, old)
        patch = Patch((edit,))
    return Shown(record.id, origin.fingerprint, origin.head_sha, patch, origin.fix)


def is_over(signals: Sequence[Signal], suggestion: SuggestionId, *, now: datetime) -> bool:
    """Tell whether nothing more is looked for: it ended long enough ago, or is given up."""
    own = [signal for signal in signals if signal.suggestion in (None, suggestion)]
    if any(s.kind in (SignalKind.EXPIRED, SignalKind.UNINSTALLED) for s in own):
        return True
    end = ended_at(own)
    return end is not None and now >= end + CORRECTED_WITHIN


def ended_at(signals: Iterable[Signal]) -> datetime | None:
    """Return when the pull request was merged, or closed and not opened again."""
    ends = (SignalKind.MERGED, SignalKind.CLOSED, SignalKind.REOPENED)
    about = [s for s in signals if s.kind in ends]
    merged = [s.occurred_at for s in about if s.kind is SignalKind.MERGED]
    if merged:
        return min(merged)
    last = max(about, key=lambda s: (s.occurred_at, s.event_id), default=None)
    return last.occurred_at if last is not None and last.kind is SignalKind.CLOSED else None


def settled_event(
    pull: PullKey, suggestion: SuggestionId, *, now: datetime, source: EventSource
) -> LoggedEvent:
    """Return the event that ends the polling for a suggestion."""
    return LoggedEvent(
        event_id(SETTLED, suggestion), SETTLED, pull, now, now, source, "{}", suggestion=suggestion
    )


def is_due(signals: Sequence[Signal], *, is_open: bool, oldest: datetime, now: datetime) -> bool:
    """Tell whether a round has to look at a pull request that no delivery told of.

    `oldest` is when the first of its suggestions was shown.
    """
    end = ended_at(signals)
    if is_open:
        return end is not None or now >= oldest + OPEN_FOR
    return end is None or now >= end + CORRECTED_WITHIN
