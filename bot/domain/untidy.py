"""What a run that died left on a pull request, and what is on the forge and not in our records."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain import endings, record_json
from bot.domain.findings import FindingState
from bot.domain.forge import CheckConclusion, CheckRun, CheckStatus, Posted
from bot.domain.ledger import KnownFinding, PullKey, Reconciled, RunId
from bot.domain.markers import MarkerKind, parse_marker
from bot.domain.pull_records import Publication, PublicationKind
from bot.domain.pull_request import Sha
from bot.domain.verdict_check import CHECK_NAME


@dataclass(frozen=True, slots=True)
class DeadRun:
    """A review that began and whose job is over; its check run may still say that it goes on."""

    run_id: RunId
    head_sha: Sha

    def check(self) -> CheckRun:
        """Return how its check run ends."""
        return CheckRun(
            name=CHECK_NAME,
            head_sha=self.head_sha,
            status=CheckStatus.COMPLETED,
            title=endings.REVIEW_CUT_SHORT_TITLE,
            summary=endings.REVIEW_CUT_SHORT,
            external_id=self.run_id,
            conclusion=CheckConclusion.NEUTRAL,
        )


@dataclass(frozen=True, slots=True)
class Untidy:
    """What should be looked at on one pull request."""

    number: int
    dead: tuple[DeadRun, ...] = ()
    cut_short: tuple[RunId, ...] = ()
    """Commands whose jobs ended without an end of theirs."""
    resolvable: tuple[str, ...] = ()
    """Threads whose findings ended."""
    is_unrecorded: bool = False
    """We were here, and the ledger does not know our summary."""

    @property
    def is_tidy(self) -> bool:
        """There is nothing to look at."""
        return not (self.dead or self.cut_short or self.resolvable or self.is_unrecorded)

    @property
    def digest(self) -> str:
        """Names all of it, so that nobody looks at the same twice."""
        return hashlib.sha256(record_json.dump(self).encode()).hexdigest()


def summary_key(run: RunId) -> str:
    """Return the key under which the sticky comment of a run is recorded."""
    return f"{PublicationKind.SUMMARY}:{run}"


def publication_of(pull: PullKey, posted: Posted, *, at: datetime) -> Publication | None:
    """Return the record of a summary or a reply by its marker, or None for anything else."""
    marker = parse_marker(posted.body)
    kind = _KINDS.get(marker.kind) if marker else None
    if marker is None or kind is None:
        return None
    return Publication(f"{kind}:{marker.run}", pull, kind, str(posted.id), posted.url, at)


_KINDS = {
    MarkerKind.SUMMARY: PublicationKind.SUMMARY,
    MarkerKind.REPLY: PublicationKind.REPLY,
}


def resolvable_threads(known: Sequence[KnownFinding]) -> tuple[str, ...]:
    """Return the threads all of whose findings ended and that nobody resolved, in order."""
    standing = {k.thread.id for k in known if k.thread and k.state is FindingState.OPEN}
    ended = {k.thread.id for k in Reconciled(tuple(known), ()).resolvable if k.thread}
    return tuple(sorted(ended - standing))
