"""Runs inside a sandbox and tries what must not work there; standard library only.

Prints one JSON object: for each attempt its name, whether it was refused, and what happened.
"""

import ctypes
import errno
import json
import os
import platform
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

_CALLS = {
    "x86_64": {
        "ptrace": 101,
        "unshare": 272,
        "mount": 165,
        "io_uring_setup": 425,
        "bpf": 321,
        "userfaultfd": 323,
        "perf_event_open": 298,
        "keyctl": 250,
        "process_vm_readv": 310,
    },
    "aarch64": {
        "ptrace": 117,
        "unshare": 97,
        "mount": 40,
        "io_uring_setup": 425,
        "bpf": 280,
        "userfaultfd": 282,
        "perf_event_open": 241,
        "keyctl": 219,
        "process_vm_readv": 270,
    },
}
_NEW_USER_NAMESPACE = 0x10000000
_ARGUMENTS = {"unshare": (_NEW_USER_NAMESPACE,), "io_uring_setup": (1, 0), "ptrace": (0, 0, 0, 0)}
_AF_VSOCK, _AF_NETLINK, _NETLINK_AUDIT = 40, 16, 9
_ADDRESSES = ("1.1.1.1", "169.254.169.254", "172.17.0.1")
_READ_ONLY = ("/probe", "/etc/probe", "/bin/probe", "/proc/sys/kernel/core_pattern", "/ws/probe")
# Anything else, a timeout or a bad argument for one, means that nobody stood in the way.
_REFUSALS = frozenset(
    (
        errno.EPERM,
        errno.EACCES,
        errno.ENOSYS,
        errno.EROFS,
        errno.ENOENT,
        errno.ENETUNREACH,
        errno.EAFNOSUPPORT,
        errno.EPROTONOSUPPORT,
        errno.ESOCKTNOSUPPORT,
    )
)
# Set by the engine, the shell and the interpreter themselves.
_HARMLESS = frozenset(("HOSTNAME", "PWD", "OLDPWD", "SHLVL", "LC_CTYPE", "_"))

Attempt = Callable[[], str]
"""Returns what it could do; raises OSError where it was refused."""


def _socket(family: int, kind: int, protocol: int = 0) -> Attempt:
    def attempt() -> str:
        socket.socket(family, kind, protocol).close()
        return f"a socket of family {family} was given"

    return attempt


def _call(number: int, arguments: tuple[int, ...]) -> Attempt:
    def attempt() -> str:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.syscall(number, *(arguments or (0, 0, 0, 0, 0))) < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return "the call succeeded"

    return attempt


def _connect(address: str) -> Attempt:
    def attempt() -> str:
        socket.create_connection((address, 80), timeout=2).close()
        return f"{address} answered"

    return attempt


def _write(path: str) -> Attempt:
    def attempt() -> str:
        with Path(path).open("ab") as file:
            file.write(b"")
        return f"{path} may be written"

    return attempt


def _device() -> str:
    os.mknod("/tmp/probe-device", stat.S_IFCHR | 0o600, os.makedev(1, 3))  # noqa: S108 - ours alone
    return "a device was made"


def _root() -> str:
    os.setuid(0)
    return "became root"


def _chroot() -> str:
    os.chroot("/tmp")  # noqa: S108 - inside the container
    return "the root was changed"


def _engine_socket() -> str:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect("/var/run/docker.sock")
    return "the engine's socket is there"


def _attempts() -> Iterator[tuple[str, Attempt]]:
    yield "vsock", _socket(_AF_VSOCK, socket.SOCK_STREAM)
    yield "packet", _socket(socket.AF_PACKET, socket.SOCK_RAW)
    yield "netlink", _socket(_AF_NETLINK, socket.SOCK_RAW, _NETLINK_AUDIT)
    for name, number in _CALLS.get(platform.machine(), {}).items():
        yield name, _call(number, _ARGUMENTS.get(name, ()))
    for address in _ADDRESSES:
        yield f"connect {address}", _connect(address)
    for path in _READ_ONLY:
        yield f"write {path}", _write(path)
    yield "mknod", _device
    yield "setuid", _root
    yield "docker.sock", _engine_socket
    # Last: where it works, nothing else would be found any more.
    yield "chroot", _chroot


def _refused(attempt: Attempt) -> tuple[bool, str]:
    try:
        return False, attempt()
    except OSError as error:
        return error.errno in _REFUSALS, error.strerror or str(error)


def _states(allowed_names: frozenset[str]) -> Iterator[tuple[str, bool, str]]:
    """Yield what the kernel says of this process."""
    rows = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    status = {name: value.strip() for name, _, value in (row.partition(":") for row in rows)}
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        yield name, int(status[name], 16) == 0, status[name]
    yield "NoNewPrivs", status["NoNewPrivs"] == "1", status["NoNewPrivs"]
    yield "Seccomp", status["Seccomp"] == "2", status["Seccomp"]
    pairs = Path("/proc/self/environ").read_bytes().decode().split("\0")
    names = {pair.partition("=")[0] for pair in pairs if pair}
    others = sorted(names - _HARMLESS - allowed_names)
    yield "environment", not others, ", ".join(others) or "nothing but ours"


def main() -> None:
    """Try everything and print what happened; the arguments are the variables we set."""
    found = {name: (held, said) for name, held, said in _states(frozenset(sys.argv[1:]))}
    found |= {name: _refused(attempt) for name, attempt in _attempts()}
    print(json.dumps(found))  # noqa: T201 - this is how it answers


if __name__ == "__main__":
    main()
