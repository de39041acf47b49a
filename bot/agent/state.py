"""s_t: what is known in one step of a run.

A state is the fold of its observations and nothing else, so a host that resumes a run rebuilds it
from what the steps returned.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from bot.domain.diff import Diff
from bot.domain.evidence import TestReport
from bot.domain.findings import Finding
from bot.domain.model import CALL_SECONDS, NOTHING, Spending
from bot.domain.ports import SandboxFacts
from bot.domain.pull_request import PullRequest, Sha
from bot.domain.repo_config import RepoConfig
from bot.domain.review import Decision
from bot.domain.suspicion import SuspectLine
from bot.domain.verdict import SkippedFile

T = TypeVar("T")

HunkKey = tuple[str, int]
"""A path and the index of a hunk in that file's diff."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What a tool returns: only what it learned; None and empty leave the state as it was."""

    summary: str
    """One line for the decision log."""
    findings: tuple[Finding, ...] | None = None
    """The whole list from now on."""
    seen: frozenset[HunkKey] = frozenset()
    read: frozenset[str] = frozenset()
    """Files of which the tool would say the same again while they are the same themselves."""
    base_tests: TestReport | None = None
    head_tests: TestReport | None = None
    guard_tests: TestReport | None = None
    """The head with the merge base's tests, where the pull request touches tests."""
    sandboxes: tuple[SandboxFacts, ...] = ()
    limits: tuple[str, ...] = ()
    """What could not be looked at; any of these makes the verdict partial."""
    notes: tuple[str, ...] = ()
    spending: Spending = NOTHING
    """What the tool's calls of a model cost."""
    suspects: tuple[SuspectLine, ...] = ()
    """Ranked, of the first finding that a search was made for."""
    head: Mapping[str, bytes] = field(default_factory=dict)
    """The head's contents of files beside those of the diff, because a suggestion edits them."""
    first: Mapping[str, str] = field(default_factory=dict)
    """Who mends a finding first, by its fingerprint, of findings that several tools could mend."""
    divided: tuple[str, ...] = ()
    """Fingerprints of findings that came of another one, which turned out to be several bugs."""
    is_final: bool = False


@dataclass(frozen=True)
class State:
    """s_t of the paper."""

    change: PullRequest
    diff: Diff
    config: RepoConfig
    base: Mapping[str, bytes]
    """The merge base's contents of the files of the diff, by old path."""
    head: Mapping[str, bytes]
    """The head's contents of the files of the diff, and of what suggestions edit beside them."""
    exempt: tuple[SkippedFile, ...]
    steps_left: int
    seconds_left: float
    head_paths: frozenset[str] = frozenset()
    """Every file that the head has, changed or not."""
    since: Sha | None = None
    """The head of the review that this one goes on from."""
    carried: frozenset[HunkKey] = frozenset()
    """Hunks that stand as that review saw them."""
    findings: tuple[Finding, ...] = ()
    seen: frozenset[HunkKey] = frozenset()
    read: frozenset[tuple[str, str]] = frozenset()
    """Which tool has read which file whole, in this run or in the one that it goes on from."""
    base_tests: TestReport | None = None
    head_tests: TestReport | None = None
    guard_tests: TestReport | None = None
    sandboxes: tuple[SandboxFacts, ...] = ()
    limits: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    spending: Spending = NOTHING
    suspects: tuple[SuspectLine, ...] = ()
    settled: tuple[Finding, ...] = ()
    """What people refuted or dismissed on this pull request before."""
    first: Mapping[str, str] = field(default_factory=dict)
    """Who mends a finding first, by its fingerprint; of any other, who comes to it first."""
    divided: tuple[str, ...] = ()
    """Fingerprints of findings that came of another one."""
    tools_run: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = field(default=())
    is_final: bool = False

    @property
    def hunks(self) -> frozenset[HunkKey]:
        """Every hunk that somebody is expected to see: those of files that are not exempt."""
        exempt = {file.path for file in self.exempt if file.is_exempt}
        return frozenset(
            (file.path, index)
            for file in self.diff.files
            if file.path not in exempt
            # A rename, a change of mode, and text that git takes for binary have no hunk to see.
            for index in range(max(1, len(file.hunks)))
        )

    @property
    def unseen(self) -> frozenset[HunkKey]:
        """Hunks that nothing has looked at yet."""
        return self.hunks - self.seen

    @property
    def fresh(self) -> frozenset[HunkKey]:
        """Hunks that this run is there to look at."""
        return self.hunks - self.carried

    @property
    def call_seconds(self) -> float:
        """How long one call of a model may take: it does not outlast the run."""
        return max(1.0, min(CALL_SECONDS, self.seconds_left))

    def read_by(self, tool: str) -> frozenset[str]:
        """Return the files that this tool need not read any more."""
        return frozenset(path for name, path in self.read if name == tool)

    @property
    def unproved(self) -> tuple[Finding, ...]:
        """Findings whose suggestion nobody has tried yet."""
        return tuple(f for f in self.findings if f.suggestion and f.suggestion.proof is None)

    def after(self, decision: Decision, seen: Observation) -> "State":
        """Return s_{t+1}: this state, the decision and what the tool observed."""
        return replace(
            self,
            findings=self.findings if seen.findings is None else seen.findings,
            seen=self.seen | seen.seen,
            read=self.read | {(decision.tool, path) for path in seen.read},
            base_tests=seen.base_tests or self.base_tests,
            head_tests=seen.head_tests or self.head_tests,
            guard_tests=seen.guard_tests or self.guard_tests,
            sandboxes=_once(self.sandboxes + seen.sandboxes),
            limits=_once(self.limits + seen.limits),
            notes=_once(self.notes + seen.notes),
            spending=self.spending + seen.spending,
            suspects=seen.suspects or self.suspects,
            head={**self.head, **seen.head} if seen.head else self.head,
            first={**self.first, **seen.first} if seen.first else self.first,
            divided=_once(self.divided + seen.divided),
            tools_run=(*self.tools_run, decision.tool),
            decisions=(*self.decisions, decision),
            steps_left=self.steps_left - 1,
            seconds_left=self.seconds_left - decision.seconds,
            is_final=seen.is_final,
        )


def _once(values: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(values))
