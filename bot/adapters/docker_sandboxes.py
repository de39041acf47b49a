"""Opens Docker sandboxes: picks the image, installs dependencies where that is allowed."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.adapters.docker_engine import DockerEngine, Image
from bot.adapters.docker_flags import DockerLimits
from bot.adapters.docker_images import (
    SANDBOX_IMAGE,
    TOOLS_IMAGE,
    Derivation,
    SetupFailed,
    SetupLimits,
    prune,
)
from bot.adapters.docker_reaper import reap
from bot.adapters.docker_sandbox import DockerSandbox, Station
from bot.adapters.docker_setup import setup_plan
from bot.domain.ports import Dependencies, Purpose, Sandbox, SandboxFacts
from bot.errors import SandboxFailed


def no_network(_command: str) -> bool:
    """Refuse the setup phase its network: the answer where nobody was asked."""
    return False


@dataclass
class DockerSandboxes:
    """Sandboxes on one engine; `open` first removes what dead processes left there."""

    engine: DockerEngine
    reason: str
    """Why Docker was picked, for `SandboxFacts`."""
    tools_image: str = TOOLS_IMAGE
    sandbox_image: str = SANDBOX_IMAGE
    limits: DockerLimits = field(default_factory=DockerLimits)
    setup: SetupLimits = field(default_factory=SetupLimits)
    may_use_network: Callable[[str], bool] = no_network
    """Asked once per set of dependencies, with the command; True gives the setup a network."""
    runtime: str | None = None
    job: str = ""
    _notes: dict[str, str] = field(default_factory=dict, init=False, repr=False)
    """By derivation: why its image cannot be had, so that it is tried and asked once."""

    def open(self, purpose: Purpose, dependencies: Dependencies | None = None) -> Sandbox:
        reap(self.engine, time.time())
        is_for_tests = purpose is Purpose.TESTS
        image = self.engine.image(self.sandbox_image if is_for_tests else self.tools_image)
        note = None
        if is_for_tests and dependencies is not None:
            image, note = self._with_dependencies(image, dependencies)
        facts = SandboxFacts("docker", image.id, self.reason, (note,) if note else ())
        return DockerSandbox(
            Station(
                engine=self.engine,
                image=image,
                facts=facts,
                limits=self.limits,
                runtime=self.runtime,
                job=self.job,
                imports_src=is_for_tests,
            )
        )

    def _with_dependencies(
        self, base: Image, dependencies: Dependencies
    ) -> tuple[Image, str | None]:
        """Return the image with the dependencies, or the plain one and a note that says why."""
        plan = setup_plan(dependencies)
        if plan is None:
            return base, None
        derivation = Derivation(self.engine, base, plan, self.setup, self.job)
        made = derivation.find()
        if made is None and derivation.key not in self._notes:
            made = self._made(derivation)
        if made is None:
            return base, self._notes[derivation.key]
        return made, None

    def _made(self, derivation: Derivation) -> Image | None:
        command = derivation.plan.command
        why = f"`{command}` needs a network; allow it with PULLWRIGHT_SETUP_NETWORK=yes"
        if self.may_use_network(command):
            try:
                image = derivation.make(self.limits, runtime=self.runtime)
            except (SetupFailed, SandboxFailed) as error:
                why = str(error)
            else:
                prune(self.engine, self.setup, now=time.time(), keep=image.id)
                return image
        self._notes[derivation.key] = f"dependencies were not installed: {why}"
        return None
