"""Our diagnostics: what is wrong, where, how sure we are, and what would mend it."""

import hashlib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NewType

from bot.domain.diff import Side
from bot.domain.edits import Patch
from bot.domain.evidence import Proof

FindingId = NewType("FindingId", str)
"""F1, F2 ... within one pull request."""


class Severity(StrEnum):
    """How much harm the finding does if it is merged."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for the worst, so that sorting puts it first."""
        return list(Severity).index(self)


class Category(StrEnum):
    """What kind of harm it is."""

    BUG = "bug"
    SECURITY = "security"
    REGRESSION = "regression"
    TEST = "test"
    STYLE = "style"
    TYPO = "typo"


class FindingState(StrEnum):
    """Where a finding stands; `stale` means its code is gone."""

    OPEN = "open"
    FIXED = "fixed"
    DISMISSED = "dismissed"
    REFUTED = "refuted"
    STALE = "stale"


SETTLED = (FindingState.DISMISSED, FindingState.REFUTED)
"""By the word of a person, which holds until the enclosing code changes."""


@dataclass(frozen=True, slots=True)
class Location:
    """Lines of one file, from 1, both ends included."""

    path: str
    start_line: int
    end_line: int
    side: Side = Side.RIGHT


class Doubt(StrEnum):
    """Why a person chooses, although a patch makes the tests pass."""

    ANOTHER_MEANING = "another meaning"
    """Another patch that does something else passes too."""
    NOT_COMPARED = "not compared"
    """Other patches pass too, and nobody knows whether they do something else."""
    TWO_CHANGES = "two changes"
    """So many pairs of edits are tried that one may pass by chance."""
    HIDES_NAME = "hides a name"
    """A function of the module gets a variable of the name of another part of it."""


@dataclass(frozen=True, slots=True)
class Rival:
    """Another patch that passes the same tests, and what it does with the distinguishing input."""

    patch: Patch
    first_gives: str = ""
    """What the patch of the suggestion returns or raises; empty where nothing tells them apart."""
    gives: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A patch that would end its finding, and the evidence for it."""

    patch: Patch
    source: str
    """The tool that made it: autofix, bisect, repair or rewrite."""
    proof: Proof | None = None
    """None until `verify` looked; unproved ones are prose, never one-click."""
    is_ambiguous: bool = False
    """Other patches of another meaning pass the same tests, so that a person has to choose."""
    distinguishing_input: str | None = None
    """Arguments with which two of them differ, where some were found."""
    rival: Rival | None = None
    """The best patch of another meaning, where there is one."""
    doubt: Doubt = Doubt.ANOTHER_MEANING
    """Why it is ambiguous, where it is."""


@dataclass(frozen=True, slots=True)
class Reproduction:
    """A test that shows a finding: it is red at the head, on two runs."""

    path: str
    """Of the test file, which is in no commit: it is laid over the head where it is needed."""
    text: str
    tests: tuple[str, ...]
    """Ids of its red tests."""
    message: str
    """How the first of them fails."""
    passes_at_base: bool
    """At the merge base the same tests pass, so the change broke what they show."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One diagnostic on the head of the pull request."""

    rule: str
    """The tool's own code, such as `F401` or `py-mutable-default`."""
    severity: Severity
    category: Category
    title: str
    """One line, no full stop."""
    body: str
    """At most three sentences: what fails, with which input."""
    location: Location
    snippet: str
    """The lines the finding is about, as they stand at head."""
    source: str
    """The tool that found it, such as `ruff`."""
    confidence: float
    """In [0, 1]."""
    symbol: str = ""
    """The enclosing function or class, dotted; empty at module level or where unknown."""
    evidence: tuple[str, ...] = ()
    """One line each: test ids, tool output, other instances of the same rule."""
    fix: Patch | None = None
    """What the tool itself would change; `autofix` makes it a suggestion where it fits."""
    is_fix_safe: bool = False
    """The tool calls `fix` behaviour-preserving."""
    suggestion: Suggestion | None = None
    reproduction: Reproduction | None = None
    """The test that shows it, where one was written and ran."""
    is_located: bool = True
    """False where a model quoted code that is nowhere: such a finding is only in the summary."""
    state: FindingState = FindingState.OPEN
    id: FindingId = FindingId("")
    """Given once per run by `number`."""

    @property
    def fingerprint(self) -> str:
        """Rule, enclosing symbol and normalised snippet as 16 hex digits.

        Line numbers and paths are left out, so shifts, rebases and renames keep the identity.
        """
        snippet = re.sub(r"\s+", " ", self.snippet).strip()
        key = "\0".join((self.rule, self.symbol, snippet)).encode("utf-8", "surrogatepass")
        return hashlib.sha256(key).hexdigest()[:16]

    @property
    def line_key(self) -> tuple[str, int, str]:
        """Sorts findings as a reader meets them."""
        return (self.location.path, self.location.start_line, self.rule)


def number(findings: Iterable[Finding], *, later: Collection[str] = ()) -> tuple[Finding, ...]:
    """Return the findings worst first, with ids F1, F2 ...; the order is the same in every run.

    What a test reproduces comes before everything else. The fingerprints in `later` have the last
    ids, wherever they stand: a run that finds them gives all others the id that they have without.
    """
    ordered = sorted(
        findings,
        key=lambda f: (f.reproduction is None, f.severity.rank, -f.confidence, f.line_key),
    )
    named = sorted(ordered, key=lambda f: f.fingerprint in later)
    ids = {id(f): FindingId(f"F{i}") for i, f in enumerate(named, 1)}
    return tuple(replace(f, id=ids[id(f)]) for f in ordered)
