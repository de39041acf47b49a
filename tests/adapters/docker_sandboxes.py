"""Small Docker sandboxes for tests, and what is left on the engine of a test's job."""

import contextlib
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.adapters.docker_engine import DockerEngine
from bot.adapters.docker_flags import DockerLimits
from bot.adapters.docker_images import SANDBOX_IMAGE
from bot.adapters.docker_reaper import JOB, labels
from bot.adapters.docker_sandbox import DockerSandbox, Station
from bot.domain.ports import SandboxFacts, SourceFile
from tests.adapters.sandbox_contract import CAPACITY_BYTES

SMALL = DockerLimits(
    memory_bytes=128 << 20,
    workspace_bytes=CAPACITY_BYTES - 4096,
    workspace_files=5000,
    tmp_bytes=16 << 20,
    processes=64,
    output_bytes=8 << 20,
)


@dataclass(frozen=True)
class Job:
    """One test's corner of the engine."""

    engine: DockerEngine
    limits: DockerLimits = SMALL
    name: str = field(default_factory=lambda: secrets.token_hex(8))

    @contextlib.contextmanager
    def sandbox(self, *files: SourceFile) -> Iterator[DockerSandbox]:
        image = self.engine.image(SANDBOX_IMAGE)
        facts = SandboxFacts("docker", image.id, "a test")
        station = Station(self.engine, image, facts, self.limits, job=self.name)
        with contextlib.closing(DockerSandbox(station)) as sandbox:
            sandbox.put(files)
            yield sandbox

    def labels(self) -> dict[str, str]:
        return labels(job=self.name, deadline=time.time() + 600)

    def containers(self) -> list[str]:
        return [found.id for found in self.engine.containers(f"{JOB}={self.name}")]

    def volumes(self) -> list[str]:
        return [found.id for found in self.engine.volumes(f"{JOB}={self.name}")]

    def wait_for_containers(self, count: int) -> list[str]:
        """Return the containers of the job once there are so many."""
        deadline = time.monotonic() + 20
        while len(found := self.containers()) != count:
            assert time.monotonic() < deadline, f"{len(found)} containers instead of {count}"
            time.sleep(0.02)
        return found
