"""The flags of every container we start, and the sizes they are given.

Each flag is here because something got through without it; a test removes none of them unseen,
because it reads all of them back from the engine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.adapters.seccomp_profile import PROFILE

WORKSPACE = "/ws"
TREE = "/ws/tree"
OUT = "/ws/out"
DEPENDENCIES = "/opt/pullwright"
"""What a setup phase may write; the interpreter's environment is below it."""
USER_ID = 65534
USER = f"{USER_ID}:{USER_ID}"

_MIB = 1 << 20
_PAGE = 4096
_STANDARD_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class DockerLimits:
    """Sizes of one sandbox; files in it are memory of the host while it is open."""

    memory_bytes: int = 1024 * _MIB
    """For processes. Files are counted apart: see `runner_memory_bytes`."""
    workspace_bytes: int = 1024 * _MIB
    """Tree and results together."""
    workspace_files: int = 200_000
    tmp_bytes: int = 256 * _MIB
    shm_bytes: int = 16 * _MIB
    processes: int = 256
    open_files: int = 1024
    cpus: float = 1.0
    output_bytes: int = 64 * _MIB
    """Both streams together; a command that prints more is killed."""
    lifetime_s: float = 7200.0
    """After this a sandbox is removed by the next one that opens on the same engine."""

    @property
    def runner_memory_bytes(self) -> int:
        """The memory limit of a run.

        A page of a tmpfs is charged to the container that first touches it, and stays charged
        while that container lives. With a smaller limit, filling the disk would be reported as
        running out of memory. What `put` writes is charged to the engine, not to a run.
        """
        return self.memory_bytes + self.workspace_bytes + self.tmp_bytes + self.shm_bytes


@dataclass(frozen=True, slots=True)
class Container:
    """What differs between the containers of a sandbox."""

    image: str
    argv: Sequence[str]
    mounts: Sequence[Mapping[str, object]]
    labels: Mapping[str, str]
    environment: Mapping[str, str]
    memory_bytes: int
    processes: int
    working_dir: str = TREE
    network: str = "none"
    runtime: str | None = None
    """None for the engine's default, or such as `runsc`."""


def environment(*, path: str | None, has_src: bool) -> dict[str, str]:
    """Return all that a command finds in its environment; nothing of ours is ever passed on."""
    fixed = {
        "PATH": f"{DEPENDENCIES}/venv/bin:{path or _STANDARD_PATH}",
        "HOME": "/tmp",  # noqa: S108 - inside the container, a file system of its own
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "CI": "1",
        "NO_COLOR": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "GOCACHE": "/tmp/go-build",  # noqa: S108 - as above
        "GOMODCACHE": f"{DEPENDENCIES}/go",
        "GOFLAGS": "-buildvcs=false",
        "CARGO_HOME": f"{DEPENDENCIES}/cargo",
        "NODE_PATH": f"{DEPENDENCIES}/node_modules",
    }
    # The tree changes from run to run, so a src layout is found by path instead of installed.
    return {**fixed, "PYTHONPATH": f"{TREE}/src"} if has_src else fixed


def volume_mount(volume: str, target: str, *, is_filled: bool = False) -> dict[str, object]:
    """Return a mount of a named volume; `is_filled` copies what the image has there."""
    options = {"NoCopy": not is_filled}
    return {"Type": "volume", "Source": volume, "Target": target, "VolumeOptions": options}


def volume_options(size_bytes: int, files: int, *, owner: int) -> dict[str, str]:
    """Return the driver options of a volume that can never hold more than this."""
    sizes = f"size={size_bytes},nr_inodes={files}"
    return {
        "type": "tmpfs",
        "device": "tmpfs",
        "o": f"{sizes},uid={owner},gid={owner},mode=0755,nosuid,nodev",
    }


def container_config(container: Container, limits: DockerLimits) -> dict[str, object]:
    """Return the body of the engine's "create a container" request."""
    return {
        "Image": container.image,
        "Entrypoint": [container.argv[0]],
        "Cmd": list(container.argv[1:]),
        "User": USER,
        "WorkingDir": container.working_dir,
        "Env": [f"{name}={value}" for name, value in container.environment.items()],
        "Labels": dict(container.labels),
        "AttachStdin": False,
        "AttachStdout": True,
        "AttachStderr": True,
        "OpenStdin": False,
        "Tty": False,
        "HostConfig": _host_config(container, limits),
    }


def _host_config(container: Container, limits: DockerLimits) -> dict[str, object]:
    return {
        "NetworkMode": container.network,
        "ReadonlyRootfs": True,
        "CapDrop": ["ALL"],
        "Privileged": False,
        "SecurityOpt": ["no-new-privileges:true", f"seccomp={PROFILE}"],
        "Init": True,
        "PidsLimit": container.processes,
        "Memory": container.memory_bytes,
        "MemorySwap": container.memory_bytes,
        "OomKillDisable": False,
        "NanoCpus": int(limits.cpus * 1e9),
        "IpcMode": "private",
        "ShmSize": limits.shm_bytes,
        "Tmpfs": {"/tmp": _tmp_options(limits)},  # noqa: S108 - inside the container
        "Mounts": list(container.mounts),
        "Ulimits": _ulimits(limits),
        "LogConfig": {"Type": "none", "Config": {}},
        "RestartPolicy": {"Name": "no"},
        "AutoRemove": False,
        "Runtime": container.runtime,
    }


def _tmp_options(limits: DockerLimits) -> str:
    # `exec`: go and cargo run what they build there, and the tree may run programs anyway.
    # uid and gid: with runc 1.1.5 the mode alone is ignored (opencontainers/runc#3911).
    owner = f"uid={USER_ID},gid={USER_ID},mode=1777"
    return f"rw,exec,nosuid,nodev,size={limits.tmp_bytes},nr_inodes=20000,{owner}"


def _ulimits(limits: DockerLimits) -> list[dict[str, object]]:
    # One file may fill the workspace, and a page more, so that it is told "no space left" there;
    # a sparse one of a terabyte may not be.
    sizes = {"core": 0, "nofile": limits.open_files, "fsize": limits.workspace_bytes + _PAGE}
    return [{"Name": name, "Soft": size, "Hard": size} for name, size in sizes.items()]
