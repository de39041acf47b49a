"""Whether a search finds the same patches on an idle and on a busy machine, and leaves no process.

python -m benchmarks.repair_under_load [CANDIDATES] [BUSY]

The same search runs twice; during the second one BUSY processes use the processors. The budget is
in candidates, so that the clock has no say.
"""

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bot.adapters.process_sandbox import ProcessSandbox, ProcessSetup
from bot.adapters.sandbox_validator import SandboxValidator
from bot.domain.ports import SandboxFacts, SourceFile, TestPlan
from bot.repair.generator import Templates
from bot.repair.localise import suspects
from bot.repair.ranking import Ranking, rank
from bot.repair.search import Aim, Budget, Found, Search

PATH = "sums.py"
SOURCE = """\
def total(numbers, most):
    result = 1
    place = 0
    while place < len(numbers) and result < most:
        result += numbers[place]
        place += 1
    return result
"""
TESTS = """\
from sums import total


def test_some():
    assert total([1, 2, 3], 100) == 6


def test_none():
    assert total([], 100) == 0


def test_most():
    assert total([5, 5, 5], 9) >= 9
"""
PLAN = TestPlan("pytest", ("{python}", "-m", "pytest"), "junit.xml", "a benchmark", 600.0)
CPU_SECONDS = 3600.0


def main(candidates: int, busy: int) -> None:
    """Print what both searches found, and fail where it is not the same."""
    first, first_order, left = _searched(candidates)
    with _load(busy):
        second, second_order, more_left = _searched(candidates)
    for name, found in (("idle", first), ("busy", second)):
        fates = {str(fate): count for fate, count in sorted(found.fates.items())}
        print(f"{name}: {len(found.plausible)} plausible of {found.tried} tried, {fates}")
    is_same = first_order == second_order
    print(
        f"the patches are {'the same' if is_same else 'NOT the same'}, with {busy} busy processes"
    )
    print(f"{left + more_left} processes are left")
    assert is_same
    assert not left + more_left


def _searched(candidates: int) -> tuple[Found, list[object], int]:
    """Return what a search found, its patches as they are ranked, and the processes left."""
    texts = {PATH: SOURCE}
    budget = Budget(cpu_seconds=CPU_SECONDS, candidates=candidates, enough=candidates)
    with tempfile.TemporaryDirectory() as folder:
        facts = SandboxFacts("process", "process", "a benchmark")
        setup = ProcessSetup(Path(sys.executable), "/usr/bin:/bin", facts, parent=Path(folder))
        sandbox = ProcessSandbox(setup)
        files = [SourceFile(PATH, SOURCE.encode()), SourceFile("test_sums.py", TESTS.encode())]
        validator = SandboxValidator(sandbox, files, PLAN)
        spectrum = validator.spectrum((PATH,))
        aim = Aim(tuple(sorted(spectrum.red)), tuple(sorted(spectrum.green)))
        ranked = [suspect for suspect in suspects(spectrum, {}) if suspect.path == PATH]
        found = Search(validator, [Templates(texts, ranked)], texts, budget).run(aim)
        patches = [plausible.candidate for plausible in found.plausible][:30]
        seen = validator.behaviour(patches, targets=aim.targets, cpu_seconds=60)
        sandbox.close()
        left = _processes_of(folder)
    return found, _order(rank(found.plausible[:30], texts, seen)), left


def _order(ranking: Ranking) -> list[object]:
    rows: list[object] = [
        (patch.plausible.candidate.edits, patch.behaviour) for patch in ranking.patches
    ]
    return [*rows, ranking.difference]


@contextlib.contextmanager
def _load(busy: int) -> Iterator[None]:
    """Use the processors with so many processes, which are ended here."""
    argv = [sys.executable, "-c", "while True: pass"]
    processes = [subprocess.Popen(argv) for _ in range(busy)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _processes_of(folder: str) -> int:
    """Count the processes that were started with this folder, wherever they hang in the tree."""
    count = 0
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            count += folder.encode() in path.read_bytes()
    return count


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    main(*[*numbers, *(1500, 4)[len(numbers) :]])
