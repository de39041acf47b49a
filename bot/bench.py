"""`pullwright bench`: what this version can do, as a table with its seed and its commit."""

import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot import __version__, wiring
from bot.errors import Refused
from bot.repair import measuring
from bot.repair.measuring import Outcome, Problem
from bot.repair.search import Budget, Watch
from bot.settings import SandboxChoice, load_settings

SETS = {"humanevalfix": ("humanevalfix/humanevalpack.python.jsonl", measuring.humanevalfix)}


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which problems are to be repaired."""

    name: str
    """Of the set."""
    only: tuple[str, ...] = ()
    """None means all of them."""


def bench(
    data: Path | None, chosen: Chosen, limits: tuple[float, int], *, seed: int, is_quiet: bool
) -> Iterator[str]:
    """Yield the lines of the table; raises Refused for a set or a problem that is not there."""
    problems = _problems(data, chosen)
    cpu_seconds, candidates = limits
    yield f"{chosen.name}: {len(problems)} problems, pullwright {__version__}, commit {_commit()}"
    yield f"seed {seed}, {cpu_seconds:g} s and {candidates} candidates for each"
    settings = load_settings()
    ground = wiring.repair_ground(settings, seed)
    # What runs in Docker is no child of ours: there, the clock stands for the CPU seconds.
    is_ours = settings.sandbox in (SandboxChoice.PROCESS, SandboxChoice.NONE)
    seconds = _cpu_seconds if is_ours else time.monotonic
    outcomes: list[Outcome] = []
    before = _cpu_seconds()
    for index, problem in enumerate(problems, 1):
        budget, watch = Budget(cpu_seconds, candidates), Watch(seconds=seconds)
        outcomes.append(measuring.solve(problem, ground, budget, watch))
        if not is_quiet:
            _show(index, len(problems), outcomes)
    spent = (_cpu_seconds() - before) / len(problems)
    rows = measuring.table(outcomes)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    yield from measuring.refusals(outcomes)
    yield from measuring.estimates(outcomes)
    yield measuring.committed(outcomes)
    searched = sum(outcome.seconds for outcome in outcomes) / len(problems)
    yield f"CPU seconds for each problem, children included: {searched:.1f} to search"
    yield f"and {spent - searched:.1f} to judge with the hidden tests"


def _problems(data: Path | None, chosen: Chosen) -> list[Problem]:
    if chosen.name not in SETS:
        raise Refused(f"there is no set {chosen.name}: choose one of {', '.join(SETS)}")
    name, read = SETS[chosen.name]
    if data is None:
        raise Refused(
            f"the problems are not part of pullwright: name the folder that holds {name} "
            "with --data or PULLWRIGHT_CONTRACT_DATA (docs/repair.md says where to get it)"
        )
    text = wiring.read_bytes(data / name).decode("utf-8")
    problems = list(read(line for line in text.splitlines() if line.strip()))
    names = {problem.name for problem in problems}
    if unknown := [name for name in chosen.only if name not in names]:
        raise Refused(f"there is no problem {unknown[0]} in {chosen.name}")
    return [problem for problem in problems if not chosen.only or problem.name in chosen.only]


def _commit() -> str:
    """Return the commit of this checkout, or say that there is none."""
    folder = Path(__file__).parent
    argv = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=12"]
    ended = subprocess.run(argv, capture_output=True, text=True, check=False)
    return ended.stdout.strip() or "unknown"


def _cpu_seconds() -> float:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    used = [resource.getrusage(kind) for kind in kinds]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _show(done: int, total: int, outcomes: list[Outcome]) -> None:
    plausible = sum(outcome.plausible > 0 for outcome in outcomes)
    right = sum(outcome.is_first_correct for outcome in outcomes)
    filled = "#" * (30 * done // total)
    end = "\n" if done == total else ""
    sys.stderr.write(f"\r[{filled:30}] {done}/{total}: {plausible} plausible, {right} right{end}")
    sys.stderr.flush()
