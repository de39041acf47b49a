"""Which command installs a project's dependencies: the configured one, or pip's by the files."""

import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.ports import Dependencies

_PIP = "python -m pip install --no-cache-dir --no-input --quiet"
_FROM_PYPROJECT = ".pullwright/requirements.txt"
_FROM_UV_LOCK = ".pullwright/constraints.txt"
_TEST_WORDS = ("dev", "test", "tests", "testing", "ci")
# The project itself is never installed: its tree changes from run to run.
_ITSELF = re.compile(rb"^\s*(-e\s*|--editable[ =]\s*)?\.(\[[^\]]*\])?\s*(#.*)?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SetupPlan:
    """A shell command and the files it finds in its working directory."""

    command: str
    files: Mapping[str, bytes]


def setup_plan(dependencies: Dependencies) -> SetupPlan | None:
    """Return how to install the dependencies, or None when nothing is known to install."""
    files = dict(dependencies.lock_files)
    if dependencies.setup is not None:
        return SetupPlan(dependencies.setup, files)
    if lock := next((name for name in sorted(files) if _is_pylock(name)), None):
        return SetupPlan(f"{_PIP} -r {shlex.quote(lock)}", files)
    return _pip_plan(files)


def _pip_plan(files: dict[str, bytes]) -> SetupPlan | None:
    named = [name for name in sorted(files) if _is_for_tests(name)]
    asks_for_itself = any(_ITSELF.search(files[name]) for name in named)
    files = {
        name: _ITSELF.sub(b"", data) if name in named else data for name, data in files.items()
    }
    if asks_for_itself or not named:
        wanted = "".join(f"{line}\n" for line in _pyproject_lines(files))
        if wanted:
            files[_FROM_PYPROJECT] = wanted.encode()
            named.append(_FROM_PYPROJECT)
    if not named:
        return None
    words = [f"-r {shlex.quote(name)}" for name in named]
    if pins := "".join(f"{line}\n" for line in _uv_pins(files)):
        files[_FROM_UV_LOCK] = pins.encode()
        words.append(f"-c {_FROM_UV_LOCK}")
    return SetupPlan(f"{_PIP} {' '.join(words)}", files)


def _is_pylock(name: str) -> bool:
    return name == "pylock.toml"


def _is_for_tests(name: str) -> bool:
    """Tell whether a requirements file is the main one or one for tests, not for docs or such."""
    match = re.fullmatch(r"requirements(?:[-_./](.+))?\.txt", name)
    if match is None:
        return False
    words = re.split(r"[-_.]", match[1] or "base")
    return any(word in (*_TEST_WORDS, "base", "main", "requirements") for word in words)


def _pyproject_lines(files: Mapping[str, bytes]) -> Iterator[str]:
    """Yield the requirements of `[project]` and of its extras and groups for tests."""
    document = _toml(files.get("pyproject.toml", b""))
    project = _table(document, "project")
    yield from _strings(project.get("dependencies"))
    for table in (_table(project, "optional-dependencies"), _table(document, "dependency-groups")):
        for word in _TEST_WORDS:
            # A group may include another one by a table; those are not followed.
            yield from _strings(table.get(word))


def _uv_pins(files: Mapping[str, bytes]) -> Iterator[str]:
    """Yield `name==version` of what a `uv.lock` has in one version only."""
    packages = _toml(files.get("uv.lock", b"")).get("package")
    versions: dict[str, set[str]] = {}
    for package in packages if isinstance(packages, list) else ():
        if isinstance(package, dict) and "registry" in _table(package, "source"):
            versions.setdefault(str(package.get("name")), set()).add(str(package.get("version")))
    for name, found in versions.items():
        if len(found) == 1:
            yield f"{name}=={found.pop()}"


def _toml(data: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        # What cannot be read is not installed; the test run will say what is missing.
        return {}


def _table(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def _strings(found: object) -> Iterator[str]:
    for entry in found if isinstance(found, list) else ():
        if isinstance(entry, str) and "\n" not in entry:
            yield entry
