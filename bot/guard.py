"""The guard that every entry point shares: errors become one sentence and an exit code."""

import os
import secrets
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from types import FrameType

from bot.domain.redaction import Redactor
from bot.errors import Interrupted, PullwrightError, Refused, Stopped, TooLarge

_REDACTOR = Redactor()
"""It knows no secret, only what they look like: an error may come before there are settings."""


class Exit(IntEnum):
    """The documented exit codes of every command."""

    CLEAN = 0
    FINDINGS = 1
    USAGE = 2
    PARTIAL = 3
    ERROR = 4
    STOPPED = 130


@contextmanager
def stopping(said: str) -> Iterator[None]:
    """Let a process that is stopped in the block say what that means for what it was doing."""
    try:
        yield
    except Stopped:
        raise Stopped(said) from None


def guarded(command: Callable[[], object], *, bug_folder: Path) -> int:
    """Run a command to its exit code; nobody is ever shown a traceback.

    A bug is written whole to a file of its own in `bug_folder`, mode 0600.
    """
    # A polite kill unwinds like Ctrl-C, so that containers and processes are removed.
    for polite in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(polite, _stop)
    try:
        command()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else Exit.CLEAN
    except Stopped as stopped:
        return _say(str(stopped) or "stopped; nothing was changed", Exit.STOPPED)
    except PullwrightError as error:
        return _say(str(error), _exit_of(error))
    except BrokenPipeError:
        # The reader left (`| head`): what is still buffered has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.ERROR
    except Exception as error:  # noqa: BLE001 - the one place where a bug is caught: the edge
        bug = f"this is a bug in pullwright, not in your code ({error!r})"
        return _say(f"{bug}: {_record(bug_folder)}", Exit.ERROR)
    return Exit.CLEAN


def _exit_of(error: PullwrightError) -> Exit:
    """Whoever asked must act on usage; what is too large was not reviewed; the rest is ours."""
    match error:
        case TooLarge():
            return Exit.PARTIAL
        case Refused():
            return Exit.USAGE
        case _:
            return Exit.ERROR


def _say(sentence: str, code: Exit) -> Exit:
    clean = _REDACTOR.clean(sentence)
    safe = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in clean)
    sys.stderr.write(f"pullwright: {safe}\n")
    return code


def _stop(number: int, _frame: FrameType | None) -> None:
    raise Interrupted if number == signal.SIGINT else Stopped


def _record(folder: Path) -> str:
    """Write the traceback to a private file and say where it is."""
    name = folder / f"bug-{secrets.token_hex(4)}.txt"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(_REDACTOR.clean(traceback.format_exc()))
    except OSError as error:
        return f"the report could not be written ({error})"
    return f"the whole report is in {name}"
