"""Writes the files of a start into a person's repository, and overwrites none."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bot.domain.starter import StarterFile, twins
from bot.errors import Refused


@dataclass(frozen=True, slots=True)
class Started:
    """What was done."""

    written: tuple[str, ...]
    kept: tuple[str, ...]
    """Files that are there already, untouched."""


def start(folder: Path, files: Iterable[StarterFile]) -> Started:
    """Write what is not there yet; raises Refused where the folder is no repository's root."""
    root = folder.absolute()
    if not (root / ".git").exists():
        raise Refused(f"{folder} is not the root of a git repository: name it with --repo")
    written: list[str] = []
    kept: list[str] = []
    for file in files:
        found = [path for path in twins(file.path) if os.path.lexists(root / path)]
        kept += found
        if not found:
            _write(root, file)
            written.append(file.path)
    return Started(tuple(written), tuple(kept))


def _write(root: Path, file: StarterFile) -> None:
    path = root / file.path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.parent.resolve().is_relative_to(root.resolve()):
            raise Refused(f"{file.path} would be written outside of {root}: a folder is a link")
        with path.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(file.text)
    except OSError as error:
        raise Refused(f"cannot write {path}: {error.strerror}") from error
