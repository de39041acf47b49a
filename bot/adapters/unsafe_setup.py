"""What makes a set-up unsafe: `doctor` shows it, and the App does not start with it (rule R27)."""

import shlex
import stat
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

from bot.adapters.doctor_check import Check, version_in

_OLDEST_GITPYTHON = (3, 1, 52)
"""Has the fix of CVE-2026-67322; older ones run what a URL names."""
_OLDEST_RUNC = (1, 1, 12)
"""Has the fix of CVE-2024-21626: before it, a container gets out by its working directory."""
_OLDEST_PATCHED_RUNC = (1, 1, 5)
"""Debian and Ubuntu carry the fix back to here, under a version of their own."""
_DISTRIBUTIONS = ("+deb", "ubuntu")


def key_is_private(file: Path) -> Check:
    """Look at who may read the App's key."""
    fix = (f"chmod 600 {shlex.quote(str(file))}",)
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
    except OSError as error:
        advice = "name it in PULLWRIGHT_PRIVATE_KEY_FILE, or make a new one on the App's page"
        return Check("key", False, f"cannot read the App's key {file}: {error.strerror}; {advice}")
    if mode & stat.S_IROTH:
        detail = f"everybody on this machine can read the App's key {file} (mode {mode:04o})"
        return Check("key", False, f"{detail}: type `{fix[0]}`", paste=fix)
    if mode & 0o077:
        detail = f"others can read the App's key {file} (mode {mode:04o}): type `{fix[0]}`"
        return Check("key", False, detail, is_needed=False, paste=fix)
    return Check("key", True, f"{file}, for its owner alone")


def gitpython_is_new() -> Check:
    """Look at the version of the library that reads git's objects."""
    try:
        found = version("GitPython")
    except PackageNotFoundError:
        return Check("GitPython", False, "missing: pip install pullwright")
    wanted = ".".join(map(str, _OLDEST_GITPYTHON))
    if version_in(found) >= _OLDEST_GITPYTHON:
        return Check("GitPython", True, found)
    fix = f"pip install 'GitPython>={wanted}'"
    detail = f"{found} is older than {wanted}, which has a security fix: {fix}"
    return Check("GitPython", False, detail, paste=(fix,))


def docker_is_not_open(host: str | None, *, has_tls: bool) -> Check:
    """Look at how the Engine is reached: in clear, whoever reaches its port is root there."""
    scheme = urlsplit(host or "unix://").scheme
    if scheme in ("tcp", "http") and not has_tls:
        return Check(
            "docker",
            False,
            f"DOCKER_HOST={host} is open to everybody who reaches its port, as root: use a socket, "
            "ssh://, or set DOCKER_TLS_VERIFY and DOCKER_CERT_PATH",
        )
    return Check("docker address", True, host or "the local socket")


def runc_is_new(facts: Mapping[str, object]) -> Check:
    """Look at what starts the containers, by what the Engine says of itself."""
    commit = facts.get("RuncCommit")
    said = str(commit.get("ID", "")) if isinstance(commit, dict) else ""
    found = version_in(said)
    if not found:
        return Check("runc", True, "the Engine does not say its version", is_needed=False)
    is_patched = any(word in said for word in _DISTRIBUTIONS)
    oldest = _OLDEST_PATCHED_RUNC if is_patched else _OLDEST_RUNC
    if found >= oldest:
        return Check("runc", True, said)
    wanted = ".".join(map(str, _OLDEST_RUNC))
    detail = f"{said} is older than {wanted}: a container can break out of it; update runc"
    return Check("runc", False, detail)
