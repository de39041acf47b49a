"""The App's secrets on this machine: three files, readable by their owner alone.

They are written once. Nothing here shows a secret, and nothing replaces a file: who wants another
App moves the old files away.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.github_manifest import NewApp
from bot.errors import Refused


@dataclass(frozen=True, slots=True)
class AppFiles:
    """Where they are."""

    record: Path
    """What is no secret: the App's id and its page."""
    private_key: Path
    webhook_secret: Path

    @property
    def all(self) -> tuple[Path, ...]:
        """The files, the record last: where it is, the others are whole."""
        return (self.private_key, self.webhook_secret, self.record)

    def refuse_to_replace(self) -> None:
        """Raise Refused where a file is there already, or could not be written."""
        for file in self.all:
            if file.exists():
                raise Refused(f"{file} is there already: move it away to set up another App")
            with _said(file):
                # A mode is that of the last folder alone, and the one above is ours as well.
                file.parent.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                file.parent.mkdir(mode=0o700, exist_ok=True)
            if not os.access(file.parent, os.W_OK | os.X_OK):
                raise Refused(f"{file.parent} cannot be written: change its owner or its mode")

    def save(self, app: NewApp) -> None:
        """Write all three; raises Refused, and then none of ours is left behind."""
        record = {"app_id": app.app_id, "name": app.name, "html_url": app.html_url}
        texts = (app.private_key, f"{app.webhook_secret}\n", f"{json.dumps(record, indent=2)}\n")
        written: list[Path] = []
        try:
            for file, text in zip(self.all, texts, strict=True):
                with _said(file):
                    _write_private(file, text)
                written.append(file)
        except Refused:
            for file in written:
                file.unlink(missing_ok=True)
            raise


def _write_private(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError:
        file.unlink(missing_ok=True)
        raise


@contextmanager
def _said(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Refused(f"cannot write {file}: {error.strerror}") from error
