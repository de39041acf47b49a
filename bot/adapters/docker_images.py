"""Our two images, and the images derived from them by installing a project's dependencies.

The setup phase is the only one that may have a network. It writes to a sized volume, under the
same flags as any run; the volume is then laid into a container that is never started, and
committed. So an image is bounded, and no code ever ran in a file system of its own to write to.
"""

import contextlib
import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from bot import __version__
from bot.adapters.docker_engine import DockerEngine, Image
from bot.adapters.docker_flags import (
    DEPENDENCIES,
    TREE,
    USER_ID,
    DockerLimits,
    volume_mount,
    volume_options,
)
from bot.adapters.docker_reaper import labels
from bot.adapters.docker_sandbox import DockerSandbox, Station
from bot.adapters.docker_setup import SetupPlan
from bot.domain.evidence import StopReason
from bot.domain.ports import CommandResult, SandboxFacts, SourceFile
from bot.errors import PullwrightError

TOOLS_IMAGE = f"pullwright-tools:{__version__}"
SANDBOX_IMAGE = f"pullwright-sandbox:{__version__}"

_DERIVED = "pullwright.derived"
_BASE_BYTES = "pullwright.base-bytes"
_CA_FILE = ".pullwright/ca.pem"
_CA_VARIABLES = (
    "CARGO_HTTP_CAINFO",
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "NODE_EXTRA_CA_CERTS",
    "PIP_CERT",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
)


class SetupFailed(PullwrightError):
    """The dependencies were not installed; the message says why, with the last lines."""


@dataclass(frozen=True, slots=True)
class SetupLimits:
    """What the setup phase gets, and how long its images are kept; the operator's to choose."""

    timeout_s: float = 900.0
    installed_bytes: int = 2 << 30
    """Held in memory while the setup runs, on disk as an image afterwards."""
    installed_files: int = 400_000
    tmp_bytes: int = 1 << 30
    ca_file: Path | None = Path("/etc/ssl/certs/ca-certificates.crt")
    """Certificates that the setup trusts, for a network behind a company's own."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Such as PIP_INDEX_URL or HTTPS_PROXY. The base side's code can read it: no secrets."""
    keep_days: float = 14.0
    keep_bytes: int = 10 << 30


@dataclass(frozen=True, slots=True)
class Derivation:
    """A base image and what to install on it."""

    engine: DockerEngine
    base: Image
    plan: SetupPlan
    limits: SetupLimits = field(default_factory=SetupLimits)
    job: str = ""

    @property
    def key(self) -> str:
        """The digest of the base image, the command and the files: same key, same image."""
        digest = hashlib.sha256()
        parts = [self.base.id, self.plan.command]
        for name, data in sorted(self.plan.files.items()):
            parts += [name, hashlib.sha256(data).hexdigest()]
        digest.update("\0".join(parts).encode("utf-8", "surrogateescape"))
        return digest.hexdigest()[:40]

    @property
    def tag(self) -> str:
        """The image's name."""
        return f"pullwright-dependencies:{self.key}"

    def find(self) -> Image | None:
        """Return the image when it was made before."""
        return self.engine.find_image(self.tag)

    def make(self, sandbox_limits: DockerLimits, *, runtime: str | None = None) -> Image:
        """Install with a network and return the image; raises SetupFailed."""
        marks = labels(job=self.job, deadline=time.time() + self.limits.timeout_s + 600)
        sizes = (self.limits.installed_bytes, self.limits.installed_files)
        volume = self.engine.create_volume(volume_options(*sizes, owner=USER_ID), marks)
        try:
            station = self._station(sandbox_limits, volume, runtime)
            with contextlib.closing(DockerSandbox(station)) as sandbox:
                self._install(sandbox)
                self._commit(sandbox.holder)
        finally:
            self.engine.remove_volume(volume)
        return self.engine.image(self.tag)

    def _station(self, limits: DockerLimits, volume: str, runtime: str | None) -> Station:
        memory = limits.memory_bytes + self.limits.installed_bytes
        return Station(
            engine=self.engine,
            image=self.base,
            facts=SandboxFacts("docker", self.base.id, "setup"),
            limits=replace(limits, memory_bytes=memory, tmp_bytes=self.limits.tmp_bytes),
            runtime=runtime,
            job=self.job,
            network="bridge",
            extra_environment={**self.limits.environment, **self._trust()},
            extra_mounts=(volume_mount(volume, DEPENDENCIES, is_filled=True),),
            imports_src=False,
        )

    def _trust(self) -> dict[str, str]:
        return dict.fromkeys(_CA_VARIABLES, f"{TREE}/{_CA_FILE}") if self._ca() else {}

    def _ca(self) -> bytes:
        ca_file = self.limits.ca_file
        return ca_file.read_bytes() if ca_file is not None and ca_file.is_file() else b""

    def _install(self, sandbox: DockerSandbox) -> None:
        files = [SourceFile(name, data) for name, data in self.plan.files.items()]
        sandbox.put([*files, SourceFile(_CA_FILE, self._ca())])
        result = sandbox.run(["sh", "-c", self.plan.command], timeout_s=self.limits.timeout_s)
        if result.stop is not StopReason.EXITED or result.exit_code != 0:
            raise SetupFailed(f"`{self.plan.command}` {_ending(result)}")

    def _commit(self, holder: str) -> None:
        marks = labels(job=self.job, deadline=time.time() + 600)
        body = {"Image": self.base.id, "Entrypoint": ["true"], "Labels": marks}
        blank = self.engine.create(body)
        try:
            with self.engine.download(holder, DEPENDENCIES) as found:
                if found is None:
                    raise SetupFailed(f"the base image has no folder {DEPENDENCIES}")
                self.engine.upload(blank, str(Path(DEPENDENCIES).parent), found[1])
            repository, _, tag = self.tag.partition(":")
            # The image forgets who made it: a container of it must not look like a left-over.
            forgotten = dict.fromkeys(marks, "")
            about = {_DERIVED: self.key, _BASE_BYTES: str(self.base.size_bytes)}
            self.engine.commit(blank, repository=repository, tag=tag, labels=forgotten | about)
        finally:
            self.engine.remove(blank)


def prune(engine: DockerEngine, limits: SetupLimits, *, now: float, keep: str = "") -> int:
    """Remove derived images that are old, or oldest where all are too large; return how many."""
    chosen = to_prune(engine.images(_DERIVED), limits, now)
    return sum(engine.remove_image(image.id) for image in chosen if image.id != keep)


def to_prune(images: Iterable[Image], limits: SetupLimits, now: float) -> Iterator[Image]:
    """Yield the images to remove, newest first; a base that they share counts for nothing."""
    total = 0
    for image in sorted(images, key=_made_at, reverse=True):
        total += image.size_bytes - int(image.labels.get(_BASE_BYTES, "0"))
        is_old = now - _made_at(image) > limits.keep_days * 86_400
        if is_old or total > limits.keep_bytes:
            yield image


def _made_at(image: Image) -> float:
    return datetime.fromisoformat(image.created).timestamp()


def _ending(result: CommandResult) -> str:
    lines = (result.stdout + b"\n" + result.stderr).decode("utf-8", "replace").split("\n")
    last = " | ".join([line.strip() for line in lines if line.strip()][-3:])
    how = f"exited {result.exit_code}" if result.exit_code is not None else str(result.stop)
    return f"{how}: {last[-600:]}" if last else how
