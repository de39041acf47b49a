"""Process settings, read once at start; the only reader of the environment."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from bot.errors import Refused

T = TypeVar("T", bound=StrEnum)


class SandboxChoice(StrEnum):
    """`PULLWRIGHT_SANDBOX`: where code may run."""

    AUTO = "auto"
    DOCKER = "docker"
    PROCESS = "process"
    NONE = "none"


class SetupNetwork(StrEnum):
    """`PULLWRIGHT_SETUP_NETWORK`: may the setup phase (dependencies) reach a network."""

    ASK = "ask"
    YES = "yes"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator decides; nothing in a repository can change any of it."""

    state_dir: Path
    """Mirrors, answers given once; created with mode 0700 when first used."""
    sandbox: SandboxChoice = SandboxChoice.AUTO
    sandbox_image: str | None = None
    """Replaces the test image that `make images` builds."""
    tools_image: str | None = None
    setup_network: SetupNetwork = SetupNetwork.ASK
    workspace_mib: int = 1024
    """Size of the workspace volume in a Docker sandbox."""
    docker_host: str | None = None
    """`DOCKER_HOST`: the Engine that runs code; None for the local socket."""
    docker_cert_path: Path | None = None
    """`DOCKER_CERT_PATH`, where `DOCKER_TLS_VERIFY` is set."""
    network: Mapping[str, str] = field(default_factory=dict)
    """The operator's proxies and certificates, in the variables that git reads."""
    search_path: str = os.defpath
    """PATH for the process sandbox."""
    is_colour_off: bool = False


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of this process; raises Refused naming the variable and its values."""
    env = os.environ if environ is None else environ
    return Settings(
        state_dir=state_dir(env),
        sandbox=_choice(env, "PULLWRIGHT_SANDBOX", SandboxChoice, SandboxChoice.AUTO),
        sandbox_image=env.get("PULLWRIGHT_SANDBOX_IMAGE") or None,
        tools_image=env.get("PULLWRIGHT_TOOLS_IMAGE") or None,
        setup_network=_choice(env, "PULLWRIGHT_SETUP_NETWORK", SetupNetwork, SetupNetwork.ASK),
        workspace_mib=_mebibytes(env, "PULLWRIGHT_WORKSPACE_MIB", 1024),
        docker_host=env.get("DOCKER_HOST") or None,
        docker_cert_path=_docker_cert_path(env),
        network=_network(env),
        search_path=env.get("PATH", os.defpath),
        is_colour_off=bool(env.get("NO_COLOR")),
    )


def state_dir(environ: Mapping[str, str] | None = None) -> Path:
    """Return the folder for what outlives a run; never raises, so that bugs have a place."""
    env = os.environ if environ is None else environ
    if given := env.get("PULLWRIGHT_STATE_DIR"):
        return Path(given).expanduser().absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "pullwright"
    home = env.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(home) / "pullwright"


def _network(env: Mapping[str, str]) -> dict[str, str]:
    names = ("http_proxy", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY", "GIT_SSL_CAINFO")
    found = {name: env[name] for name in names if env.get(name)}
    if "SSL_CERT_FILE" in env:
        found.setdefault("GIT_SSL_CAINFO", env["SSL_CERT_FILE"])
    return found


def _docker_cert_path(env: Mapping[str, str]) -> Path | None:
    if not env.get("DOCKER_TLS_VERIFY"):
        return None
    return Path(env.get("DOCKER_CERT_PATH") or Path.home() / ".docker")


def _choice(env: Mapping[str, str], name: str, kind: type[T], default: T) -> T:
    value = env.get(name) or default.value
    try:
        return kind(value.lower())
    except ValueError:
        allowed = ", ".join(kind)
        raise Refused(f"{name}={value} is not one of: {allowed}") from None


def _mebibytes(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name) or str(default)
    if not value.isdecimal() or not 16 <= int(value) <= 1 << 20:
        raise Refused(f"{name}={value} is not a number of MiB from 16 to 1048576")
    return int(value)
