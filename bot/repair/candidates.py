"""What the search proposes and what a validator says of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SpanEdit:
    """Replace the characters `start` to `end` of one file."""

    path: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """Edits."""

    edits: tuple[SpanEdit, ...]
    template: str
    line: int
    prior: float


class Fate(StrEnum):
    """What became of a candidate."""

    FIXED = "fixed"
    PARTIAL = "partial"
    FAILED = "failed"
    BROKE = "broke"
    HUNG = "hung"
    CRASHED = "crashed"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Trial:
    """One result."""

    fate: Fate
    still_red: frozenset[str] = frozenset()
    steps: int | None = None


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Which tests reach which line."""

    reach: Mapping[str, Mapping[int, frozenset[str]]]
    tracebacks: Mapping[str, tuple[tuple[str, int], ...]]
    red: frozenset[str]
    green: frozenset[str]


class Validator(Protocol):
    """Temporary."""

    def spectrum(self, paths: Sequence[str]) -> Spectrum: ...

    def validate(self, batch: Sequence[Candidate], *, targets, checked, cpu_seconds) -> Sequence[Trial]: ...
