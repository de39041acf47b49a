"""How `serve` and `worker` log: one line for each record, with no secret and nothing forged in it.

Whoever reads the log must be able to trust its lines, and what strangers wrote is in it: control
characters are escaped, and secrets are taken out of the whole record, its traceback included.
"""

import json
import logging
import sys
import threading
from datetime import UTC, datetime
from typing import TextIO

from bot.adapters.log_subject import subject
from bot.domain.identity import run_id_of
from bot.domain.redaction import Redactor
from bot.settings import AppSettings, LogFormat

_LONGEST = 64 * 1024
"""Characters of a message or a traceback."""
_BETWEEN = "\x1e"
"""Between the two; it is white space, so a secret across it is found."""


class _Lines(logging.Formatter):
    """What both formats share: the text of a record, redacted as a whole."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def _texts(self, record: logging.LogRecord) -> tuple[str, str]:
        """Return the message and the traceback, which may be empty."""
        trace = self.formatException(record.exc_info) if record.exc_info else ""
        stack = self.formatStack(record.stack_info) if record.stack_info else ""
        parts = (_message(record), "\n".join(part for part in (trace, stack) if part))
        joined = _BETWEEN.join(part.replace(_BETWEEN, " ") for part in parts)
        message, _, rest = self._redactor.clean(joined).partition(_BETWEEN)
        return message[:_LONGEST], rest[:_LONGEST]


class JsonLines(_Lines):
    """One JSON object in ASCII for each record, for machines."""

    def format(self, record: logging.LogRecord) -> str:
        message, trace = self._texts(record)
        document = {
            "time": _time(record).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message,
        }
        return json.dumps(document | _subject() | ({"exception": trace} if trace else {}))


class ConsoleLines(_Lines):
    """One line for each record, for people; a traceback is indented under it."""

    def format(self, record: logging.LogRecord) -> str:
        message, trace = self._texts(record)
        head = f"{_time(record):%H:%M:%S} {record.levelname.lower():<8} {record.name}: "
        below = "".join(f"\n    {_printable(line)}" for line in trace.splitlines())
        return f"{head}{_printable(message)}{below}"


def configure(settings: AppSettings, *, stream: TextIO | None = None) -> None:
    """Set up the logging of this process; nothing is printed past it."""
    redactor = Redactor(settings.secrets)
    lines = JsonLines if settings.log_format is LogFormat.JSON else ConsoleLines
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(lines(redactor))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("pullwright").setLevel(logging.INFO)
    # The engine would print in a form of its own, were there no handler at its logger.
    engine = logging.getLogger("dbos")
    engine.handlers[:] = [logging.NullHandler()]
    engine.propagate = True
    logging.captureWarnings(True)
    # A record that cannot be written would be shown raw.
    logging.raiseExceptions = False
    threading.excepthook = _report


def _report(ended: threading.ExceptHookArgs) -> None:
    """Log what ended a thread."""
    name = ended.thread.name if ended.thread is not None else "?"
    logging.getLogger("pullwright").critical("thread %s broke", name, exc_info=ended.exc_value)


def _subject() -> dict[str, str]:
    """Return the job and the run that the record is about: it is written by whom it comes from."""
    job_id = subject()
    return {} if job_id is None else {"job": job_id, "run": run_id_of(job_id)}


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        # Arguments that do not fit the message are a bug, and no reason to lose either.
        return f"{record.msg} {record.args!r}"


def _time(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
