"""Tries out that a sandbox of this engine holds what must be held, for `doctor` and for a test."""

import contextlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.adapters import probe_inside
from bot.adapters.docker_engine import DockerEngine
from bot.adapters.docker_flags import DockerLimits, environment
from bot.adapters.docker_sandbox import DockerSandbox, Station
from bot.domain.ports import SandboxFacts, SourceFile
from bot.errors import SandboxFailed

_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """One thing that code of a pull request must not be able to do."""

    name: str
    is_held: bool
    detail: str
    """What happened: the kernel's refusal, or what could be done."""


def probe(
    engine: DockerEngine, image: str, *, runtime: str | None = None
) -> tuple[ProbeResult, ...]:
    """Try everything in a sandbox of the image; raises SandboxUnavailable where there is none."""
    found = engine.image(image)
    facts = SandboxFacts("docker", found.id, "probe")
    limits = replace(DockerLimits(), workspace_bytes=16 << 20, memory_bytes=256 << 20)
    station = Station(engine, found, facts, limits, runtime=runtime)
    with contextlib.closing(DockerSandbox(station)) as sandbox:
        script = Path(probe_inside.__file__).read_bytes()
        sandbox.put([SourceFile("probe.py", script)])
        ours = environment(path=None, has_src=True)
        result = sandbox.run(["{python}", "-I", "probe.py", *ours], timeout_s=_TIMEOUT_S)
    return tuple(ProbeResult(name, *said) for name, said in _answers(result.stdout).items())


def _answers(data: bytes) -> dict[str, Any]:
    try:
        answers = json.loads(data)
    except ValueError as error:
        raise SandboxFailed("the probe did not answer inside the sandbox") from error
    return dict(answers)
