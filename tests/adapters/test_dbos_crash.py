"""Workers that die by kill -9, sleep too long, or start twice. Every test uses real processes."""

import itertools
import json
import os
import signal
import sqlite3
import time
from pathlib import Path

from dbos import DBOSClient, DBOSPortableJSONSerializer

from bot.adapters.dbos_database import open_engine
from bot.domain.jobs import JobId, JobStatus
from tests.adapters.queue_processes import Process, Queue, a_job, cut_all_lines

STEPS = 5
MOMENTS = ("begun", "done", "recorded")
"""Before the effect of a step, between the effect and its record, and after the record."""


def test_a_job_that_is_killed_at_every_boundary_ends_and_repeats_no_finished_step(
    queue: Queue,
) -> None:
    # The engine's code is the same on a server, so there only the worst moment is looked at.
    moments = MOMENTS if queue.url.startswith("sqlite") else ("done",)
    points = [[step, moment] for step in range(1, STEPS + 1) for moment in moments]
    queue.submit(a_job(payload={"steps": STEPS, "die_at": points}))

    deaths = _run_to_end(queue, slot="here")

    # Only what was killed between its effect and its record is done again.
    assert deaths == len(points)
    assert queue.steps("end") == [step for step in range(1, STEPS + 1) for _ in range(2)]
    assert queue.jobs.status(JobId("job")) is JobStatus.DONE


def test_the_job_of_a_dead_host_is_taken_over_after_its_lease(queue: Queue) -> None:
    queue.submit(a_job(payload={"steps": 3, "sleep_s": 0.3, "die_at": [[2, "done"]]}))
    queue.start(slot="a", lease_s=3)
    queue.wait_for_step(2)
    queue.start(slot="b", lease_s=3)

    assert queue.wait_for_end("job") == [JobStatus.DONE]
    assert queue.steps("end") == [1, 2, 2, 3]
    (died,) = queue.times("job", event="end")[1:2]
    (again,) = queue.times("job", event="begin")[2:3]
    assert again - died < 3 + 3


def test_a_live_worker_keeps_its_job_longer_than_a_lease(local_queue: Queue) -> None:
    local_queue.submit(a_job(payload={"steps": 1, "sleep_s": 4}))
    local_queue.start(slot="a", lease_s=2)
    local_queue.wait_for_step(1)
    local_queue.start(slot="b", lease_s=2)

    local_queue.wait_for_end("job")

    assert local_queue.steps("begin") == [1]


def test_a_worker_that_slept_longer_than_its_lease_begins_no_other_step(local_queue: Queue) -> None:
    local_queue.submit(a_job(payload={"steps": 3, "sleep_s": 1}))
    sleeper = local_queue.start(slot="a", lease_s=2)
    local_queue.wait_for_step(1)
    sleeper.send_signal(signal.SIGSTOP)
    local_queue.start(slot="b", lease_s=2)
    local_queue.wait_for_end("job")

    sleeper.send_signal(signal.SIGCONT)
    errors = local_queue.wait_for_death(sleeper)

    assert "Retryable: the worker lost its lease of 2 s" in errors
    pids = [e["pid"] for e in local_queue.of("job") if e["event"] == "begin"]
    assert pids.count(sleeper.pid) == 1


def test_the_same_slot_is_refused_twice_and_free_after_kill(queue: Queue) -> None:
    first = queue.start(slot="here")
    queue.submit(a_job("one"))
    queue.wait_for_end("one")

    second = queue.start(slot="here")
    assert "Refused: another worker runs in the slot here" in queue.wait_for_death(second)

    first.kill()
    first.wait()
    second = queue.start(slot="here")
    queue.submit(a_job("two"))
    assert queue.wait_for_end("two") == [JobStatus.DONE]


def test_workers_without_a_name_find_slots_of_their_own(local_queue: Queue) -> None:
    local_queue.jobs.check()
    for _ in range(2):
        local_queue.start(slots=1)
    jobs = [a_job(f"job-{n}", payload={"sleep_s": 1.5}) for n in range(2)]
    local_queue.until(lambda: _workers(local_queue) == 2)
    local_queue.submit(*jobs)

    local_queue.wait_for_end(*(job.id for job in jobs))

    assert len({e["pid"] for e in local_queue.effects.read()}) == 2


def test_a_polite_end_leaves_the_job_to_the_next_worker(local_queue: Queue) -> None:
    local_queue.submit(a_job(payload={"steps": 3, "sleep_s": 1}))
    first = local_queue.start(slot="a")
    local_queue.wait_for_step(2)

    first.send_signal(signal.SIGTERM)
    errors = local_queue.wait_for_death(first)
    local_queue.start(slot="b")

    assert (first.returncode, errors) == (0, "")
    assert local_queue.wait_for_end("job") == [JobStatus.DONE]
    assert local_queue.steps("begin").count(1) == 1


def test_jobs_of_another_workflow_version_are_not_run_by_this_one(local_queue: Queue) -> None:
    local_queue.submit(a_job(payload={"steps": 2, "die_at": [[1, "done"]]}))
    local_queue.wait_for_death(local_queue.start(slot="here"))
    _execute(local_queue, "UPDATE queue_jobs SET version = 'wf0'")

    errors = local_queue.wait_for_death(local_queue.start(slot="here"))
    _execute(local_queue, "UPDATE queue_jobs SET version = 'wf2'")
    local_queue.start(slot="here")

    assert "Refused: jobs of another workflow version have not ended (1 of wf0" in errors
    assert local_queue.wait_for_end("job") == [JobStatus.DONE]


def test_jobs_that_ended_long_ago_are_forgotten_whole(queue: Queue) -> None:
    queue.submit(a_job(payload={"steps": 3}), a_job("waits", key="key of job", sequence=2))
    queue.start(slot="here")
    queue.wait_for_end("job", "waits")
    queue.submit(a_job("later", payload={"sleep_s": 30}))
    queue.wait_for_step(1, "later")

    queue.start(slot="other", keep_s=0)
    queue.until(lambda: queue.jobs.status(JobId("job")) is None)

    queue.until(lambda: len(_workflows(queue)) == 1)
    assert _workflows(queue) == ["later"]
    assert queue.jobs.status(JobId("later")) is JobStatus.RUNNING


def test_a_worker_lives_through_a_restart_of_its_server(postgres_url: str, tmp_path: Path) -> None:
    queue = Queue(postgres_url, tmp_path)
    try:
        queue.submit(a_job(payload={"steps": 3, "sleep_s": 0.5}))
        worker = queue.start(lease_s=5, slot="here")
        queue.wait_for_step(2)
        cut_all_lines(postgres_url)

        assert queue.wait_for_end("job") == [JobStatus.DONE]
        assert queue.steps("begin") == [1, 2, 3]
        # The lock is taken again with the next sign of life, a quarter of a lease later.
        time.sleep(1.5)
        assert "slot here" in queue.wait_for_death(queue.start(slot="here"))
        assert worker.poll() is None
    finally:
        queue.close()


def test_the_queues_files_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    queue = Queue(f"sqlite:///{folder}/pullwright.db", tmp_path)
    try:
        queue.submit(a_job())
        queue.start()
        queue.wait_for_end("job")
        modes = {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}
        with sqlite3.connect(folder / "pullwright.db") as connection:
            journal = connection.execute("PRAGMA journal_mode").fetchone()
        connection.close()
    finally:
        queue.close()

    assert {"pullwright.db", "pullwright.db-wal", "pullwright.db-shm"} <= modes.keys()
    assert set(modes.values()) <= {0o600, 0o700}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert journal == ("wal",)


def test_nothing_that_is_stored_is_a_pickle(tmp_path: Path) -> None:
    queue = Queue(f"sqlite:///{tmp_path}/pullwright.db", tmp_path)
    try:
        queue.submit(a_job(payload={"steps": 2}))
        queue.start()
        queue.wait_for_end("job")
        with sqlite3.connect(tmp_path / "pullwright.db") as connection:
            outputs = connection.execute("SELECT output FROM operation_outputs").fetchall()
            inputs = connection.execute("SELECT inputs FROM workflow_input").fetchall()
        connection.close()
    finally:
        queue.close()

    stored = [json.loads(text) for (text,) in (*outputs, *inputs)]
    assert stored[0] == '{"value": {"number": 1, "pair": [1, 2]}}'
    assert stored[-1]["positionalArgs"] == ["job"]


def test_the_environment_cannot_make_a_worker_call_home(local_queue: Queue) -> None:
    local_queue.environment = {**os.environ, "DBOS__CLOUD": "true", "DBOS_APP_NAME": "x"}

    errors = local_queue.wait_for_death(local_queue.start())

    assert "Refused: the job engine does not start" in errors


def test_a_worker_opens_no_socket_to_the_network(tmp_path: Path) -> None:
    queue = Queue(f"sqlite:///{tmp_path}/pullwright.db", tmp_path)
    try:
        queue.submit(a_job())
        worker = queue.start()
        queue.wait_for_end("job")
        sockets = _sockets(worker.pid)
        worker.terminate()
        errors = queue.wait_for_death(worker)
    finally:
        queue.close()

    tables = [Path("/proc/net", name).read_text() for name in ("tcp", "tcp6", "udp", "udp6")]
    assert not [inode for inode in sockets if any(f" {inode} " in table for table in tables)]
    assert errors == ""


def _run_to_end(queue: Queue, *, slot: str) -> int:
    """Start the worker again each time that it dies; return how often it did."""
    for deaths in itertools.count():
        if not _dies(queue, queue.start(slot=slot)):
            return deaths
    raise AssertionError


def _dies(queue: Queue, worker: Process) -> bool:
    queue.until(lambda: worker.poll() is not None or _is_over(queue))
    return worker.poll() is not None


def _is_over(queue: Queue) -> bool:
    return queue.jobs.status(JobId("job")) is JobStatus.DONE


def _workers(queue: Queue) -> int:
    return _execute(queue, "SELECT executor FROM queue_workers")


def _workflows(queue: Queue) -> list[str]:
    """Return the ids of the jobs that DBOS knows."""
    client = DBOSClient(system_database_url=queue.url, serializer=DBOSPortableJSONSerializer())
    try:
        return [workflow.workflow_id for workflow in client.list_workflows()]
    finally:
        client.destroy()


def _execute(queue: Queue, statement: str) -> int:
    """Run one statement and return how many rows it met."""
    engine = open_engine(queue.url)
    try:
        with engine.begin() as connection:
            result = connection.exec_driver_sql(statement)
            return len(result.all()) if result.returns_rows else result.rowcount
    finally:
        engine.dispose()


def _sockets(pid: int) -> list[str]:
    targets = [link.readlink().name for link in Path(f"/proc/{pid}/fd").iterdir()]
    return [target[len("socket:[") : -1] for target in targets if target.startswith("socket:")]
