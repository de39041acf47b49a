"""What this machine has for reviews, and what to do about the rest: the checks of `doctor`."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.analyzers.catalog import NAMES
from bot.adapters.docker_engine import DockerEngine, connect
from bot.adapters.docker_probe import probe
from bot.adapters.doctor_check import Check, version_in
from bot.adapters.unsafe_setup import docker_is_not_open, gitpython_is_new, runc_is_new
from bot.errors import SandboxUnavailable

_OLDEST_GIT = (2, 30)
_FREE_BYTES = 2 << 30


@dataclass(frozen=True, slots=True)
class Machine:
    """Where to look."""

    search_path: str
    state_dir: Path
    docker_host: str | None
    docker_cert_path: Path | None
    images: tuple[str, str]
    """The tools image and the test image."""
    needs_docker: bool
    """The operator chose Docker, so that nothing else will do."""


def examine(machine: Machine) -> Iterator[Check]:
    """Yield the checks in the order in which a person would mend them."""
    yield _git(machine.search_path)
    yield gitpython_is_new()
    yield from _analyzers(machine.search_path)
    yield _state(machine.state_dir)
    yield from _docker(machine)


def _git(search_path: str) -> Check:
    program = shutil.which("git", path=search_path)
    if program is None:
        return Check("git", False, "not on PATH: install git")
    said = _said([program, "--version"])
    version = version_in(said)
    is_good = version >= _OLDEST_GIT
    wanted = ".".join(map(str, _OLDEST_GIT))
    return Check("git", is_good, said if is_good else f"{said}: {wanted} or newer is needed")


def _analyzers(search_path: str) -> Iterator[Check]:
    own = os.pathsep.join((str(Path(sys.executable).parent), search_path))
    for name in NAMES:
        program = shutil.which(name, path=own)
        detail = _said([program, "--version"]) if program else "missing: pip install pullwright"
        yield Check(name, program is not None, detail, is_needed=False)


def _state(folder: Path) -> Check:
    """Look at the folder itself, or at the first one above it that exists."""
    place = next(p for p in (folder, *folder.parents) if p.exists())
    if not os.access(place, os.W_OK):
        return Check("state", False, f"{place} cannot be written: set PULLWRIGHT_STATE_DIR")
    free = shutil.disk_usage(place).free
    if free < _FREE_BYTES:
        return Check("state", False, f"{place} has only {free >> 20} MiB free: make room")
    if folder.exists() and folder.stat().st_mode & 0o077:
        fix = f"chmod 700 {shlex.quote(str(folder))}"
        return Check("state", False, f"others can read {folder}: {fix}", paste=(fix,))
    return Check("state", True, f"{folder}, {free >> 30} GiB free")


def unsafe(machine: Machine, *, has_containers: bool) -> Iterator[Check]:
    """Yield the checks with which no App may start; where no Engine answers, it needs no runc."""
    yield gitpython_is_new()
    if not has_containers:
        return
    yield docker_is_not_open(machine.docker_host, has_tls=machine.docker_cert_path is not None)
    try:
        engine = connect(machine.docker_host, cert_path=machine.docker_cert_path)
        facts = engine.facts()
    except SandboxUnavailable:
        return
    yield runc_is_new(facts)
    engine.disconnect()


def _docker(machine: Machine) -> Iterator[Check]:
    needed = machine.needs_docker
    address = docker_is_not_open(machine.docker_host, has_tls=machine.docker_cert_path is not None)
    if not address.is_good:
        yield address
    try:
        engine = connect(machine.docker_host, cert_path=machine.docker_cert_path)
        facts = engine.facts()
    except SandboxUnavailable as error:
        yield Check("docker", False, f"{error}; without it the process sandbox serves", needed)
        return
    yield Check("docker", True, f"Engine {facts.get('ServerVersion', 'of unknown version')}")
    yield runc_is_new(facts)
    for image in machine.images:
        yield from _image(engine, image, is_needed=needed)
    engine.disconnect()


def _image(engine: DockerEngine, image: str, *, is_needed: bool) -> Iterator[Check]:
    try:
        found = engine.image(image)
        results = probe(engine, image)
    except SandboxUnavailable as error:
        yield Check(image, False, str(error), is_needed)
        return
    yield Check(image, True, found.id[:19], is_needed)
    broken = [f"{r.name} ({r.detail})" for r in results if not r.is_held]
    held = f"all {len(results)} attempts to leave it were refused"
    yield Check(
        f"{image} sandbox", not broken, f"not held: {', '.join(broken)}" if broken else held
    )


def _said(argv: Sequence[str]) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"does not run: {error}"
    lines = done.stdout.decode("utf-8", "replace").split("\n")
    return next((line for line in lines if re.search(r"\d", line)), lines[0]).strip()
