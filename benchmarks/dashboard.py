"""Times every page of the dashboard at 10,000 runs in SQLite and in PostgreSQL, and at 20.

    python -m benchmarks.dashboard [--runs 10000] [--database URL]

All are asked over HTTP from the same kind of server in this process, in turns. Each run has a job,
four steps, a finding, a suggestion and an outcome, in 40 repositories. PostgreSQL is a server of
its own, started for this, unless a database is named; without its programs it is left out.

Figures are CPU time: of the server and its client together, and of PostgreSQL's own processes,
because other programs stretch the time on the wall (its median is printed too). A named database's
processes cannot be seen, so their time is not in it. Fails where a page takes 200 ms or more.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.dbos_admin import DbosJobsAdmin
from bot.adapters.dbos_jobs import DbosJobs
from bot.adapters.sql_board import open_board
from bot.adapters.sql_ledger import open_ledger
from bot.web.dashboard import Records
from bot.web.serve import Backend
from tests.fakes.policy_board import FakePolicyBoard
from tests.postgres import NoPostgres, cluster
from tests.web.crowd import crowd
from tests.web.server import TODAY, running
from tests.web.visitor import Visitor

FEW = 20
ROUNDS = 15
MOST_S = 0.2
PATHS = (
    "/", "/runs", "/runs?repo=7", "/runs?conclusion=error", f"/runs/{5:032x}", "/repositories",
    "/findings", "/findings?state=open", "/findings?rule=F401", "/acceptance", "/cost", "/policy",
    "/queue", "/queue?status=done", "/metrics",
)  # fmt: skip


@dataclass(frozen=True)
class Side:
    """One database with its dashboard, and the time that it takes."""

    name: str
    visitor: Visitor
    others: Callable[[], float] = float
    """CPU seconds that processes beside this one have used so far."""

    def __call__(self, path: str) -> tuple[float, float]:
        """Ask for a page and return its time on the CPU and on the wall."""
        began, cpu = time.perf_counter(), time.process_time() + self.others()
        self.visitor.text(path)
        return time.process_time() + self.others() - cpu, time.perf_counter() - began


def main() -> int:
    """Print a line for each page; 1 where one is too slow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--database", help="an empty PostgreSQL one; a server of its own without")
    wanted = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="pullwright-dashboard-") as folder,
        ExitStack() as stack,
    ):
        few = stack.enter_context(served(f"sqlite:///{folder}/few.db", FEW))
        many = stack.enter_context(served(f"sqlite:///{folder}/many.db", wanted.runs))
        sides = [Side(f"{FEW}", few), Side(f"{wanted.runs} SQLite", many)]
        found = stack.enter_context(_postgres(wanted.database))
        if found is not None:
            url, others = found
            theirs = stack.enter_context(served(url, wanted.runs))
            sides.append(Side(f"{wanted.runs} PostgreSQL", theirs, others))
        print(f"{'page':40}" + "".join(f"{side.name:>28}" for side in sides) + f"{'ratio':>8}")
        return int(sum(not _is_fast(path, sides) for path in PATHS) > 0)


@contextmanager
def _postgres(named: str | None) -> Iterator[tuple[str, Callable[[], float]] | None]:
    """Yield a database and what tells the CPU time of its server, or None where there is none."""
    if named is not None:
        yield named, float
        return
    try:
        with cluster() as running, running.database() as url:
            yield url, lambda: _cpu_of(running.process.pid)
    except NoPostgres as error:
        print(f"PostgreSQL is left out: {error}")
        yield None


def _cpu_of(root: int) -> float:
    """Return the CPU seconds of a process and of all that come from it, as the kernel counts."""
    stats = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            words = path.read_text().rpartition(")")[2].split()
            stats[int(path.parent.name)] = (int(words[1]), int(words[11]) + int(words[12]))
    family, size = {root}, 0
    while len(family) > size:
        size = len(family)
        family |= {pid for pid, (parent, _) in stats.items() if parent in family}
    return sum(stats[pid][1] for pid in family if pid in stats) / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(url: str, runs: int) -> Iterator[Visitor]:
    """Serve a dashboard over a database with so many runs."""
    with ExitStack() as stack:
        jobs, admin = stack.enter_context(closing(DbosJobs(url))), DbosJobsAdmin(url)
        stack.callback(admin.close)
        ledger = stack.enter_context(closing(open_ledger(url)))
        board = stack.enter_context(closing(open_board(url)))
        crowd(url, runs, until=TODAY)
        backend = Backend(
            jobs,
            ledger.deliveries,
            Records(board, ledger, admin, jobs, FakePolicyBoard(ledger.policies)),
        )
        yield Visitor(stack.enter_context(running(backend=backend)))


def _is_fast(path: str, sides: Sequence[Side]) -> bool:
    times: dict[str, list[tuple[float, float]]] = {side.name: [] for side in sides}
    for _ in range(ROUNDS):
        for side in sides:
            times[side.name].append(side(path))
    # The kernel counts the time of other processes in hundredths of a second: a mean has more.
    cpu = [statistics.fmean(cpu for cpu, _ in times[side.name]) for side in sides]
    walls = [statistics.median(wall for _, wall in times[side.name]) for side in sides]
    figures = "".join(
        f"{mine * 1e3:10.1f} ms ({wall * 1e3:6.1f} wall)"
        for mine, wall in zip(cpu, walls, strict=True)
    )
    print(f"{path:40}{figures}{cpu[-1] / cpu[1]:8.1f}", flush=True)
    return max(cpu) < MOST_S


if __name__ == "__main__":
    sys.exit(main())
