"""The one way in which git is started: fixed arguments, a fixed environment, limits on everything.

No setting of the user, of the machine or of a repository makes git run a program here. What such a
setting may still do is what reading a repository needs (its format, its alternates). Hooks and the
file monitor are switched off by the environment, which wins over a repository's own config; no
transport but the one named may be used, whatever the config calls it.
"""

import base64
import os
import re
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import IO, cast

from bot.domain.pull_request import printable
from bot.domain.untrusted import tokenless
from bot.errors import Refused, TooLarge

STDERR_LIMIT_BYTES = 16 << 10
_CREDENTIAL = re.compile(r"://[^/@\s]+@")
SENTENCE_LIMIT = 300
TICK_S = 0.2
READ_BYTES = 1 << 16

CONFIG = """\
[core]
\thooksPath = /dev/null
\tfsmonitor = false
\tsymlinks = false
\tattributesFile = /dev/null
\texcludesFile = /dev/null
\tuntrackedCache = false
\taskPass =
[protocol]
# GIT_ALLOW_PROTOCOL opens at most one.
\tallow = never
[transfer]
\tfsckObjects = true
[fetch]
\trecurseSubmodules = false
\twriteCommitGraph = false
[submodule]
\trecurse = false
[gc]
\tauto = 0
[maintenance]
\tauto = false
[credential]
\thelper =
[http]
\tfollowRedirects = initial
\tlowSpeedLimit = 1000
\tlowSpeedTime = 30
[safe]
\tdirectory = *
"""
"""Stands in for the user's own config. `safe.directory` works from a file only; every folder that
we hand to git is one that the user named, or ours."""

OVERRIDES = (
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),
    ("core.attributesFile", os.devnull),
)
"""What must win over a repository's own config as well."""


class Transport(StrEnum):
    """How git may reach another repository: not at all, or in exactly one way."""

    NONE = "none"
    HTTPS = "https"
    HTTP = "http"
    """Loopback only; the caller checks."""


class GitFailed(Refused):
    """Git ended with an error; the message is its own sentence, without credentials."""


@dataclass(frozen=True, slots=True)
class Git:
    """Git in one place. `at`, `inside` and `over` return the same git elsewhere."""

    config: Path
    """The generated config file; see `write_config`."""
    folder: Path
    """Where it runs; the repository is found from here unless `variables` name it."""
    timeout_s: float
    """For each command; then its whole process group is killed."""
    transport: Transport = Transport.NONE
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    """May hold a credential, so it is never shown."""
    reads_user_config: bool = False
    """For asking what the user configured, and nothing else; no command that acts runs so."""
    watch: Callable[[], None] | None = None
    """Called several times a second while a command runs; what it raises ends the command."""

    def at(self, folder: Path) -> "Git":
        """Return this git for the repository that holds a folder, found as git finds it."""
        return replace(self, folder=folder, variables={})

    def inside(self, git_dir: Path, **variables: str) -> "Git":
        """Return this git for exactly this repository folder, with more variables if need be."""
        return replace(self, folder=git_dir, variables={"GIT_DIR": str(git_dir), **variables})

    def over(self, transport: Transport, **variables: str) -> "Git":
        """Return this git with one transport allowed."""
        return replace(self, transport=transport, variables={**self.variables, **variables})

    def settings(self) -> dict[str, str]:
        """Return the user's own configuration here, as git reads it; keys are in lower case."""
        asking = replace(self, reads_user_config=True)
        rows = asking.run("config", "--list", "-z").split(b"\0")
        pairs = (os.fsdecode(row).partition("\n") for row in rows if row)
        # A key without a value means true (git-config(1)).
        return {key: value if newline else "true" for key, newline, value in pairs}

    @property
    def environment(self) -> dict[str, str]:
        """All that a git process may know of this machine."""
        count = int(self.variables.get("GIT_CONFIG_COUNT", "0"))
        fixed = {
            "PATH": os.pathsep.join([str(Path(git_program()).parent), os.defpath]),
            "HOME": "/nonexistent",
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": str(self.config),
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_LFS_SKIP_SMUDGE": "1",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_NO_REPLACE_OBJECTS": "1",
            # A missing object of a partial clone must not start the transport its config names.
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_ALLOW_PROTOCOL": self.transport.value,
            "GIT_COMMITTER_NAME": "Pullwright",
            "GIT_COMMITTER_EMAIL": "pullwright@localhost",
        }
        if self.reads_user_config:
            fixed["HOME"] = str(Path.home())
            del fixed["GIT_CONFIG_GLOBAL"], fixed["GIT_CONFIG_NOSYSTEM"]
        for number, (key, value) in enumerate(OVERRIDES, start=count):
            fixed[f"GIT_CONFIG_KEY_{number}"] = key
            fixed[f"GIT_CONFIG_VALUE_{number}"] = value
        return {**fixed, **self.variables, "GIT_CONFIG_COUNT": str(count + len(OVERRIDES))}

    @property
    def _secrets(self) -> list[str]:
        """What of the variables must not stand in an error, in each form in which it could."""
        found = (value.partition("Basic ")[2] for value in self.variables.values())
        encoded = [value for value in found if value]
        pairs = [base64.b64decode(value).decode("utf-8", "replace") for value in encoded]
        return [*encoded, *pairs, *(pair.partition(":")[2] for pair in pairs)]

    def run(
        self, *arguments: str | bytes, stdin: bytes = b"", output_limit_bytes: int = 64 << 20
    ) -> bytes:
        """Return what git prints; raises GitFailed, or TooLarge where a limit is met."""
        chunks: list[bytes] = []
        total = 0
        for chunk in self.stream(*arguments, stdin=stdin):
            chunks.append(chunk)
            total += len(chunk)
            if total > output_limit_bytes:
                raise TooLarge(f"{_name(arguments)} printed over {output_limit_bytes} bytes")
        return b"".join(chunks)

    def text(self, *arguments: str | bytes, stdin: bytes = b"") -> str:
        """Return what git prints, decoded, without the last line feed."""
        return os.fsdecode(self.run(*arguments, stdin=stdin)).removesuffix("\n")

    def find(self, *arguments: str | bytes) -> str | None:
        """Return what git prints, or None where it ends with an error: there is no such thing."""
        try:
            return self.text(*arguments)
        except GitFailed:
            return None

    def stream(self, *arguments: str | bytes, stdin: bytes = b"") -> Generator[bytes, None, None]:
        """Yield what git prints as it comes; a caller that stops early kills it."""
        with tempfile.TemporaryFile() as given:
            given.write(stdin)
            given.seek(0)
            process = self._start(arguments, stdin=given.fileno() if stdin else subprocess.DEVNULL)
            try:
                stderr = yield from self._read(process)
                code = process.wait(self.timeout_s)
            except subprocess.TimeoutExpired:
                raise TooLarge(f"{_name(arguments)} took over {self.timeout_s:g} s") from None
            finally:
                end(process)
        if code:
            sentence = _sentence(without(self._secrets, stderr), code)
            raise GitFailed(f"{_name(arguments)} failed: {sentence}")

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start a command that is spoken to over its pipes; whoever starts it ends it."""
        return self._start(arguments, stdin=subprocess.PIPE)

    def _start(
        self, arguments: tuple[str | bytes, ...], *, stdin: int
    ) -> "subprocess.Popen[bytes]":
        program = git_program()
        try:
            return subprocess.Popen(
                [program, *arguments],
                cwd=self.folder,
                env=self.environment,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
            place = printable(str(self.folder))
            raise Refused(f"{place} cannot be opened: {error.strerror}") from error

    def _read(self, process: "subprocess.Popen[bytes]") -> Generator[bytes, None, bytes]:
        """Yield standard output; return the head of standard error, and drop the rest of it."""
        deadline = time.monotonic() + self.timeout_s
        stderr = b""
        with selectors.DefaultSelector() as selector:
            for pipe in (process.stdout, process.stderr):
                selector.register(cast("IO[bytes]", pipe), selectors.EVENT_READ)
            while selector.get_map():
                if time.monotonic() > deadline:
                    raise subprocess.TimeoutExpired("git", self.timeout_s)
                if self.watch is not None:
                    self.watch()
                for key, _ in selector.select(TICK_S):
                    chunk = os.read(key.fd, READ_BYTES)
                    if not chunk:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is process.stdout:
                        yield chunk
                    else:
                        stderr = (stderr + chunk)[:STDERR_LIMIT_BYTES]
        return stderr


@cache
def git_program() -> str:
    """Return the path of git; raises Refused where there is none."""
    found = shutil.which("git")
    if found is None:
        raise Refused("git is not installed, or not on PATH")
    return str(Path(found).absolute())


def write_config(folder: Path) -> Path:
    """Write the config file into a folder of ours and return its path."""
    file = folder / "gitconfig"
    if not file.is_file() or file.read_text() != CONFIG:
        # Written beside and moved: another process may be starting git with it right now.
        descriptor, name = tempfile.mkstemp(dir=folder, prefix=".config-")
        with os.fdopen(descriptor, "w") as new:
            new.write(CONFIG)
        Path(name).replace(file)
    return file


def redacted(text: str) -> str:
    """Return a text without the user names and passwords of its URLs, and without tokens."""
    return tokenless(_CREDENTIAL.sub("://***@", text))


def without(secrets: Iterable[str], data: bytes) -> bytes:
    """Return what a server made git say without what we sent to it (case C11)."""
    for secret in secrets:
        data = data.replace(secret.encode(), b"***") if secret else data
    return data


def _name(arguments: tuple[str | bytes, ...]) -> str:
    """Return `git` and the command, for messages."""
    words = iter(arguments)
    for word in words:
        if word == "-c":
            next(words)
        elif not str(word).startswith("-"):
            return f"git {word!s}"
    return "git"


def _sentence(stderr: bytes, code: int) -> str:
    """Return the one line of an error that says what is wrong."""
    rows = [row.strip() for row in stderr.decode("utf-8", "replace").splitlines() if row.strip()]
    telling = [row for row in rows if row.startswith(("fatal: ", "error: "))] or rows
    if not telling:
        return f"exit code {code}"
    row = telling[0].removeprefix("fatal: ").removeprefix("error: ")
    return redacted(printable(row))[:SENTENCE_LIMIT]


def end(process: "subprocess.Popen[bytes]") -> None:
    """Kill what is left of a command, its children included, and collect it."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
