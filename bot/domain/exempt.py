"""Which changed files nobody is expected to review, and which are too large to look at.

The two are different: an exempt file does not make a verdict partial, a file that is too large
does, because code could hide in it (rule D11).
"""

import posixpath
import re

from bot.domain.verdict import SkippedFile

CLAIMS = ("generated", "vendored")
"""Reasons that a file gives for itself, by a header or by where it lies."""
MAX_FILE_BYTES = 1 << 20
MAX_LINE_BYTES = 20_000
_HEADER_BYTES = 1_024

_CODE = re.compile(
    r".*\.(bash|bats|c|cc|cjs|cpp|cs|cts|cxx|go|h|hpp|java|js|jsx|ksh|kt|lua|mjs|mts|php|pl|ps1"
    r"|pyi?|pyw|rb|rs|scala|sh|swift|tsx?|vue|zsh)"
)
_PROSE = re.compile(
    r".*\.(adoc|asciidoc|markdown|mdx?|org|pot?|rst|tex|txt)"
    r"|authors|changelog|codeowners|contributing|copying|license|notice|readme"
)
_DATA = re.compile(
    r".*\.(cfg|conf|csv|diff|geojson|ini|ipynb|json|json5|jsonl|ndjson|patch|properties|snap|svg"
    r"|toml|tsv|xml|ya?ml)|\.(dockerignore|editorconfig|gitattributes|gitignore|gitkeep)"
)
_LOCK = re.compile(
    r"(cargo|composer|deno|flake|gemfile|gopkg|mix|pdm|pipfile|podfile|poetry|pubspec|uv|yarn)\.lock"
    r"|bun\.lockb?|go\.sum|npm-shrinkwrap\.json|package-lock\.json|packages\.lock\.json"
    r"|pnpm-lock\.yaml"
)
_GENERATED_NAME = re.compile(
    r".*\.min\.(js|mjs|cjs|css)|.*\.bundle\.js|.*\.(js|css)\.map|.*_pb2(_grpc)?\.pyi?"
    r"|.*\.pb\.(go|cc|h)|.*\.pb\.gw\.go|.*_pb\.(js|d\.ts)|.*\.g\.dart|.*\.designer\.cs"
    r"|.*\.generated\.[a-z]+|zz_generated\..*\.go|.*_string\.gen\.go",
    re.IGNORECASE,
)
_GENERATED_HEADER = re.compile(
    rb"^\s*(#|//|/\*|\*|--|;|<!--|\"\"\").*"
    rb"(@generated\b|\b(code |auto-?)?generated\b.*\bdo not edit\b)",
    re.IGNORECASE | re.MULTILINE,
)
# The expression of PEP 263.
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)")
_PLAIN_ENCODINGS = frozenset(
    [
        "utf-8",
        "utf8",
        "utf-8-sig",
        "ascii",
        "us-ascii",
        "latin-1",
        "latin1",
        "iso-8859-1",
        "iso-8859-15",
        "cp1252",
    ]
)
_VENDOR_FOLDERS = frozenset({"node_modules", "third_party", "vendor", "vendored", "_vendor"})
# Data by their ending, but read by programs that run what they say.
_CI = re.compile(
    r"(.*/)?CMakeLists\.txt|(.*/)?(action|dependabot|\.gitlab-ci|\.pre-commit-config|azure-pipelines"
    r"|bitbucket-pipelines|docker-compose|compose|\.travis|appveyor)\.ya?ml"
    r"|\.github/workflows/.*|\.circleci/.*",
    re.IGNORECASE,
)


def skip(path: str, data: bytes) -> SkippedFile | None:
    """Return why a changed file is not looked at, or None when it is to be reviewed."""
    if reason := exempt_reason(path, data):
        return SkippedFile(path, reason, is_exempt=True)
    if reason := too_large_reason(data):
        return SkippedFile(path, reason, is_exempt=False)
    return None


def too_large_reason(data: bytes) -> str | None:
    """Return why a file is not given to any tool, or None when its size is fit to read."""
    if len(data) > MAX_FILE_BYTES:
        return f"too large: {len(data)} bytes, the limit is {MAX_FILE_BYTES}"
    longest = _longest_line(data)
    if longest > MAX_LINE_BYTES:
        return f"too large: a line of {longest} bytes, the limit is {MAX_LINE_BYTES}"
    return None


def exempt_reason(path: str, data: bytes) -> str | None:
    """Return which kind of file that nothing understands this is, or None when it is code."""
    name = posixpath.basename(path).lower()
    if _VENDOR_FOLDERS & set(posixpath.dirname(path).split("/")):
        return "vendored"
    if _LOCK.fullmatch(name):
        return "lock file"
    if _GENERATED_NAME.fullmatch(name) or _GENERATED_HEADER.search(data[:_HEADER_BYTES]):
        return "generated"
    # A NUL byte must not hide code: interpreters run a script that has one in a comment.
    if _CODE.fullmatch(name) or _CI.fullmatch(path):
        return None
    return _kind_of_text(name, data)


def odd_encoding(data: bytes) -> str | None:
    """Return the encoding that Python source declares, where it makes other code of the bytes.

    In UTF-7 a comment can hold statements that Python runs and no tool sees (PEP 263).
    """
    for line in data.split(b"\n")[:2]:
        found = _COOKIE.match(line)
        if found:
            name = found[1].decode("ascii").lower().replace("_", "-")
            return None if name in _PLAIN_ENCODINGS else name
    return None


def is_prose(path: str) -> bool:
    """Tell whether a file is written for people, by its name."""
    return bool(_PROSE.fullmatch(posixpath.basename(path).lower()))


def _kind_of_text(name: str, data: bytes) -> str | None:
    # Git's own test for binary, so that we agree with its diff.
    if b"\0" in data[:8_000]:
        return "binary"
    if _PROSE.fullmatch(name):
        return "prose"
    return "data" if _DATA.fullmatch(name) else None


def _longest_line(data: bytes) -> int:
    return max(map(len, data.split(b"\n")))
