"""How many candidates lose by sharing a process with others, on problems of HumanEvalFix.

python -m benchmarks.repair_false_rejections FILE [CANDIDATES] [EVERY]

FILE is a `humanevalpack.python.jsonl`. CANDIDATES of each problem, spread over the first ones that
the templates propose, are tried in-process and once more in a fork each; EVERY 2 takes every second
problem. A candidate is falsely rejected where the fork of its own lets it go further.
"""

import sys
import tempfile
from collections import Counter
from itertools import islice
from pathlib import Path

from bot.adapters.process_sandbox import ProcessSandbox, ProcessSetup
from bot.adapters.sandbox_validator import CHUNK, SandboxValidator
from bot.domain.ports import SandboxFacts, SourceFile, TestPlan
from bot.repair.candidates import Candidate, Fate, Spectrum, Trial
from bot.repair.generator import Templates
from bot.repair.localise import suspects
from bot.repair.measuring import MODULE, Problem, humanevalfix

PLAN = TestPlan("pytest", ("{python}", "-m", "pytest"), "junit.xml", "a benchmark", 600.0)
PROPOSED = 3000
CPU_SECONDS = 3600.0
FURTHER = {Fate.FIXED: 2, Fate.PARTIAL: 1}
"""How far a candidate comes; all other fates are none."""


def main(path: Path, count: int, every: int) -> None:
    """Print the differences, and the share of candidates that were falsely rejected."""
    lines = [line for line in path.read_text("utf-8").splitlines() if line.strip()]
    total = rejected = lost = accepted = 0
    for problem in list(humanevalfix(lines))[::every]:
        with tempfile.TemporaryDirectory() as folder:
            pairs = _tried(problem, count, Path(folder)) if problem.visible else []
        total += len(pairs)
        for candidate, shared, alone in pairs:
            gain = FURTHER.get(alone.fate, 0) - FURTHER.get(shared.fate, 0)
            rejected += gain > 0
            accepted += gain < 0
            lost += alone.fate is Fate.FIXED and gain > 0
            if gain:
                texts = ", ".join(repr(edit.text) for edit in candidate.edits)
                print(f"{problem.name}: {texts}: {shared.fate} in-process, {alone.fate} alone")
        kinds = Counter(f"{shared.fate}/{alone.fate}" for _, shared, alone in pairs)
        so_far = f"{rejected} of {total} falsely rejected so far"
        print(f"{problem.name}: {len(pairs)} tried, {dict(kinds)}; {so_far}", flush=True)
    share = 100 * rejected / max(1, total)
    print(
        f"{rejected} of {total} falsely rejected ({share:.3f} %), {lost} of them would have fixed"
    )
    print(f"{accepted} came further in-process than alone")


def _tried(problem: Problem, count: int, folder: Path) -> list[tuple[Candidate, Trial, Trial]]:
    """Return candidates with their trials in-process and in a fork each."""
    facts = SandboxFacts("process", "process", "a benchmark")
    setup = ProcessSetup(Path(sys.executable), "/usr/bin:/bin", facts, parent=folder)
    sandbox = ProcessSandbox(setup)
    files = [SourceFile(path, data) for path, data in problem.files.items()]
    spectrum = SandboxValidator(sandbox, files, PLAN).spectrum((MODULE,))
    batch = _candidates(problem, spectrum, count)
    trials = [
        SandboxValidator(sandbox, files, PLAN, chunk=chunk).validate(
            batch,
            targets=sorted(spectrum.red),
            checked=sorted(spectrum.green),
            cpu_seconds=CPU_SECONDS,
        )
        for chunk in ((CHUNK, 1) if batch else ())
    ]
    sandbox.close()
    return list(zip(batch, *trials, strict=True)) if batch else []


def _candidates(problem: Problem, spectrum: Spectrum, count: int) -> list[Candidate]:
    own = [suspect for suspect in suspects(spectrum, {}) if suspect.path == MODULE]
    if not spectrum.red or not own:
        return []
    proposed = list(islice(Templates({MODULE: problem.text}, own).proposals(), PROPOSED))
    return proposed[:: max(1, len(proposed) // count)][:count]


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[2:]]
    main(Path(sys.argv[1]), *[*numbers, *(300, 1)[len(numbers) :]])
