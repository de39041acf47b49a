"""What the hardened sandbox costs over a plain container, how fast it kills, what output costs.

Run: python benchmarks/sandbox.py [rounds]. Needs a Docker Engine with the sandbox image. Variants
take turns in one process, because the load of the machine changes more than they differ.
"""

import contextlib
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import docker
from bot.adapters.docker_engine import connect
from bot.adapters.docker_images import SANDBOX_IMAGE
from bot.adapters.docker_sandbox import DockerSandbox, Station
from bot.domain.evidence import StopReason
from bot.domain.ports import SandboxFacts

COMMAND = ["python3", "-c", "print(6 * 7)"]
ALLOWED_RATIO = 1.15
ALLOWED_KILL_S = 1.0
ALLOWED_GROWTH_MIB = 20.0


def timed(act: Callable[[], object]) -> float:
    """Return the seconds that `act` takes."""
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def plain_run(client: docker.DockerClient, image: str) -> bytes:
    """Run the command as `docker run --rm --network none` does, on the same connection."""
    return client.containers.run(image, COMMAND, network_mode="none", remove=True, stderr=True)


def resident_mib() -> float:
    """Return what this process holds in memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / (1 << 20)


def overhead(sandbox: DockerSandbox, client: docker.DockerClient, rounds: int) -> float:
    """Print both medians and return their ratio."""
    image = sandbox.facts.image
    hardened: list[float] = []
    plain: list[float] = []
    for _ in range(rounds):
        hardened.append(timed(lambda: sandbox.run(COMMAND, timeout_s=60)))
        plain.append(timed(lambda: plain_run(client, image)))
    ours, theirs = statistics.median(hardened), statistics.median(plain)
    worst = statistics.quantiles(hardened, n=20)[-1]
    print(f"fresh hardened container per run: median {ours:.3f} s, p95 {worst:.3f} s")
    print(f"plain docker run --network none:  median {theirs:.3f} s; ratio {ours / theirs:.2f}")
    return ours / theirs


def kill_to_gone(sandbox: DockerSandbox, rounds: int) -> float:
    """Return the longest time from the deadline of a busy command to its container's removal."""
    late: list[float] = []
    for _ in range(rounds):
        started = time.perf_counter()
        result = sandbox.run(["sh", "-c", "while :; do :; done"], timeout_s=0.5)
        assert result.stop is StopReason.TIMEOUT
        late.append(time.perf_counter() - started - result.seconds)
    print(f"kill to gone, with starting the container: longest {max(late):.3f} s")
    return max(late)


def growth(sandbox: DockerSandbox) -> float:
    """Return by how much this process grows while a command prints a gigabyte."""
    before = resident_mib()
    seconds = timed(
        lambda: sandbox.run(["sh", "-c", "head -c 1000000000 /dev/zero"], timeout_s=120)
    )
    grown = resident_mib() - before
    print(f"a command that prints 1 GB: {seconds:.2f} s, this process grew by {grown:.1f} MiB")
    return grown


def main() -> int:
    """Print the figures and return 1 when one is over its limit."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    engine = connect()
    image = engine.image(SANDBOX_IMAGE)
    station = Station(engine, image, SandboxFacts("docker", image.id, "benchmark"))
    with (
        contextlib.closing(docker.from_env()) as client,
        contextlib.closing(DockerSandbox(station)) as sandbox,
    ):
        sandbox.put([])
        plain_run(client, image.id)
        is_good = (
            overhead(sandbox, client, rounds) <= ALLOWED_RATIO,
            kill_to_gone(sandbox, 5) < ALLOWED_KILL_S,
            growth(sandbox) < ALLOWED_GROWTH_MIB,
        )
    engine.disconnect()
    return 0 if all(is_good) else 1


if __name__ == "__main__":
    sys.exit(main())
