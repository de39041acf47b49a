"""The folder of an export: it is there whole or not at all, for its owner's eyes only."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex

from bot.domain.export_card import MANIFEST
from bot.domain.pull_request import printable
from bot.errors import Refused


def check_empty(folder: Path) -> None:
    """Raise Refused where something is in the folder, or it is none."""
    name = printable(str(folder))
    try:
        if next(folder.iterdir(), None) is not None:
            raise Refused(f"{name} is not empty: name a folder that is not there yet")
    except FileNotFoundError:
        return
    except OSError as error:
        raise Refused(f"cannot write {name}: {error.strerror}") from error


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files and a manifest with their digests; raises Refused, leaving nothing behind."""
    check_empty(folder)
    target = folder.absolute()
    fresh = target.with_name(f".new-{target.name}-{token_hex(4)}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh.mkdir(mode=0o700)
        try:
            for name, data in {**files, MANIFEST: _manifest(files)}.items():
                _write(fresh / name, data)
            # An empty folder of that name gives way, and one that was filled meanwhile does not.
            fresh.replace(target)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        raise Refused(f"cannot write {printable(str(folder))}: {error.strerror}") from error


def _manifest(files: Mapping[str, bytes]) -> bytes:
    rows = {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        for name, data in sorted(files.items())
    }
    return (json.dumps({"schema": 1, "files": rows}, indent=2) + "\n").encode()


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)
