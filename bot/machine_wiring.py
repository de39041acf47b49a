"""Builds what looks at this machine: for `doctor`, and before the App starts."""

from collections.abc import Iterator

from bot.adapters import docker_images, machine_doctor
from bot.adapters.doctor_check import Check
from bot.adapters.machine_doctor import Machine
from bot.errors import Refused
from bot.model_wiring import examine_model
from bot.settings import ModelSettings, SandboxChoice, Settings


def examine(settings: Settings, model: ModelSettings) -> Iterator[Check]:
    """Yield what `doctor` looks at."""
    yield from machine_doctor.examine(_machine(settings))
    yield from examine_model(settings.network, model)


def refuse_unsafe(settings: Settings) -> None:
    """Raise Refused for a machine on which no App may start (rule R27)."""
    has_containers = settings.sandbox is not SandboxChoice.NONE
    for check in machine_doctor.unsafe(_machine(settings), has_containers=has_containers):
        if not check.is_good:
            raise Refused(f"{check.name}: {check.detail}")


def _machine(settings: Settings) -> Machine:
    return Machine(
        search_path=settings.search_path,
        state_dir=settings.state_dir,
        docker_host=settings.docker_host,
        docker_cert_path=settings.docker_cert_path,
        images=(
            settings.tools_image or docker_images.TOOLS_IMAGE,
            settings.sandbox_image or docker_images.SANDBOX_IMAGE,
        ),
        needs_docker=settings.sandbox is SandboxChoice.DOCKER,
    )
