"""What a repair tries and what came of it: the words between the search and the validator."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SpanEdit:
    """Replaces a span of one file; everything around it stays as it is."""

    path: str
    start: int
    """In characters of the decoded file, as `end` is."""
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """One patch to try; its edits do not overlap."""

    edits: tuple[SpanEdit, ...]
    template: str
    line: int
    prior: float
    changes: int = 1
    """So many templates made it, one on top of the other."""


class Fate(StrEnum):
    """What became of a candidate."""

    FIXED = "fixed"
    """All target tests pass, and so do the checked tests."""
    PARTIAL = "partial"
    """Fewer target tests fail than before; nothing else was checked."""
    FAILED = "failed"
    BROKE = "broke"
    """All target tests pass, and a checked test fails."""
    HUNG = "hung"
    CRASHED = "crashed"
    """It ended the process it ran in."""
    INVALID = "invalid"
    """It does not compile."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One candidate, tried."""

    fate: Fate
    still_red: tuple[str, ...]
    """Tests known to fail with it, in the order of the request; not every one is tried."""
    steps: int | None
    """Lines that the target and checked tests execute more than they do without the candidate, so
    that a slower patch loses; None where that is unknown."""


@dataclass(frozen=True, slots=True)
class Plausible:
    """A candidate with which every target passes and nothing breaks."""

    candidate: Candidate
    trial: Trial


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Which tests execute what, on the tree as it is.

    Tests that say one thing and then another are neither red nor green.
    """

    reach: Mapping[str, Mapping[int, frozenset[str]]]
    """Path to line to the ids of tests that executed it, for files that red tests reach."""
    tracebacks: Mapping[str, tuple[tuple[str, int], ...]]
    """Red test to the places (path, line) of its traceback in the tree, innermost first."""
    red: frozenset[str]
    green: frozenset[str]


class Validator(Protocol):
    """Tries candidates on one tree in one sandbox.

    Every method raises Refused where the tests cannot be run as they are (the message says why),
    and SandboxFailed when the sandbox itself broke.
    """

    def spectrum(self, paths: Sequence[str]) -> Spectrum:
        """Run all tests and trace these files; none means every Python file but the tests."""
        ...

    def validate(
        self,
        batch: Sequence[Candidate],
        *,
        targets: Sequence[str],
        checked: Sequence[str],
        cpu_seconds: float,
    ) -> Sequence[Trial]:
        """Return one trial per candidate in the order of the batch; fewer where the budget ends."""
        ...

    def behaviour(
        self, candidates: Sequence[Candidate], *, targets: Sequence[str], cpu_seconds: float
    ) -> Sequence[tuple[str, ...]]:
        """Return what the changed function does with arguments like those of the tests.

        Element 0 holds the arguments as text, element n + 1 what candidate n returns or raises for
        each of them. Empty tuples where no arguments were seen.
        """
        ...
