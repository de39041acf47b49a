"""Candidates per CPU second on a small function: in-process, one fork each, and one pytest each.

Every call starts the project's pytest once: the rate is printed with that start and without it.

python -m benchmarks.repair_engine [COUNT]

CPU seconds are those of all children. One pytest per candidate is estimated from SAMPLE runs.
"""

import resource
import sys
import tempfile
from pathlib import Path

from bot.adapters.process_sandbox import ProcessSandbox, ProcessSetup
from bot.adapters.sandbox_validator import CHUNK, SandboxValidator
from bot.domain.ports import SandboxFacts, SourceFile, TestPlan
from bot.repair.candidates import Candidate, SpanEdit

SOURCE = "def add(a, b):\n    return a - b\n"
TESTS = "from calc import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n"
SAMPLE = 3
FEW = 100
PLAN = TestPlan("pytest", ("{python}", "-m", "pytest"), "junit.xml", "a benchmark", 300.0)


def main(count: int) -> None:
    """Print the three rates and their ratios."""
    start = SOURCE.index("a - b")
    edits = [SpanEdit("calc.py", start, start + 5, f"a * b - {n}") for n in range(10, count + 10)]
    batch = [Candidate((edit,), "constant", 2, 1.0) for edit in edits]
    files = [SourceFile("calc.py", SOURCE.encode()), SourceFile("test_calc.py", TESTS.encode())]
    with tempfile.TemporaryDirectory() as folder:
        facts = SandboxFacts("process", "process", "a benchmark")
        setup = ProcessSetup(Path(sys.executable), "/usr/bin:/bin", facts, parent=Path(folder))
        sandbox = ProcessSandbox(setup)
        shared = SandboxValidator(sandbox, files, PLAN, chunk=CHUNK)
        start_s, all_s = _cost_s(shared, batch[:1]), _cost_s(shared, batch)
        alone_s = _cost_s(SandboxValidator(sandbox, files, PLAN, chunk=1), batch[:FEW])
        begun = _cpu_s()
        for _ in range(SAMPLE):
            ended = sandbox.run(("{python}", "-m", "pytest", "-x", "-q"), timeout_s=60)
            assert ended.exit_code == 1
        single = SAMPLE / (_cpu_s() - begun)
        sandbox.close()
    warm, running = count / all_s, (count - 1) / (all_s - start_s)
    forked = (FEW - 1) / (alone_s - start_s)
    print(f"in-process: {running:.0f} candidates per CPU second ({count} tried)")
    print(f"in-process, the start of {start_s:.1f} s included: {warm:.0f}")
    print(f"one fork each: {forked:.0f} ({FEW} tried)")
    print(f"one pytest each: {single:.2f} (estimated from {SAMPLE} runs)")
    print(
        f"in-process is {running / single:.0f}x one pytest each ({warm / single:.0f}x with the "
        f"start) and {running / forked:.0f}x one fork each"
    )


def _cost_s(validator: SandboxValidator, batch: list[Candidate]) -> float:
    begun = _cpu_s()
    targets = ["test_calc.py::test_add"]
    trials = validator.validate(batch, targets=targets, checked=[], cpu_seconds=600)
    assert len(trials) == len(batch)
    return _cpu_s() - begun


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4000)
