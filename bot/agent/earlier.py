"""Going on from an earlier review: what it read in a file stands while the file is the same."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.agent.state import State
from bot.domain import reading
from bot.domain.findings import Finding
from bot.domain.model_findings import SOURCE
from bot.domain.pull_request import Sha
from bot.domain.reading import ReadFile, Reading


@dataclass(frozen=True, slots=True)
class Earlier:
    """The review that this one goes on from."""

    head_sha: Sha
    files: Sequence[ReadFile]
    """What it read, on the same basis."""


def going_on(first: State, earlier: Earlier) -> State:
    """Return s_0 with all that the earlier review says of files that are the same."""
    now = reading.digests(first.diff, first.base, first.head)
    kept = reading.unchanged(earlier.files, now)
    paths = frozenset(file.path for file in kept)
    carried = frozenset(key for key in first.hunks if key[0] in paths)
    return replace(
        first,
        since=earlier.head_sha,
        carried=carried,
        seen=carried,
        read=frozenset((tool, file.path) for file in kept for tool in file.by),
        findings=tuple(finding for file in kept for finding in file.findings),
    )


@dataclass(frozen=True, slots=True)
class Known:
    """What a run knows before its first step that is not in the change: all from earlier runs."""

    settled: tuple[Finding, ...] = ()
    since: Sha | None = None
    carried: frozenset[str] = frozenset()
    """Files that stand as they were read then."""
    read: frozenset[tuple[str, str]] = frozenset()
    findings: tuple[Finding, ...] = ()


NOTHING = Known()
"""Of a run that is the first."""


def known_of(first: State) -> Known:
    """Return what s_0 has from earlier runs."""
    carried = frozenset(path for path, _ in first.carried)
    return Known(first.settled, first.since, carried, first.read, first.findings)


def with_known(first: State, known: Known) -> State:
    """Return s_0 as it was, from the change alone and what was known."""
    carried = frozenset(key for key in first.hunks if key[0] in known.carried)
    return replace(
        first,
        settled=known.settled,
        since=known.since,
        carried=carried,
        seen=carried,
        read=known.read,
        findings=known.findings,
    )


def reading_of(last: State, basis: str) -> Reading:
    """Return what the next review may go on from.

    What a test showed hangs on the whole tree, so a model reads such a file again.
    """
    now = reading.digests(last.diff, last.base, last.head)
    by: dict[str, tuple[str, ...]] = {}
    shown = {f.location.path for f in last.findings if f.reproduction is not None}
    for tool, path in sorted(last.read):
        if tool in (SOURCE, "critique", "reproduce") and path in shown:
            continue
        by[path] = (*by.get(path, ()), tool)
    return Reading(basis, reading.read_files(by, now, last.findings))
