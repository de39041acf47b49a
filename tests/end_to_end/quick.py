"""Our command as it is run, but in a hurry: writes to GitHub come faster than GitHub wants.

It is started in place of the command (`App.program`), and a worker looks for jobs more often, so
that a hundred reviews cost a test run minutes; the pace that is kept in earnest has tests of its
own (`test_github_pacing`, `test_the_real_pace_is_kept`).
"""

from functools import partial

from bot import worker
from bot.adapters.dbos_worker import WorkerOptions
from bot.adapters.github_pacing import Pacer
from bot.cli import main as command
from bot.domain import rounds, turns

PACE_S = POLL_S = 0.05
TURN_S = 1.0
"""How long a worker that died while it wrote keeps its turn, in earnest two minutes."""


def hurry() -> None:
    """Shorten the pace of writes and the poll of the queue, and let no round begin by the clock.

    A worker begins one when it starts, and a test may ask for one: none falls into another test.
    """
    vars(rounds)["_began"] = lambda _now, _period: "once"
    turns.SECONDS_BETWEEN_WRITES = PACE_S
    turns.WRITES_PER_MINUTE = turns.WRITES_PER_HOUR
    assert Pacer.__init__.__kwdefaults__ is not None
    Pacer.__init__.__kwdefaults__["lease_s"] = TURN_S
    vars(worker)["WorkerOptions"] = partial(WorkerOptions, poll_s=POLL_S)


def main() -> None:
    """Run the command of `sys.argv`."""
    hurry()
    command()
