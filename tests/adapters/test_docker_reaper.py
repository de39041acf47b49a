"""What a killed process left on the engine is removed by the next one, and nothing else is."""

import signal
import subprocess
import sys
import time

import pytest

from bot.adapters.docker_engine import DockerEngine
from bot.adapters.docker_reaper import DEADLINE, JOB, OWNER, labels, reap
from tests.adapters.docker_sandboxes import Job

pytestmark = pytest.mark.docker

WORKER = """
import sys
from bot.adapters.docker_engine import connect
from bot.domain.ports import SourceFile
from tests.adapters.docker_sandboxes import Job
with Job(connect(), name=sys.argv[1]).sandbox() as sandbox:
    sandbox.run(["sleep", "300"], timeout_s=300)
"""


def test_a_killed_worker_leaves_nothing_after_the_next_reap(docker_engine: DockerEngine) -> None:
    job = Job(docker_engine)
    worker = subprocess.Popen([sys.executable, "-c", WORKER, job.name])
    job.wait_for_containers(2)
    reap(docker_engine, time.time())
    alive = len(job.containers())
    worker.send_signal(signal.SIGKILL)
    worker.wait()

    # What the engine was still making for the dead is there for the next one only.
    deadline = time.monotonic() + 10
    while reap(docker_engine, time.time()) or job.containers() or job.volumes():
        assert time.monotonic() < deadline, "something of the dead is left"
        time.sleep(0.1)

    assert alive == 2
    assert (job.containers(), job.volumes()) == ([], [])


def test_what_is_past_its_deadline_goes_whoever_made_it(docker_engine: DockerEngine) -> None:
    job = Job(docker_engine)
    marks = {OWNER: "another-host/pid:[1] 1:1", JOB: job.name}
    docker_engine.create_volume({}, {**marks, DEADLINE: "1000"})
    later = docker_engine.create_volume({}, {**marks, DEADLINE: str(int(time.time()) + 600)})

    reap(docker_engine, time.time())

    assert job.volumes() == [later]
    docker_engine.remove_volume(later)


def test_what_others_made_is_left_alone(docker_engine: DockerEngine) -> None:
    stranger = docker_engine.create_volume({}, {JOB: "stranger", DEADLINE: "1000"})

    reap(docker_engine, time.time())

    assert docker_engine.remove_volume(stranger)
    assert stranger not in [found.id for found in docker_engine.volumes(OWNER)]


def test_a_number_that_was_given_to_another_process_is_not_its_maker(
    docker_engine: DockerEngine,
) -> None:
    job = Job(docker_engine)
    marks = labels(job=job.name, deadline=time.time() + 600)
    owner, _, started = marks[OWNER].rpartition(":")
    docker_engine.create_volume({}, {**marks, OWNER: f"{owner}:{int(started) + 1}"})

    reap(docker_engine, time.time())

    assert job.volumes() == []
