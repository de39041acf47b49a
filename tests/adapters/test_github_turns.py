"""Turns that several processes share: the same rules in memory and in both databases."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from bot.adapters.github_pacing import LocalTurns, Pacer
from bot.adapters.sql_turns import SqlTurns, open_turns, pacing
from bot.domain.forge import ForgeUnavailable
from bot.domain.turns import Pacing, TurnStore
from bot.errors import Retryable
from tests.adapters.github_jobs import FakeTime, GitHubJob, github_job
from tests.adapters.test_sql_ledger_database import held
from tests.github_simulator import GitHub, simulator

ROOT = Path(__file__).parents[2]
INSTALLATION = 7
WRITES_EACH = 2
HOLD = """
import sys, time
from bot.adapters.github_pacing import Pacer
from bot.adapters.sql_turns import SqlTurns, open_turns
with Pacer(SqlTurns(open_turns(sys.argv[1]), int(sys.argv[2])), lease_s=5).write():
    print("writing", flush=True)
    time.sleep(600)
"""
GAP_S = 0.9
"""A little less than the second that GitHub wants: requests are not equally fast."""


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def new_store(
    request: pytest.FixtureRequest, tmp_path: Path, time: FakeTime
) -> Iterator[Callable[[], TurnStore]]:
    """Return what gives every process its own way to the turns that all share."""
    if request.param == "memory":
        shared = LocalTurns(time.now)
        yield lambda: shared
        return
    file = f"sqlite:///{tmp_path}/state/pullwright.db"
    url = file if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))
    with ExitStack() as stack:

        def opened() -> TurnStore:
            database = open_turns(url)
            stack.callback(database.close)
            return SqlTurns(database, INSTALLATION, lambda _connection: time.now())

        yield opened


@pytest.fixture
def pacers(new_store: Callable[[], TurnStore], time: FakeTime) -> tuple[Pacer, Pacer]:
    """Two processes of one App."""
    return Pacer(new_store(), time.sleep), Pacer(new_store(), time.sleep)


def write(pacer: Pacer) -> None:
    with pacer.write():
        pass


def test_processes_write_a_second_apart(pacers: tuple[Pacer, Pacer], time: FakeTime) -> None:
    for pacer in (*pacers, *pacers):
        write(pacer)

    assert time.naps == pytest.approx([1.0] * 3, abs=0.01)


def test_one_process_writes_at_a_time(pacers: tuple[Pacer, Pacer], time: FakeTime) -> None:
    first, second = pacers

    with first.write(), pytest.raises(ForgeUnavailable):
        write(second)

    assert sum(time.naps) == pytest.approx(20, abs=1)
    write(second)


def test_a_writer_that_died_frees_its_turn(
    new_store: Callable[[], TurnStore], time: FakeTime
) -> None:
    dying, second = Pacer(new_store(), time.sleep, lease_s=15), Pacer(new_store(), time.sleep)
    turn = dying.write()
    turn.__enter__()

    write(second)

    assert 15 <= sum(time.naps) < 17


def test_a_writer_that_comes_late_takes_nobody_the_turn(
    new_store: Callable[[], TurnStore], time: FakeTime
) -> None:
    slow, second = Pacer(new_store(), time.sleep, lease_s=15), Pacer(new_store(), time.sleep)
    third = Pacer(new_store(), time.sleep)

    with ExitStack() as stack:
        late = ExitStack()
        late.enter_context(slow.write())
        time.seconds += 16
        stack.enter_context(second.write())
        late.close()
        with pytest.raises(ForgeUnavailable):
            write(third)


def test_what_one_process_was_told_holds_for_all(
    pacers: tuple[Pacer, Pacer], time: FakeTime
) -> None:
    first, second = pacers
    first.hold(900)

    for attempt in (second.read, second.write):
        with pytest.raises(ForgeUnavailable) as raised, attempt():
            pass
        assert raised.value.retry_at is not None
        assert raised.value.retry_at.timestamp() == pytest.approx(time.now() + 900, abs=1)


def test_refusals_of_all_processes_are_counted_together(
    pacers: tuple[Pacer, Pacer], time: FakeTime
) -> None:
    first, second = pacers
    first.hold(None)
    time.seconds += 61

    second.hold(None)

    with pytest.raises(ForgeUnavailable) as raised, first.read():
        pass
    assert raised.value.retry_at is not None
    assert raised.value.retry_at.timestamp() == pytest.approx(time.now() + 120, abs=1)


def test_one_installation_does_not_wait_for_another(sql_url: str, time: FakeTime) -> None:
    with ExitStack() as stack:
        database = open_turns(sql_url)
        stack.callback(database.close)
        for installation in (1, 2):
            write(Pacer(SqlTurns(database, installation, lambda _: time.now()), time.sleep))

    assert time.naps == []


def test_nothing_is_sent_where_the_database_does_not_answer(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/pullwright.db"
    database = open_turns(url, wait_s=0.1)
    pacer = Pacer(SqlTurns(database, INSTALLATION))
    sent = []

    with held(url), pytest.raises(Retryable, match="does not answer"), pacer.write():
        sent.append(1)

    assert sent == []
    database.close()


def test_an_answer_is_kept_where_the_turn_cannot_be_given_back(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/pullwright.db"
    database = open_turns(url, wait_s=0.1)
    pacer = Pacer(SqlTurns(database, INSTALLATION))
    other = ExitStack()

    with pacer.write():
        other.enter_context(held(url))
    other.close()

    turns, now = SqlTurns(database, INSTALLATION).look()
    assert turns.holder_until > now + 60
    database.close()


def writer(github: GitHub, job: GitHubJob, url: str, name: str) -> "subprocess.Popen[bytes]":
    """Start a worker that posts a few replies and ends."""
    ids = [job.repo_id.installation_id, job.repo_id.id, job.repo_id.full_name, job.number]
    values = [github.api_url, job.app.app_id, str(job.app.key_file), *ids, url, name, WRITES_EACH]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.adapters.github_writer", json.dumps(values)], cwd=ROOT
    )


def test_real_processes_write_one_by_one_a_second_apart(sql_url: str, tmp_path: Path) -> None:
    with simulator(tmp_path) as github, github_job(github, tmp_path) as job, ExitStack() as stack:
        github.limits.min_write_gap_s = GAP_S
        workers = [stack.enter_context(writer(github, job, sql_url, f"w{n}")) for n in range(3)]

        assert [worker.wait(timeout=300) for worker in workers] == [0, 0, 0]

        assert len(job.pull.comments) == 3 * WRITES_EACH
        assert github.limits.violations == []


def test_a_writer_that_was_killed_stops_nobody_for_long(sql_url: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, sql_url, str(INSTALLATION)], stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"writing\n"
        holder.kill()
    database = open_turns(sql_url)
    store = SqlTurns(database, INSTALLATION)
    (died, _), pacer = store.look(), Pacer(store)

    write(pacer)

    after, _ = store.look()
    assert died.holder
    assert after.written[-1] >= died.holder_until
    database.close()


def test_an_operator_sees_how_long_the_forge_wants_no_request(sql_url: str) -> None:
    with closing(open_turns(sql_url)) as database:
        assert pacing(database) == Pacing()
        SqlTurns(database, INSTALLATION).revise(lambda turns, now: turns.held(500.0, now=now))

        seen = pacing(database)

    assert 100 < seen.wait_s <= 500
