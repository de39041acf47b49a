"""What a review read of each file, so that the next one need not read the same again.

A file is the same while both of its sides and its hunks are, whatever became of the commits around
them: a rebase changes nothing here and a change of the base side does. What was found by running
code is never kept, because that depends on the whole tree.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bot.domain.diff import Diff, FileDiff
from bot.domain.findings import Finding
from bot.domain.pull_request import Sha

_DIGEST_LENGTH = 32
_SOURCED = (".sh", ".bash", ".bats", ".ksh")
"""ShellCheck follows a script into those that it sources, so they are one piece."""
OF_TESTS = "test"
"""The source of findings that the whole tree decides."""


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A changed file that was read whole, and by which tools; others may still have to."""

    path: str
    digest: str
    """As `digests` says."""
    by: tuple[str, ...]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What one review read."""

    basis: str
    """Digest of all that decides what is found in a file, besides the file; empty for unknown."""
    files: tuple[ReadFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Since:
    """How much a review looked at that goes on from an earlier one."""

    head_sha: Sha
    """The head of the earlier review."""
    hunks_anew: int
    hunks_total: int


def basis(parts: Iterable[str]) -> str:
    """Return the digest of what decides what is found: versions, configuration, tools."""
    return _digest(repr(tuple(parts)).encode("utf-8", "surrogatepass"))


def digests(diff: Diff, base: Mapping[str, bytes], head: Mapping[str, bytes]) -> dict[str, str]:
    """Return for each changed file what is the same exactly while everything to read in it is.

    `base` holds contents by old path, `head` by path.
    """
    own = {f.path: _of_file(f, base.get(f.old_path), head.get(f.path)) for f in diff.files}
    scripts = [digest for path, digest in sorted(own.items()) if path.endswith(_SOURCED)]
    together = _digest("".join(scripts).encode())
    return {
        path: _digest(f"{digest} {together}".encode()) if path.endswith(_SOURCED) else digest
        for path, digest in own.items()
    }


def unchanged(earlier: Iterable[ReadFile], now: Mapping[str, str]) -> tuple[ReadFile, ...]:
    """Return the files of an earlier review that are the same now."""
    return tuple(file for file in earlier if now.get(file.path) == file.digest)


def read_files(
    by: Mapping[str, tuple[str, ...]], now: Mapping[str, str], findings: Iterable[Finding]
) -> tuple[ReadFile, ...]:
    """Return what is kept of the files that were read, findings in their order.

    `by` names the tools that read a file, `now` its digest.
    What a tool would change is left out: it was tried, and the patch that came of it is kept with
    its proof, or it was not to be offered.
    """
    found: dict[str, list[Finding]] = {path: [] for path in sorted(by)}
    for finding in findings:
        if finding.source != OF_TESTS and finding.location.path in found:
            found[finding.location.path].append(replace(finding, fix=None))
    return tuple(ReadFile(path, now[path], by[path], tuple(kept)) for path, kept in found.items())


def _of_file(file: FileDiff, before: bytes | None, after: bytes | None) -> str:
    rows = [(h.old_start, h.old_count, h.new_start, h.new_count, h.body) for h in file.hunks]
    names = (file.path, file.old_path, file.status.value, file.old_mode, file.new_mode)
    sides = [None if side is None else _digest(side) for side in (before, after)]
    return _digest(repr((names, file.is_binary, rows, sides)).encode("utf-8", "surrogatepass"))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:_DIGEST_LENGTH]
