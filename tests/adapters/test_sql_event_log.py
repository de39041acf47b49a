"""A log that is cut off in mid-write, and one that several write at once."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bot.adapters.sql_ledger import open_ledger
from tests.adapters.event_log_contract import an_event

_DIES_IN_MID_WRITE = """
import os, sys
from bot.adapters import sql_event_log
from bot.adapters.sql_ledger import open_ledger
from tests.adapters.event_log_contract import an_event

insert_once, written = sql_event_log.insert_once, []

def insert_then_die(*arguments):
    is_new = insert_once(*arguments)
    written.append(arguments)
    if len(written) == 2:
        print("two rows are written, and not committed", flush=True)
        os._exit(9)
    return is_new

sql_event_log.insert_once = insert_then_die
open_ledger(sys.argv[1]).events.append(an_event(f"lost-{n}") for n in range(3))
"""


def test_a_log_whose_writer_died_in_mid_write_loses_nothing(sql_url: str) -> None:
    ledger = open_ledger(sql_url)
    ledger.events.append([an_event("before")])
    argv = [sys.executable, "-c", _DIES_IN_MID_WRITE, sql_url]
    root = Path(__file__).resolve().parents[2]

    dead = subprocess.run(argv, cwd=root, capture_output=True, text=True, check=False)

    assert (dead.returncode, "two rows" in dead.stdout) == (9, True), dead.stderr
    assert ledger.events.append([an_event("lost-0"), an_event("after")]) == 2
    assert [(each.seq, each.event.event_id) for each in ledger.events.after(0)] == [
        (1, "before"), (2, "lost-0"), (3, "after"),
    ]  # fmt: skip
    ledger.close()


def test_whoever_reads_on_from_the_last_number_misses_nothing(sql_url: str) -> None:
    ledgers = [open_ledger(sql_url) for _ in range(4)]

    def append(writer: int) -> None:
        for number in range(10):
            ledgers[writer].events.append(
                [an_event(f"{writer}-{number}"), an_event(f"all-{number}")]
            )

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(append, range(4)))

    assert [each.seq for each in ledgers[0].events.after(0)] == list(range(1, 51))
    for ledger in ledgers:
        ledger.close()
