"""Proof: what happens to the exact head when a patch is applied to it.

Suggestions are tried together, because each suite run costs the same: those that do not overlap
share one look of the analyzers and one run of the suite. Where that union makes something worse it
is split in two until the culprit stands alone, so one bad patch spoils no other's proof.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from bot.agent.guard import guard_overlay, is_trustworthy
from bot.agent.linting import Linter, LintReport, kinds
from bot.agent.state import State
from bot.agent.testing import OpenSuite, Suite
from bot.agent.timing import Pairs, Sides
from bot.domain import comments
from bot.domain.bisection import Overlay
from bot.domain.edits import EditRefused, Patch, Taken, union
from bot.domain.evidence import Proof, TestComparison, TestReport, Together, compare, together
from bot.domain.findings import Finding
from bot.domain.gaming import refusal
from bot.domain.ports import Clock, NoTests, SandboxFacts, Syntax
from bot.domain.quality import Looks, score
from bot.errors import SandboxUnavailable

_Opened = tuple[OpenSuite | None, str | None]
"""The suite in its sandbox, or none and why there is no evidence from tests."""


@dataclass(frozen=True)
class Candidate:
    """A finding that should be gone once the patch is applied."""

    finding: Finding
    patch: Patch

    @property
    def tests(self) -> tuple[str, ...]:
        """The red tests that the patch must turn green; none for a finding of an analyzer."""
        if self.finding.reproduction is not None:
            return self.finding.reproduction.tests
        return self.finding.evidence if self.finding.source == "test" else ()

    @property
    def witness(self) -> dict[str, bytes]:
        """The test file that reproduces the finding, which no tree of the change has."""
        shown = self.finding.reproduction
        return {shown.path: shown.text.encode("utf-8", "replace")} if shown is not None else {}


class Prover:
    """Tries patches on the head of one change."""

    def __init__(self, linter: Linter, suite: Suite, syntax: Syntax, clock: Clock) -> None:
        self._linter = linter
        self._suite = suite
        self._syntax = syntax
        self._clock = clock

    def prove(self, state: State, candidates: Sequence[Candidate]) -> tuple[Proof, ...]:
        """Return one proof per candidate, in their order; raises SandboxUnavailable."""
        refused = {i: p for i, c in enumerate(candidates) if (p := self._refused(state, c))}
        rest = [c for i, c in enumerate(candidates) if i not in refused]
        deadline = self._clock.seconds() + state.seconds_left
        with ExitStack() as stack:
            opened = self._open(state, stack) if rest else (None, None)
            bench = _Bench(state, self._linter, self._syntax, opened, rest)
            proofs: dict[int, Proof] = {}
            for group in _groups(rest):
                proofs |= self._prove(bench, group, deadline)
        in_order = (
            refused[i] if i in refused else proofs[id(candidate)]
            for i, candidate in enumerate(candidates)
        )
        return tuple(replace(proof, head_sha=state.change.head_sha) for proof in in_order)

    def holds_together(self, state: State, candidates: Sequence[Candidate]) -> Together:
        """Tell whether all the patches as one end every target and make nothing worse."""
        if _has_overlap(candidates):
            return Together(is_sound=False)
        with ExitStack() as stack:
            opened = self._open(state, stack)
            bench = _Bench(state, self._linter, self._syntax, opened, candidates)
            trial = bench.try_together(candidates)
        is_sound = not trial.is_worse and all(trial.ended(c) for c in candidates)
        return together(bench.before, trial.tests, is_sound=is_sound)

    def _open(self, state: State, stack: ExitStack) -> _Opened:
        """Return the open suite, or none and why there is no evidence from tests."""
        plan = self._suite.plan()
        if isinstance(plan, NoTests):
            return None, plan.reason
        if state.head_tests is None:
            return None, "the tests did not run at head"
        try:
            return stack.enter_context(
                self._suite.open(plan, seconds_left=state.seconds_left)
            ), None
        except SandboxUnavailable as error:
            return None, f"the tests could not run: {error}"

    def _prove(
        self, bench: "_Bench", group: Sequence[Candidate], deadline: float
    ) -> dict[int, Proof]:
        """Try the union, and its halves when it makes anything worse, until the deadline."""
        started = self._clock.seconds()
        if started >= deadline:
            return {id(c): _untried(c, comments.no_time_to_prove()) for c in group}
        trial = bench.try_together(group)
        if len(group) > 1 and (trial.is_worse or not all(trial.ended(c) for c in group)):
            middle = len(group) // 2
            halves = (group[:middle], group[middle:])
            return {i: p for half in halves for i, p in self._prove(bench, half, deadline).items()}
        seconds = self._clock.seconds() - started
        if self._clock.seconds() < deadline:
            trial = replace(trial, costs=bench.costs(group, trial))
        return {id(c): self._proof(bench, trial, c, seconds) for c in group}

    def _proof(
        self, bench: "_Bench", trial: "_Trial", candidate: Candidate, seconds: float
    ) -> Proof:
        tests, compared = trial.tests, trial.comparison
        before = bench.before.counts if bench.before is not None and tests is not None else None
        scored = score(
            Looks(
                before,
                # What the merge base's own tests say counts as well.
                replace(compared, pass_to_fail=trial.broken) if compared is not None else None,
                trial.parses(candidate.patch),
                lint_change=len(trial.new_lint or ()) - (not candidate.tests),
                churn=candidate.patch.changed_lines,
                complexity_change=bench.complexity_change(candidate.patch),
                newly_failing=_newly_failing(bench.before, tests),
                seconds=trial.costs,
            )
        )
        return Proof(
            target=candidate.tests[0] if candidate.tests else candidate.finding.rule,
            is_applied=True,
            is_parsed=trial.parses(candidate.patch),
            new_lint=trial.new_lint,
            is_target_gone=trial.ended(candidate),
            is_target_back=bench.has_target(candidate),
            before=before,
            after=tests.counts if tests is not None else None,
            fail_to_pass=trial.mended(candidate),
            pass_to_fail=trial.broken,
            reaching=_reaching(bench.before, candidate.patch),
            is_self_reported=trial.is_self_reported,
            image=bench.facts.image if bench.facts else "",
            quality=scored.value,
            quality_coverage=scored.coverage,
            seconds=seconds,
            problem=trial.problem,
        )

    def _refused(self, state: State, candidate: Candidate) -> Proof | None:
        """Return a proof that the patch must not be offered at all, or None."""
        problem = refusal(candidate.patch, state.config.fix.protected_paths)
        try:
            candidate.patch.apply(state.head)
        except EditRefused as error:
            return _untried(candidate, str(error), is_applied=False)
        return _untried(candidate, problem) if problem is not None else None


@dataclass(frozen=True)
class _Trial:
    """What a union of patches did to the head."""

    gone: frozenset[str]
    """Fingerprints of which fewer are left, by as many as the union meant to end."""
    new_lint: tuple[str, ...] | None
    parsed: Mapping[str, bool | None]
    """By edited path: whether it parses, or None where that says nothing."""
    tests: TestReport | None
    comparison: TestComparison | None
    guard: TestComparison | None
    problem: str | None
    is_self_reported: bool
    costs: Pairs = ()

    @property
    def broken(self) -> tuple[str, ...]:
        """Tests that passed without the patches: the head's and the merge base's copies."""
        both = [c.pass_to_fail for c in (self.comparison, self.guard) if c is not None]
        return tuple(sorted({test for tests in both for test in tests}))

    @property
    def is_worse(self) -> bool:
        return bool(self.new_lint or self.broken) or False in self.parsed.values()

    def mended(self, candidate: Candidate) -> tuple[str, ...]:
        """Return the tests that the patches turned green, those of a reproduction included."""
        if self.comparison is None:
            return ()
        shown = candidate.tests if candidate.witness and self.ended(candidate) else ()
        return tuple(sorted({*self.comparison.fail_to_pass, *shown}))

    def parses(self, patch: Patch) -> bool | None:
        """Tell whether every file of a patch parses with it; None where nobody can say."""
        answers = {self.parsed[path] for path in patch.paths}
        return False if False in answers else None if None in answers else True

    def ended(self, candidate: Candidate) -> bool:
        """Tell whether the candidate's target is gone."""
        if candidate.tests:
            return self.tests is not None and self.tests.passes(candidate.tests)
        return candidate.finding.fingerprint in self.gone


class _Bench:
    """The head without any patch, measured once, and the means to try patches on it."""

    def __init__(
        self,
        state: State,
        linter: Linter,
        syntax: Syntax,
        opened: _Opened,
        candidates: Sequence[Candidate],
    ) -> None:
        self.state = state
        self._linter = linter
        self._syntax = syntax
        suite, self._problem = opened
        self._suite = suite
        paths = {path for c in candidates for path in c.patch.paths}
        self._files = {path: state.head[path] for path in sorted(paths)}
        self._lint = linter.look(self._files) if self._files else None
        self._marks = _marks(self._lint)
        self._guard = guard_overlay(state)
        self._guarded = state.guard_tests
        self.before = state.head_tests if suite is not None else None
        tests = sorted({test for c in candidates for test in c.tests})
        head = state.change.head_sha
        self._again = (
            suite.run(head, _witnesses(candidates), only=tests)
            if suite is not None and tests
            else None
        )

    @property
    def facts(self) -> SandboxFacts | None:
        """The sandbox that the evidence comes from."""
        return self._suite.sandbox.facts if self._suite is not None else None

    def has_target(self, candidate: Candidate) -> bool:
        """Tell whether the target is there without the patch, looked at once more."""
        if candidate.tests:
            return self._again is not None and self._again.red >= set(candidate.tests)
        return candidate.finding.fingerprint in self._marks

    def complexity_change(self, patch: Patch) -> int | None:
        """Return how much harder the edited files are to follow; None where nobody can tell."""
        after = patch.apply(self.state.head)
        measure = self._syntax.complexity
        pairs = [(measure(p, self.state.head[p]), measure(p, data)) for p, data in after.items()]
        known = [now - was for was, now in pairs if was is not None and now is not None]
        return sum(known) if known else None

    def try_together(self, group: Sequence[Candidate]) -> _Trial:
        """Apply the patches to the head as one and look again."""
        after = union(c.patch for c in group).apply(self.state.head)
        lint = self._linter.look({**self._files, **after})
        tests = self._run({**_witnesses(group), **after})
        guarded = self._run({**self._guard, **after}) if self._guard else None
        comparison, guard = _compared(self.before, tests), _compared(self._guarded, guarded)
        problem = self._problem or _problem_of(tests, self.before)
        return _Trial(
            gone=self._gone(group, lint),
            new_lint=self._new_rules(lint),
            parsed={path: self._still_parses(path, data) for path, data in after.items()},
            tests=tests if comparison is not None else None,
            comparison=comparison,
            guard=guard,
            problem=problem if self._suite is not None else None,
            is_self_reported=bool(self._guard)
            and (guard is None or not is_trustworthy(self.state, self._guarded)),
        )

    def costs(self, group: Sequence[Candidate], trial: _Trial) -> Pairs:
        """Return what slow tests cost without the patches and with them."""
        if self._suite is None or self.before is None or trial.tests is None or trial.is_worse:
            return ()
        shown, after = _witnesses(group), union(c.patch for c in group).apply(self.state.head)
        sides = Sides(self._suite, self.state.change.head_sha, shown, {**shown, **after})
        return sides.costs(self.before.green & trial.tests.green, trial.tests)

    def _run(self, overlay: Overlay) -> TestReport | None:
        if self._suite is None:
            return None
        return self._suite.confirmed(self.state.change.head_sha, overlay)

    def _gone(self, group: Sequence[Candidate], lint: LintReport) -> frozenset[str]:
        was, now = self._marks, _marks(lint)
        meant = Counter(c.finding.fingerprint for c in group)
        return frozenset(mark for mark, n in meant.items() if now[mark] <= was[mark] - n)

    def _still_parses(self, path: str, after: bytes) -> bool | None:
        """Blame a patch only for what parsed without it: the language may be newer than us."""
        answer = self._syntax.parses(path, after)
        is_news = answer is not False or self._syntax.parses(path, self.state.head[path])
        return answer if is_news is not False else None

    def _new_rules(self, lint: LintReport) -> tuple[str, ...] | None:
        """Return rules that fire more often than before, or None when a linter could not look."""
        if lint.failures or self._lint is None or self._lint.failures:
            return None
        was = kinds(self._lint.findings)
        more = {k[1] for k, n in kinds(lint.findings).items() if n > was.get(k, 0)}
        return tuple(sorted(more))


def _groups(candidates: Sequence[Candidate]) -> Iterator[list[Candidate]]:
    """Yield groups whose patches do not overlap.

    A patch that mends tests stands alone: in a union its merit would show in every receipt.
    """
    groups: list[tuple[Taken, list[Candidate]]] = []
    for candidate in candidates:
        if candidate.tests:
            yield [candidate]
            continue
        free = (group for taken, group in groups if taken.take(candidate.patch))
        group = next(free, None)
        if group is None:
            taken = Taken()
            taken.take(candidate.patch)
            groups.append((taken, [candidate]))
        else:
            group.append(candidate)
    yield from (group for _, group in groups)


def _has_overlap(candidates: Sequence[Candidate]) -> bool:
    taken = Taken()
    return not all(taken.take(candidate.patch) for candidate in candidates)


def _witnesses(candidates: Sequence[Candidate]) -> dict[str, bytes]:
    """Return the test files that reproduce the findings."""
    return {path: data for c in candidates for path, data in c.witness.items()}


def _marks(lint: LintReport | None) -> Counter[str]:
    """Count the findings of a look by their fingerprint."""
    return Counter(f.fingerprint for f in lint.findings) if lint is not None else Counter()


def _untried(candidate: Candidate, problem: str, *, is_applied: bool = True) -> Proof:
    """Return a proof that nothing was proved, and why."""
    return Proof(
        target=candidate.finding.rule,
        is_applied=is_applied,
        is_parsed=None,
        new_lint=None,
        is_target_gone=False,
        is_target_back=True,
        problem=problem,
    )


def _problem_of(tests: TestReport | None, before: TestReport | None) -> str | None:
    """Return why a run with the patch is no full evidence, as one clause."""
    if tests is None or before is None or tests.problem is not None:
        return tests.problem if tests is not None else None
    unsteady = sorted(before.green & tests.flaky)
    return comments.unsteady_tests(unsteady) if unsteady else None


def _compared(before: TestReport | None, after: TestReport | None) -> TestComparison | None:
    """Compare two runs where both are evidence."""
    if before is None or after is None or not (before.is_evidence and after.is_evidence):
        return None
    return compare(before, after)


def _newly_failing(before: TestReport | None, after: TestReport | None) -> int:
    """Count red tests that nobody had seen."""
    if before is None or after is None:
        return 0
    return len(after.red - frozenset(before.outcomes))


def _reaching(report: TestReport | None, patch: Patch) -> int | None:
    """Return how many tests execute a line that the patch edits; None where nobody traced."""
    if report is None or not any(path in report.reach for path in patch.paths):
        return None
    tests: set[str] = set()
    for edit in patch.edits:
        lines = report.reach.get(edit.path, {})
        for line in range(edit.start_line, max(edit.start_line, edit.end_line) + 1):
            tests |= lines.get(line, frozenset())
    return len(tests)
