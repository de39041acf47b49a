"""The App's image and compose.yaml, built and run here without a registry."""

import fcntl
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
POSTGRES_IMAGE = "pullwright-postgres:debian"
PATIENCE_S = 240.0
# The official image's entrypoint makes the database; Debian's packages leave that to us.
_START_POSTGRES = """
set -e
bin=$$(echo /usr/lib/postgresql/*/bin) data=/var/lib/postgresql/data
as() { setpriv --reuid=postgres --regid=postgres --clear-groups "$$@"; }
if [ ! -s $$data/PG_VERSION ]; then
  install -d -o postgres -g postgres -m 700 $$data
  printf %s "$$POSTGRES_PASSWORD" >/tmp/password && chmod 644 /tmp/password
  as $$bin/initdb --auth=scram-sha-256 --username=pullwright --pwfile=/tmp/password \\
    --encoding=UTF8 --no-sync $$data
  echo 'host all all all scram-sha-256' >>$$data/pg_hba.conf
  echo 'CREATE DATABASE pullwright' | as $$bin/postgres --single -D $$data postgres
fi
exec setpriv --reuid=postgres --regid=postgres --clear-groups \\
  $$bin/postgres -D $$data -c listen_addresses='*' -c fsync=off
"""


def said(*argv: str, given: str | None = None, environment: Mapping[str, str] | None = None) -> str:
    """Return what a command printed; fails with all of it where the command does."""
    done = subprocess.run(
        argv,
        cwd=ROOT,
        input=given,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(argv)}\n{done.stdout}{done.stderr}"
    return done.stdout


def build_app_image() -> None:
    """Build the App's image, unless it is as new as our code."""
    with _alone():
        said("sh", "docker/build_images.sh", "app")


@contextmanager
def _alone() -> Iterator[None]:
    """Build in one test process at a time: the next one finds what this one made."""
    with (ROOT / "docker" / "build_images.sh").open() as script:
        fcntl.flock(script, fcntl.LOCK_EX)
        yield


def has_image(name: str) -> bool:
    """Tell whether an image is there."""
    done = subprocess.run(["docker", "image", "inspect", name], capture_output=True, check=False)
    return done.returncode == 0


def build_postgres_image(base: str) -> None:
    """Make an image with Debian's PostgreSQL, unless it is there."""
    with _alone():
        if has_image(POSTGRES_IMAGE):
            return
        said("sh", "docker/debian_image.sh", base, POSTGRES_IMAGE, "postgresql")


def compose_program() -> list[str]:
    """Return how compose is called here; a test that needs it is skipped where there is none."""
    plugin = ["docker", "compose"]
    if subprocess.run([*plugin, "version"], capture_output=True, check=False).returncode == 0:
        return plugin
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    reason = "there is no compose: install Debian's docker-compose"
    if os.environ.get("PULLWRIGHT_REQUIRE_DOCKER") == "1":
        pytest.fail(f"PULLWRIGHT_REQUIRE_DOCKER is set, and {reason}")
    pytest.skip(reason)


@dataclass(frozen=True)
class Stack:
    """The services of compose.yaml, in a project of our own."""

    argv: Sequence[str]
    environment: Mapping[str, str]

    def said(self, *arguments: str, given: str | None = None) -> str:
        """Return what a command of compose printed."""
        return said(*self.argv, *arguments, given=given, environment=self.environment)

    def inside(self, service: str, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command in a service that runs."""
        return subprocess.run(
            [*self.argv, "exec", "-T", service, *command],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def until(self, is_so: Callable[[], bool], what: str) -> None:
        """Wait until something is so; fails with the logs of all services."""
        deadline = time.monotonic() + PATIENCE_S
        while not is_so():
            assert time.monotonic() < deadline, f"{what}\n{self.said('logs', '--tail', '60')}"
            time.sleep(0.5)


@contextmanager
def compose(folder: Path, project: str, port: int) -> Iterator[Stack]:
    """Give compose.yaml with the images that are here; nothing of it is left."""
    override = folder / "override.json"
    database = {"image": POSTGRES_IMAGE, "entrypoint": ["bash", "-c", _START_POSTGRES]}
    override.write_text(json.dumps({"services": {"db": database}}))
    environment = {
        "POSTGRES_PASSWORD": "a-password-of-the-test",
        "PULLWRIGHT_GITHUB_API_URL": "https://127.0.0.1:1/api/v3",
        "PULLWRIGHT_PORT": str(port),
        "PULLWRIGHT_SANDBOX": "none",
        "DOCKER_SOCKET": "/dev/null",
        "COMPOSE_PROJECT_NAME": project,
    }
    argv = [*compose_program(), "-f", "compose.yaml", "-f", str(override)]
    stack = Stack(argv, environment)
    try:
        yield stack
    finally:
        stack.said("down", "--volumes", "--timeout", "5")
