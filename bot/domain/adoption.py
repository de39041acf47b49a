"""Comments that a run posted and did not live to record: which findings they show.

A worker may die between the two, and a push may end its run before another worker goes on with it.
The next run would say all of it again, so it takes the comments up by their markers first.
"""

from collections.abc import Mapping, Sequence

from bot.domain.findings import FindingId, FindingState
from bot.domain.forge import PostedThread
from bot.domain.ledger import KnownFinding, RunId
from bot.domain.markers import Marker, MarkerKind, parse_marker
from bot.domain.publication import group_key


def adopted(
    known: Sequence[KnownFinding], threads: Sequence[PostedThread], *, run_id: RunId
) -> Mapping[FindingId, PostedThread]:
    """Return the threads of earlier runs by the findings that have none, to record in this order.

    The finding that a marker names comes last of those that its comment speaks of: whoever dies
    before it is recorded finds the others again by it. What this run itself posted is left to the
    publisher, which knows its markers.
    """
    homeless = [k for k in known if k.thread is None and k.state is FindingState.OPEN]
    # One that is recorded shows what it is recorded for, even where others read the same.
    recorded = {k.thread.id for k in known if k.thread is not None}
    found: dict[FindingId, PostedThread] = {}
    for thread in threads:
        marker = parse_marker(thread.body)
        if marker is None or marker.kind is not MarkerKind.FINDING or marker.run == run_id:
            continue
        if not thread.is_resolved and thread.id not in recorded:
            shown = _shown(homeless, marker, thread.path)
            found |= {k.id: thread for k in shown if k.id not in found}
    return found


def _shown(homeless: Sequence[KnownFinding], marker: Marker, path: str) -> list[KnownFinding]:
    """Return what a comment speaks of, the finding that its marker names as the last."""
    alike = [k for k in homeless if k.finding.fingerprint == marker.suggestion]
    # The file may have another name by now, but of two files the comment's own comes first.
    alike.sort(key=lambda k: k.finding.location.path != path)
    named = next(iter(alike), None)
    if named is None:
        return []
    group = group_key(named.finding)
    others = [k for k in homeless if k is not named and group_key(k.finding) == group]
    return [*(k for k in others if k.first_head == marker.head), named]
