"""How long learning, `policy show` and the fold of quiet take on a PostgreSQL of their own.

Goals: ten times the events take at most 12 times the time, for each of the three. What 10^6 events
would take is told and has no goal here: reading and checking each record is most of it, and the
fold alone, which has one, is measured by `policy_speed.py`.

    OMP_NUM_THREADS=1 python benchmarks/policy_on_postgres.py [events]
"""

import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import cast

import sqlalchemy as sa

from bot.adapters.sql_event_log import event_row
from bot.adapters.sql_ledger import open_ledger
from bot.adapters.sql_ledger_database import connect
from bot.adapters.sql_ledger_schema import events
from bot.domain.event_log import EventLog, LoggedEvent
from bot.domain.pull_records import Ledger
from bot.domain.quieting import KINDS, folded
from bot.policy.ledger_log import replayed
from bot.policy.school import School
from bot.policy.standing import standing
from tests import reviews
from tests.domain.quiet_values import turned_down
from tests.fakes.ledger import fake_ledger
from tests.policy.schools import Times
from tests.postgres import Cluster, cluster

NOISY = 99
"""The repository whose outcomes are a wall."""
AT_ONCE = 2_000
GOAL_GROWTH = 12
FINDING = reviews.finding(rule="toy-bug", source="toy", title="A bug", snippet="BUG\n")


@dataclass
class Collector:
    """What was appended, in a list."""

    found: list[LoggedEvent] = field(default_factory=list)

    def append(self, new: Iterable[LoggedEvent]) -> int:
        self.found.extend(new)
        return 0


def log(count: int) -> tuple[list[LoggedEvent], Times]:
    """Return placed findings with what became of them, and as many of one noisy repository."""
    collector = Collector()
    times = Times(ledger=replace(fake_ledger(), events=cast("EventLog", collector)))
    times.live(count // 4)
    return [*collector.found, *turned_down(FINDING, count // 4, 0, repo_id=NOISY)], times


def fill(url: str, made: list[LoggedEvent]) -> None:
    """Write the rows at once: appending one by one is not what is measured."""
    database = connect(url, wait_s=5)
    blank = {"outcome": None, "rule": None, "tool": None}
    rows = [blank | event_row(event) | {"seq": seq} for seq, event in enumerate(made, 1)]
    with database.writing() as connection:
        for start in range(0, len(rows), AT_ONCE):
            connection.execute(events.insert(), rows[start : start + AT_ONCE])
        connection.execute(sa.text("ANALYZE ledger_events"))
    database.close()


def timed(work: Callable[[], object]) -> float:
    """Return the seconds by the clock: waiting for the database counts."""
    before = time.perf_counter()
    work()
    return time.perf_counter() - before


def quiet(ledger: Ledger, wanted: int) -> None:
    """Fold the wall of the noisy repository."""
    log_of_repo = ledger.events.of_repo(NOISY, KINDS)
    assert len(log_of_repo) == wanted
    assert folded(NOISY, log_of_repo).steps


def measured(postgres: Cluster, count: int) -> dict[str, float]:
    """Return the seconds of each piece of work on a log of so many events."""
    made, times = log(count)
    with postgres.database() as url:
        ledger = open_ledger(url)
        fill(url, made)
        school = School(ledger.events, ledger.policies, lambda: times.now)
        found = {
            "read the log": timed(lambda: replayed(ledger.events)),
            "learn": timed(school.lesson),
            "policy show": timed(lambda: standing(school)),
            "fold of quiet, half of them": timed(lambda: quiet(ledger, count // 2)),
        }
        ledger.close()
    return found


def main(most: int) -> int:
    """Print the figures and return 1 where the goal is missed."""
    with cluster() as postgres:
        few, many = measured(postgres, most // 10), measured(postgres, most)
    print(f"{'':30}{most // 10:>10,}{most:>10,}{'growth':>9}{'10^6 would take':>17}")
    for name, seconds in many.items():
        growth, whole = seconds / few[name], seconds * 1e6 / most
        print(f"{name:30}{few[name]:9.2f}s{seconds:9.2f}s{growth:9.1f}{whole:16.0f}s")
    worst = max(many[name] / few[name] for name in many)
    print(f"tenfold events, times the time: {worst:.1f}   goal under {GOAL_GROWTH}")
    return int(worst > GOAL_GROWTH)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
