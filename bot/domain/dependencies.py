"""Which files say what a project needs installed; only the base side's are ever installed."""

import fnmatch
from collections.abc import Iterable

_NAMES = (
    "requirements*.txt",
    "requirements/*.txt",
    "pylock.toml",
    "pylock.*.toml",
    "uv.lock",
    "poetry.lock",
    "Pipfile.lock",
    "pyproject.toml",
    "package-lock.json",
    "package.json",
    "go.mod",
    "go.sum",
    "Cargo.toml",
    "Cargo.lock",
)


def dependency_files(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the files at the repository's root (and `requirements/`) that name dependencies."""
    return tuple(path for path in paths if is_dependency_file(path))


def is_dependency_file(path: str) -> bool:
    """Tell whether a file names dependencies."""
    return any(fnmatch.fnmatchcase(path, name) for name in _NAMES if "/" in name or "/" not in path)
