"""Marks what we make on an engine, and removes what its maker did not live to remove."""

import os
import platform
from pathlib import Path

from bot.adapters.docker_engine import DockerEngine, Labelled

OWNER = "pullwright.owner"
DEADLINE = "pullwright.deadline"
JOB = "pullwright.job"


def labels(*, job: str, deadline: float) -> dict[str, str]:
    """Return the labels of a container or volume of this process; `deadline` is in Unix time."""
    return {OWNER: _this_process(), DEADLINE: str(int(deadline)), JOB: job}


def reap(engine: DockerEngine, now: float) -> int:
    """Remove what is past its deadline or whose process is dead; return how many things went.

    What lives on another host, or in another container of this one, is only judged by deadline.
    """
    old = [found.id for found in engine.containers(OWNER) if _is_left_over(found, now)]
    for container in old:
        engine.remove(container)
    volumes = [found.id for found in engine.volumes(OWNER) if _is_left_over(found, now)]
    return len(old) + sum(engine.remove_volume(volume) for volume in volumes)


def _is_left_over(found: Labelled, now: float) -> bool:
    owner, deadline = found.labels.get(OWNER), found.labels.get(DEADLINE, "")
    if not owner:
        return False
    if not deadline.isdecimal() or float(deadline) < now:
        return True
    place, _, process = owner.partition(" ")
    return place == _place() and not _is_alive(process)


def _this_process() -> str:
    return f"{_place()} {os.getpid()}:{_started(os.getpid())}"


def _place() -> str:
    """Name the host and the process namespace: the same number elsewhere is somebody else."""
    try:
        namespace = Path("/proc/self/ns/pid").readlink().name
    except OSError:
        namespace = "-"
    return f"{platform.node()}/{namespace}"


def _is_alive(process: str) -> bool:
    pid, _, started = process.partition(":")
    if not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # another user's process by now, or still ours: its start decides
    return _started(int(pid)) == started


def _started(pid: int) -> str:
    """Return the start in clock ticks since boot; nothing for the dead, or without /proc."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    # The second field is the program's name in parentheses and may hold anything.
    fields = stat.rpartition(")")[2].split()
    return "dead" if fields[0] == "Z" else fields[19]
