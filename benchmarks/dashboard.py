"""Times every page of the dashboard at 10,000 runs, and beside it at 20.

    python -m benchmarks.dashboard [--runs 10000] [--database URL]

Both are asked over HTTP from the same kind of server in this process, in turns. Each run has four
steps, a finding, a suggestion and an outcome, in 40 repositories. Times are medians; CPU time is of
the server and its client together (with PostgreSQL, without the database's own), because other
programs stretch the time on the wall. Fails where a page takes 200 ms of it or more.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

from bot.adapters.dbos_admin import DbosJobsAdmin
from bot.adapters.dbos_jobs import DbosJobs
from bot.adapters.sql_board import open_board
from bot.adapters.sql_ledger import open_ledger
from bot.web.dashboard import Records
from bot.web.serve import Backend
from bot.web.stored_policies import StoredPolicies
from tests.web.crowd import crowd
from tests.web.server import TODAY, running
from tests.web.visitor import Visitor

FEW = 20
ROUNDS = 15
MOST_S = 0.2
PATHS = (
    "/", "/runs", "/runs?repo=7", "/runs?conclusion=error", f"/runs/{5:032x}", "/repositories",
    "/findings", "/findings?state=open", "/findings?rule=F401", "/acceptance", "/cost", "/policy",
    "/queue", "/metrics",
)  # fmt: skip


def main() -> int:
    """Print a line for each page; 1 where one is too slow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--database", help="an empty PostgreSQL one; a SQLite file without it")
    wanted = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="pullwright-dashboard-") as folder,
        ExitStack() as stack,
    ):
        url = wanted.database or f"sqlite:///{folder}/many.db"
        few = stack.enter_context(served(f"sqlite:///{folder}/few.db", FEW))
        began = time.monotonic()
        many = stack.enter_context(served(url, wanted.runs))
        print(f"{wanted.runs:,} runs written in {time.monotonic() - began:.1f} s")
        print(f"{'page':40} {'few CPU':>10} {'many CPU':>10} {'ratio':>6} {'many wall':>11}")
        return int(sum(not _is_fast(path, few, many) for path in PATHS) > 0)


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
            Records(board, ledger, admin, jobs, StoredPolicies(ledger.policies)),
        )
        yield Visitor(stack.enter_context(running(backend=backend)))


def _is_fast(path: str, few: Visitor, many: Visitor) -> bool:
    times: dict[int, list[float]] = {id(few): [], id(many): []}
    walls: list[float] = []
    for _ in range(ROUNDS):
        for visitor in (few, many):
            began, cpu = time.perf_counter(), time.process_time()
            visitor.text(path)
            times[id(visitor)].append(time.process_time() - cpu)
        walls.append(time.perf_counter() - began)
    base, slow = (statistics.median(times[id(visitor)]) for visitor in (few, many))
    print(
        f"{path:40} {base * 1e3:7.1f} ms {slow * 1e3:7.1f} ms {slow / base:6.1f} "
        f"{statistics.median(walls) * 1e3:8.1f} ms"
    )
    return max(slow, base) < MOST_S


if __name__ == "__main__":
    sys.exit(main())
