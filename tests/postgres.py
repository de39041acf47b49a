"""A PostgreSQL server for the length of a test session: own folder, own socket, no network."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

OWNER = "postgres"
"""Who runs the server where the tests run as root, which PostgreSQL refuses to be."""
START_TIMEOUT_S = 60


class NoPostgres(Exception):
    """There is no server to start; the message says what to install."""


@dataclass
class Cluster:
    """A running server; every test takes a database of its own."""

    folder: Path
    process: subprocess.Popen[bytes]
    databases: int = field(default=0)

    def url(self, name: str) -> str:
        return f"postgresql://pullwright@/{name}?host={self.folder}"

    @contextmanager
    def database(self) -> Iterator[str]:
        """Yield the URL of an empty database, which is gone at the end."""
        self.databases += 1
        name = f"test_{self.databases}"
        self._execute(f"CREATE DATABASE {name}")
        try:
            yield self.url(name)
        finally:
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Yield a server that nobody else knows; raises NoPostgres."""
    programs = _programs()
    # A socket's path may have 107 characters at most, so it is not in pytest's own folder.
    folder = Path(tempfile.mkdtemp(prefix="pullwright-pg-"))
    try:
        owner = _owner(folder)
        data = folder / "data"
        make = [str(programs / "initdb"), "-D", str(data), "-U", "pullwright", "-A", "trust"]
        subprocess.run(
            [*owner, *make, "-E", "UTF8", "--no-locale", "--no-sync"], check=True,
            capture_output=True, cwd=folder,
        )  # fmt: skip
        with _server([*owner, str(programs / "postgres"), "-D", str(data)], folder) as process:
            yield Cluster(folder, process)
    finally:
        shutil.rmtree(folder)


@contextmanager
def _server(command: list[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    options = {
        "listen_addresses": "",
        "unix_socket_directories": str(folder),
        # The server never outlives a test, so nothing has to survive a power cut.
        "fsync": "off",
        "shared_buffers": "16MB",
        "autovacuum": "off",
    }
    words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*command, *words], stdout=log, stderr=log, cwd=folder)
    try:
        _wait(process, folder)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.send_signal(3)  # an immediate shutdown, in PostgreSQL's words
            process.wait(timeout=20)


def _wait(process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    url = f"postgresql://pullwright@/postgres?host={folder}"
    while process.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"PostgreSQL did not start: {(folder / 'log').read_text()[-2000:]}")


def _programs() -> Path:
    """Return the folder of the server's programs, which Debian leaves out of PATH."""
    found = [Path(p).parent for p in (shutil.which("initdb"), shutil.which("postgres")) if p]
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: float(p.parent.name))
    folders = [f for f in (*found, *reversed(packaged)) if (f / "initdb").exists()]
    if not folders:
        raise NoPostgres("there is no PostgreSQL server here: install Debian's postgresql package")
    return folders[0]


def _owner(folder: Path) -> list[str]:
    """Give the folder to the server's user; return what its commands begin with.

    Where the tests die without a word, the kernel ends the server.
    """
    words = ["setpriv", "--pdeathsig", "INT"]
    if os.getuid() != 0:
        return words if shutil.which("setpriv") else []
    try:
        user = pwd.getpwnam(OWNER)
    except KeyError:
        raise NoPostgres(f"PostgreSQL does not run as root: make a user {OWNER}") from None
    os.chown(folder, user.pw_uid, user.pw_gid)
    return [*words, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
