"""How well a bug is found and mended in a package of 20,000 lines with 2,000 tests.

python -m benchmarks.repair_large [COUNT] [SEED]

Each bug is one small edit (`large_package.bugs`) in an otherwise right package. Printed are the
rank of its line among the suspicious ones, the CPU seconds (children and this process) until the
first repair had passed the tests near it, and those until the rest of the suite was asked too; how
many tests a batch was checked with; and whether the package is then as it was before the bug.
"""

import resource
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.large_package import Bug, Package, bugs, package
from bot.adapters.process_sandbox import ProcessSandbox, ProcessSetup
from bot.adapters.sandbox_validator import SandboxValidator
from bot.domain.ports import SandboxFacts, SourceFile, TestPlan
from bot.repair.aims import Checks, aim_at
from bot.repair.candidates import Candidate, Trial
from bot.repair.generator import Templates
from bot.repair.localise import Suspect, suspects, weighed
from bot.repair.ranking import Ranking, rank
from bot.repair.search import Budget, Search, Watch
from bot.repair.source import applied
from bot.repair.whole_suite import standing

PLAN = TestPlan("pytest", ("{python}", "-m", "pytest"), "junit.xml", "a benchmark", 600.0)
WITHIN_S, TOP = 60.0, 10
_BUDGET = Budget(cpu_seconds=WITHIN_S, candidates=6_000, enough=1)


class Counting(SandboxValidator):
    """Notes with how many tests candidates are checked."""

    def __init__(self, sandbox: ProcessSandbox, files: Sequence[SourceFile]) -> None:
        super().__init__(sandbox, files, PLAN)
        self.checked: list[int] = []

    def validate(
        self,
        batch: Sequence[Candidate],
        *,
        targets: Sequence[str],
        checked: Sequence[str],
        cpu_seconds: float,
    ) -> Sequence[Trial]:
        self.checked.append(len(checked))
        return super().validate(batch, targets=targets, checked=checked, cpu_seconds=cpu_seconds)


@dataclass
class Result:
    """What became of one bug."""

    rank: int | None = None
    red: int = 0
    surveyed_s: float = 0.0
    found_s: float | None = None
    proved_s: float | None = None
    tried: int = 0
    checked: list[int] = field(default_factory=list)
    is_mended: bool = False

    def __str__(self) -> str:
        times = (
            f"found after {self.found_s:.1f} CPU s, suite passed after {self.proved_s:.1f}"
            if self.found_s is not None and self.proved_s is not None
            else "not found"
        )
        return (
            f"rank {self.rank}, {self.red} red, surveyed in {self.surveyed_s:.1f} CPU s,"
            f" {self.tried} tried, {times}, checked with {self.checked} tests,"
            f" {'as before' if self.is_mended else 'in other words'}"
        )


def repaired(made: Package, bug: Bug) -> Result:
    """Search for one bug as `repair` does."""
    texts = {**made.modules, bug.path: bug.text}
    files = [SourceFile(path, text.encode()) for path, text in {**texts, **made.tests}.items()]
    result, started = Result(), _cpu_s()
    with tempfile.TemporaryDirectory() as folder:
        facts = SandboxFacts("process", "process", "a benchmark")
        setup = ProcessSetup(Path(sys.executable), "/usr/bin:/bin", facts, parent=Path(folder))
        sandbox = ProcessSandbox(setup)
        try:
            _search(Counting(sandbox, files), texts, bug, result, started)
        finally:
            sandbox.close()
    result.is_mended = texts[bug.path] == made.modules[bug.path]
    return result


def _search(
    validator: Counting, texts: dict[str, str], bug: Bug, result: Result, started: float
) -> None:
    spectrum = validator.spectrum(())
    result.surveyed_s, result.red = _cpu_s() - started, len(spectrum.red)
    ranked = weighed(suspects(spectrum, {}), texts)
    result.rank = _rank(ranked, bug)
    aim = aim_at(spectrum, spectrum.red)

    def hear(_tried: int, plausible: int) -> None:
        if plausible and result.found_s is None:
            result.found_s = _cpu_s() - started

    watch = Watch(hear, lambda: _cpu_s() - started)
    found = Search(validator, [Templates(texts, ranked)], texts, _BUDGET, watch=watch).run(aim)
    result.tried = found.tried
    ranking = rank(found.plausible, texts)
    ranking = standing(validator, ranking, Checks(aim, texts), cpu_seconds=WITHIN_S)
    if ranking.patches:
        result.proved_s = _cpu_s() - started
        _apply(ranking, texts)
    result.checked = validator.checked


def _rank(ranked: Sequence[Suspect], bug: Bug) -> int | None:
    places = [(suspect.path, suspect.line) for suspect in ranked]
    place = (bug.path, bug.line)
    return places.index(place) + 1 if place in places else None


def _apply(ranking: Ranking, texts: dict[str, str]) -> None:
    edits = ranking.patches[0].plausible.candidate.edits
    for path in {edit.path for edit in edits}:
        texts[path] = applied(texts[path], [edit for edit in edits if edit.path == path])


def _cpu_s() -> float:
    used = [resource.getrusage(k) for k in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def main(count: int, seed: int) -> None:
    """Print a line for each bug and the shares."""
    made = package(seed)
    lines = sum(text.count("\n") for text in made.modules.values())
    tests = sum(text.count("def test_") for text in made.tests.values())
    print(f"{lines} lines, {tests} tests, {count} bugs, seed {seed}")
    results = []
    for bug in bugs(made, count, seed):
        result = repaired(made, bug)
        results.append(result)
        print(f"{bug.path}:{bug.line} `{bug.before}` became `{bug.after}`: {result}", flush=True)
    top = sum(r.rank is not None and r.rank <= TOP for r in results)
    within = sum(r.found_s is not None and r.found_s <= WITHIN_S for r in results)
    whole = sum(r.proved_s is not None and r.proved_s <= WITHIN_S for r in results)
    print(f"in the top {TOP} lines: {top} of {count}")
    print(f"repaired within {WITHIN_S:.0f} CPU s: {within}; whole suite asked too: {whole}")
    print(f"exactly as before the bug: {sum(r.is_mended for r in results)}")


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    main(*given, *(8, 1)[len(given) :])
