"""One review, whole: the value that every report is rendered from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bot.domain.diff import Diff
from bot.domain.edits import EditRefused, Patch
from bot.domain.evidence import Proof, TestReport, Together
from bot.domain.findings import Doubt, Finding, FindingId, FindingState, Suggestion
from bot.domain.ports import SandboxFacts
from bot.domain.pull_request import PullRequest, Sha
from bot.domain.reading import Since
from bot.domain.repo_config import CONFIG_PATHS
from bot.domain.suspicion import SuspectLine
from bot.domain.untrusted import one_line
from bot.domain.verdict import Verdict

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Decision:
    """One step of the loop: what could be picked, what each tool was worth, and what came back."""

    step: int
    """From 1."""
    tool: str
    eligible: Mapping[str, bool]
    """The mask, by every tool of the run."""
    features: Mapping[str, Mapping[str, float]]
    """f(t, s), by eligible tool."""
    utilities: Mapping[str, float]
    """U(t, s), by eligible tool."""
    contributions: Mapping[str, Mapping[str, float]]
    """w_j f_j by eligible tool; they sum to its utility."""
    propensities: Mapping[str, float]
    """The probability with which each eligible tool was picked."""
    policy_version: str
    seconds: float
    observation: str
    """What came back, in one line."""


class ProgressListener(Protocol):
    """Hears of each step while a run is under way."""

    def step_started(self, tool: str) -> None:
        """Hear that a tool was picked and runs now."""
        ...

    def step_finished(self, decision: Decision) -> None:
        """Hear what came back."""
        ...


@dataclass(frozen=True, slots=True)
class Review:
    """Everything that one run learned about one head."""

    change: PullRequest
    verdict: Verdict
    run_id: str
    diff: Diff | None = None
    """For the lines around a finding; a report without it shows the snippets alone."""
    findings: tuple[Finding, ...] = ()
    """Numbered, worst first."""
    decisions: tuple[Decision, ...] = ()
    base_tests: TestReport | None = None
    head_tests: TestReport | None = None
    sandboxes: tuple[SandboxFacts, ...] = ()
    notes: tuple[str, ...] = ()
    """What a reader of the verdict must know and what limits nothing, one sentence each."""
    contents: Mapping[str, bytes] = field(default_factory=dict)
    """The head's contents of at least the files that suggestions edit."""
    suspects: tuple[SuspectLine, ...] = ()
    """The lines that failing tests point at, the most suspicious first."""
    since: Since | None = None
    """How much was looked at anew; None where that is everything."""

    @property
    def open_findings(self) -> tuple[Finding, ...]:
        """The findings that stand, worst first."""
        return tuple(f for f in self.findings if f.state is FindingState.OPEN)

    @property
    def places(self) -> tuple[str, ...]:
        """Which sandboxes ran code and why, each once."""
        return tuple(dict.fromkeys(f"{s.kind}: {s.reason}" for s in self.sandboxes))

    @property
    def all_notes(self) -> tuple[str, ...]:
        """The notes of the run, of its sandboxes and on the change, each once."""
        told = (n for s in self.sandboxes for n in s.notes)
        ours = (*self._on_old_failures(), *self._on_configuration())
        return tuple(dict.fromkeys((*self.notes, *told, *ours)))

    @property
    def old_failures(self) -> tuple[str, ...]:
        """The tests that are red at the merge base and at the head, and that no finding is about.

        Whoever wrote the change did not break these.
        """
        base, head = self.base_tests, self.head_tests
        if base is None or head is None or not (base.is_evidence and head.is_evidence):
            return ()
        told = {test for finding in self.findings for test in finding.evidence}
        return tuple(sorted((base.red & head.red) - told))

    def _on_old_failures(self) -> tuple[str, ...]:
        """Tell them apart from what the change broke, unless a search for a repair did so."""
        old = self.old_failures
        if not old or any(old[0] in note for note in self.notes):
            return ()
        named = ", ".join(one_line(test, limit=70) for test in old[:_MOST_NAMED])
        more = f" and {len(old) - _MOST_NAMED} more" if len(old) > _MOST_NAMED else ""
        it = "it" if len(old) == 1 else "them"
        return (f"{named}{more} failed before this change too, so this change did not break {it}",)

    def _on_configuration(self) -> tuple[str, ...]:
        """Say that rules which the change brings along did not count (case C12)."""
        files = self.diff.files if self.diff is not None else ()
        changed = {path for f in files for path in (f.old_path, f.path)}
        return tuple(
            f"{path} is changed here: the base branch's was used, this one counts after the merge"
            for path in CONFIG_PATHS
            if path in changed
        )

    def patch_text(self, suggestion: Suggestion) -> str:
        """Return the suggestion as a diff that `git apply` takes.

        Empty where the patch does not fit the head, which its proof then says.
        """
        return self._unified(suggestion.patch)

    def rival_text(self, suggestion: Suggestion) -> str:
        """Return the patch that passes the same tests as a diff; empty where there is none."""
        return "" if suggestion.rival is None else self._unified(suggestion.rival.patch)

    def _unified(self, patch: Patch) -> str:
        try:
            return patch.unified(self.contents)
        except EditRefused:
            return ""


@dataclass(frozen=True, slots=True)
class PatchResult:
    """One patch that a fix offers."""

    rank: int
    """From 1, the best first."""
    text: str
    """A unified diff against the head."""
    source: str
    """autofix, bisect, repair or rewrite."""
    proof: Proof
    finding_id: FindingId
    is_offered: bool = False
    """It is in the commit, or would be in one; a revert is only by name."""
    is_ambiguous: bool = False
    """Another patch of another meaning passes the same tests."""
    distinguishing_input: str | None = None
    """An input on which the two differ, where one was found."""
    gives: str = ""
    """What this patch makes of that input."""
    rival_text: str = ""
    """The other patch, as a unified diff against the head."""
    rival_gives: str = ""
    doubt: Doubt = Doubt.ANOTHER_MEANING
    """Why it is ambiguous, where it is."""


@dataclass(frozen=True, slots=True)
class FixOutcome:
    """What `fix` did: patches, and a commit where it was asked for."""

    review: Review
    patches: tuple[PatchResult, ...] = ()
    patch_text: str = ""
    """What was committed or would be, as one unified diff; empty where nothing is."""
    commit: Sha | None = None
    refused: str | None = None
    """Why nothing was committed or offered, one sentence."""
    left: tuple[Finding, ...] = ()
    """What was asked for and is not mended; all of it where nothing was committed or offered."""
    together: Together | None = None
    """What the patches did as one, where there are several."""
