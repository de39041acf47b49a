"""One of our processes with a witness in it: every program that it starts, every host it meets.

It is started in place of the command (`App.program`), in a hurry as `quick` is.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.cli import main as command
from tests.end_to_end.quick import hurry


def main(file: str) -> None:
    """Run the command of `sys.argv` and write what it does to the world into a file."""
    hurry()
    sys.addaudithook(_hook(os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)))
    command()


def program(file: Path) -> str:
    """Return what `python -c` runs."""
    return f"from tests.end_to_end.witness import main; main({str(file)!r})"


def seen(file: Path) -> list[dict[str, Any]]:
    """Return what happened so far, the oldest first."""
    rows = file.read_text().splitlines(keepends=True) if file.exists() else []
    return [json.loads(row) for row in rows if row.endswith("\n")]


def _hook(descriptor: int) -> Callable[[str, tuple[Any, ...]], None]:
    def note(event: str, arguments: tuple[Any, ...]) -> None:
        row: dict[str, object]
        match event, arguments:
            case "subprocess.Popen", (_, argv, _, env):
                given = None if env is None else {_text(k): _text(v) for k, v in env.items()}
                row = {"ran": [_text(word) for word in argv], "environment": given}
            case "socket.connect", (_, address):
                row = {"met": _text(address[0] if isinstance(address, tuple) else address)}
            case "socket.getaddrinfo", (host, *_):
                row = {"met": _text(host)}
            case _:
                return
        os.write(descriptor, f"{json.dumps(row)}\n".encode())

    return note


def _text(value: object) -> str:
    return os.fsdecode(value) if isinstance(value, bytes | os.PathLike) else str(value)
