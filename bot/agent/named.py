"""What a person named, refused as soon as a run knows that there is nothing of that name.

A run takes minutes; a typing error in the name of a test is known after the first run of the tests.
"""

from collections.abc import Collection
from dataclasses import dataclass

from bot.agent.state import Observation, State
from bot.agent.tool import Tool
from bot.agent.tools.test import Test
from bot.domain import fix_words
from bot.domain.evidence import TestReport, file_of
from bot.domain.findings import Finding, FindingId
from bot.errors import Refused
from bot.policy.features import Features

FINDERS = ("lint", "test")
"""After these no tool adds a finding, where there is no model."""


@dataclass(frozen=True, slots=True)
class Names:
    """What was named for one fix."""

    ids: tuple[FindingId, ...] = ()
    tests: tuple[str, ...] = ()
    """Red tests that are to be mended."""
    may_find_more: bool = False
    """A model is there, so that nobody knows before the end how many findings there are."""

    def check_tests(self, report: TestReport) -> None:
        """Raise Refused for a test that the head's suite does not have."""
        if not report.is_evidence:
            return
        # Of a file that cannot be loaded nobody knows which tests it has.
        broken = {test for test in report.red if "::" not in test}
        there = report.outcomes.keys()
        unknown = [t for t in self.tests if t not in there and file_of(t) not in broken]
        if unknown:
            raise Refused(fix_words.unknown_tests(unknown, sorted(there)))

    def check_files(self, state: State) -> None:
        """Raise Refused for a Python test in a file that the head has not, before anything runs."""
        files = {f for t in self.tests if "::" in t and (f := file_of(t)).endswith(".py")}
        paths = state.head_paths
        lost = {f for f in files if not any(p == f or p.endswith(f"/{f}") for p in paths)}
        if unknown := [t for t in self.tests if paths and file_of(t) in lost]:
            raise Refused(fix_words.unknown_test_file(unknown[0], sorted(paths)))

    def check_ids(self, state: State) -> None:
        """Raise Refused for a number above that of the last finding, once all are found."""
        if self.may_find_more or self.tests or not set(FINDERS) <= set(state.tools_run):
            return
        worst = state.config.severity_threshold.rank
        found = sum(_most(f) for f in state.findings if f.severity.rank <= worst)
        there = [FindingId(f"F{number}") for number in range(1, found + 1)]
        known = {name.lower() for name in there}
        if unknown := [i for i in self.ids if _is_number(i) and i.lower() not in known]:
            raise Refused(fix_words.unknown_ids(unknown, there))


@dataclass(frozen=True)
class Heeding:
    """A tool that does no work for a name that names nothing."""

    tool: Tool
    names: Names

    @property
    def name(self) -> str:
        """The tool's own."""
        return self.tool.name

    def is_eligible(self, state: State) -> bool:
        """Ask the tool."""
        return self.tool.is_eligible(state)

    def features(self, state: State) -> Features:
        """Ask the tool."""
        return self.tool.features(state)

    def run(self, state: State) -> Observation:
        """Check, work, and check what the work told; raises Refused."""
        self.names.check_files(state)
        self.names.check_ids(state)
        seen = self.tool.run(state)
        if seen.head_tests is not None:
            self.names.check_tests(seen.head_tests)
        return seen


def _most(finding: Finding) -> int:
    """Return into how many findings one may fall: its tests may be about several bugs."""
    return max(1, len(finding.evidence)) if finding.source == Test.name else 1


def misspelt(ids: Collection[FindingId]) -> list[FindingId]:
    """Return what can be neither a finding's number nor its fingerprint."""
    return [i for i in ids if not _is_number(i) and not _is_fingerprint(i)]


def _is_number(name: str) -> bool:
    return name[:1] in "Ff" and name[1:].isascii() and name[1:].isdigit()


def _is_fingerprint(name: str) -> bool:
    return len(name) == 16 and set(name.lower()) <= set("0123456789abcdef")
