"""How git writes a file name in a patch header: plain, or in quotes with C escapes."""

import re

_NEEDS_QUOTES = re.compile(rb'[\x00-\x1f"\\\x7f-\xff]')
_ESCAPES = {
    7: b"\\a",
    8: b"\\b",
    9: b"\\t",
    10: b"\\n",
    11: b"\\v",
    12: b"\\f",
    13: b"\\r",
    34: b'\\"',
    92: b"\\\\",
}


def encode(path: str) -> bytes:
    """Return the bytes that git holds for a path of ours."""
    return path.encode("utf-8", "surrogateescape")


def decode(name: bytes) -> str:
    """Return our path for a name of git's; every name has exactly one."""
    return name.decode("utf-8", "surrogateescape")


def header_name(name: bytes, *, prefix: bytes = b"") -> bytes:
    """Return a name as a header of `git diff` holds it with `core.quotePath` on."""
    if not _NEEDS_QUOTES.search(name):
        return prefix + name
    return b'"' + prefix + _NEEDS_QUOTES.sub(_escaped, name) + b'"'


def _escaped(match: re.Match[bytes]) -> bytes:
    byte = match.group()[0]
    return _ESCAPES.get(byte) or b"\\%03o" % byte
