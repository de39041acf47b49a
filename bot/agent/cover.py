"""`cover`: tests for changed lines that no test reaches, each shown to catch a mutant.

A test is offered only where it passes on the head as it is, reaches a line that none reached, and
fails on a small wrong version of that line: a test that passes on every mutant tests nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.agent.prompts.writing import cover_prompt
from bot.agent.samples import beside, sample_test
from bot.agent.side_by_side import side_by_side
from bot.agent.state import State
from bot.agent.testing import OpenSuite
from bot.agent.workshop import Workshop
from bot.domain.evidence import file_of
from bot.domain.model import Completion, Model
from bot.domain.mutants import mutants
from bot.domain.ports import NoTests, Outline, Symbol, Syntax
from bot.domain.pull_request import printable
from bot.domain.test_files import is_test_file
from bot.domain.written import CoverReply, Written, covered_receipt, tests_of
from bot.errors import ModelFailed, Refused

MOST_SYMBOLS = 4
MOST_MUTANTS = 6
"""Tried for one test file."""


@dataclass(frozen=True, slots=True)
class Bare:
    """A symbol, or a module's own lines, with changed lines that no test reaches."""

    path: str
    symbol: Symbol
    lines: tuple[int, ...]


@dataclass(frozen=True)
class Cover:
    """Writes tests for one change."""

    model: Model
    workshop: Workshop
    outline: Outline
    syntax: Syntax

    def run(self, state: State) -> tuple[Written, ...]:
        """Return test files with their proof; raises Refused where there is nothing to offer."""
        plan = self.workshop.suite.plan()
        if isinstance(plan, NoTests):
            raise Refused(f"no test can be written here: {plan.reason}")
        bare = self.bare(state)
        sample = sample_test(self.workshop.workspace, state)
        if not bare:
            raise Refused("a test reaches every changed line that does something")
        if sample is None:
            raise Refused("there is no test that could be taken as a sample")
        wanted = bare[:MOST_SYMBOLS]
        asked = side_by_side(lambda each: self._asked(state, each, sample), wanted)
        failed = [answer for answer in asked if isinstance(answer, ModelFailed)]
        if len(failed) == len(asked):
            raise failed[0]
        with self.workshop.suite.open(plan, seconds_left=state.seconds_left) as suite:
            tried = (
                self._tried(state, suite, each, answer, beside(sample[0], str(number)))
                for number, (each, answer) in enumerate(zip(wanted, asked, strict=True), 1)
            )
            written = tuple(each for each in tried if each is not None)
        if not written:
            raise Refused(f"none of {len(wanted)} written tests caught a mutant of its line")
        return written

    def bare(self, state: State) -> list[Bare]:
        """Return where changed lines that do something are reached by no test, most lines first."""
        report = state.head_tests
        if report is None or not report.is_evidence or not report.reach:
            raise Refused("nobody knows which lines the tests reach: they ran without coverage")
        found: list[Bare] = []
        for file in state.diff.files:
            if (
                file.path in state.head
                and file.path in report.reach
                and not is_test_file(file.path)
            ):
                lines = _unreached(state, file.path, file.added_lines, report.reach[file.path])
                found += self._by_symbol(state, file.path, lines)
        return sorted(found, key=lambda each: (-len(each.lines), each.path, each.lines))

    def _by_symbol(self, state: State, path: str, lines: Sequence[int]) -> list[Bare]:
        symbols = self.outline.symbols(path, state.head[path])
        groups: dict[Symbol, list[int]] = {}
        for line in lines:
            around = [s for s in symbols if s.first_line <= line <= s.last_line]
            if around:
                groups.setdefault(min(around, key=lambda s: s.last_line - s.first_line), []).append(
                    line
                )
        return [Bare(path, symbol, tuple(numbers)) for symbol, numbers in groups.items()]

    def _asked(
        self, state: State, bare: Bare, sample: tuple[str, str]
    ) -> Completion[CoverReply] | ModelFailed:
        lines = _lines(state, bare.path)
        prompt = cover_prompt(bare.symbol, lines, path=bare.path, bare=bare.lines, sample=sample)
        try:
            return self.model.complete(prompt, CoverReply, timeout_s=state.call_seconds)
        except ModelFailed as error:
            return error

    def _tried(
        self,
        state: State,
        suite: OpenSuite,
        bare: Bare,
        answer: Completion[CoverReply] | ModelFailed,
        path: str,
    ) -> Written | None:
        """Return the test file where it passes, reaches and catches; else None."""
        if isinstance(answer, ModelFailed) or not answer.value.text.strip():
            return None
        data = answer.value.text.encode("utf-8", "replace")
        if self.syntax.parses(path, data) is False:
            return None
        head = state.change.head_sha
        report = suite.run(head, {path: data}, only=[path], traced_paths=[bare.path])
        again = suite.run(head, {path: data}, only=[path])
        is_steady = report.is_evidence and again.is_evidence and again.green == report.green
        if not is_steady or not report.green or report.red:
            return None
        reach: Mapping[int, frozenset[str]] = report.reach.get(bare.path, {})
        reached = [line for line in bare.lines if reach.get(line)]
        killed = self._killed(state, suite, bare, reached, (path, data))
        if not killed:
            return None
        receipt = covered_receipt(sorted(killed), list(killed.values()), report.image)
        explanation = answer.value.explanation or f"Tests {bare.symbol.name}"
        return Written({path: data}, tests_of([bare.symbol.name]), receipt, explanation)

    def _killed(
        self,
        state: State,
        suite: OpenSuite,
        bare: Bare,
        reached: Sequence[int],
        test: tuple[str, bytes],
    ) -> dict[int, str]:
        """Return which of the reached lines have a mutant that the test catches, and which one."""
        path, data = test
        lines = state.head[bare.path].decode("utf-8", "surrogateescape").split("\n")
        killed: dict[int, str] = {}
        tries = 0
        for number in reached:
            for mutant in mutants(lines[number - 1], nothing=_nothing(bare.path)):
                if tries >= MOST_MUTANTS or number in killed:
                    break
                wrong = "\n".join([*lines[: number - 1], mutant.text, *lines[number:]])
                mutated = wrong.encode("utf-8", "surrogateescape")
                if self.syntax.parses(bare.path, mutated) is False:
                    continue
                tries += 1
                overlay = {path: data, bare.path: mutated}
                report = suite.run(state.change.head_sha, overlay, only=[path])
                if report.is_evidence and any(file_of(t) == path for t in report.red):
                    killed[number] = f"in {printable(bare.path)}:{number} {mutant.what}"
        return killed


def _unreached(
    state: State, path: str, added: frozenset[int], reach: Mapping[int, frozenset[str]]
) -> list[int]:
    """Return the added lines that do something and that no test executes."""
    lines = _lines(state, path)
    return [
        line
        for line in sorted(added)
        if line <= len(lines) and not reach.get(line) and mutants(lines[line - 1])
    ]


def _lines(state: State, path: str) -> list[str]:
    return state.head[path].decode("utf-8", "replace").split("\n")


def _nothing(path: str) -> str:
    return (
        "None" if path.endswith((".py", ".pyi")) else "nil" if path.endswith(".go") else "undefined"
    )
