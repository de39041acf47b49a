"""What a program may say to a GitHub runner: annotations, outputs, and silence for all other text.

A runner obeys every line of a step's output that begins with `::`, so what others wrote is printed
only between the two lines of `stop-commands` (rule R23).
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from bot.domain.forge import Annotation, AnnotationLevel

PER_KIND = 10
"""Annotations of one kind that GitHub shows of one step."""
SUMMARY_BYTES = 1 << 20
"""Of the job summary of one step; GitHub drops a larger one whole."""
_KINDS = {
    AnnotationLevel.FAILURE: "error",
    AnnotationLevel.WARNING: "warning",
    AnnotationLevel.NOTICE: "notice",
}
_FENCE = re.compile(r"^`{3,}", re.MULTILINE)
_CUT = "\n\n(cut: GitHub shows {limit:,} bytes of a job summary; the results file has everything)\n"


def data(text: str) -> str:
    """Return the text as the message of a command, as `@actions/core` writes it."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def value(text: str) -> str:
    """Return the text as the value of a command's property."""
    return data(text).replace(":", "%3A").replace(",", "%2C")


def annotation(note: Annotation) -> str:
    """Return the line that shows an annotation next to the code."""
    place = {
        "file": note.path,
        "line": str(note.start_line),
        "endLine": str(note.end_line),
        "title": note.title,
    }
    given = ",".join(f"{name}={value(text)}" for name, text in place.items())
    return f"::{_KINDS[note.level]} {given}::{data(note.message)}"


def annotations(ranked: Iterable[Annotation]) -> Iterator[str]:
    """Yield the lines of the worst annotations, as many of each kind as GitHub shows."""
    shown = dict.fromkeys(AnnotationLevel, 0)
    for note in ranked:
        if shown[note.level] < PER_KIND:
            shown[note.level] += 1
            yield annotation(note)


def error(message: str) -> str:
    """Return the line that shows why a step failed."""
    return f"::error title=Pullwright::{data(message)}"


def notice(message: str) -> str:
    """Return the line that shows something which is no failure."""
    return f"::notice title=Pullwright::{data(message)}"


def stop(token: str) -> str:
    """Return the line from which on nothing is a command."""
    return f"::stop-commands::{token}"


def resume(token: str) -> str:
    """Return the line that ends it."""
    return f"::{token}::"


def outputs(values: Mapping[str, str], delimiter: str) -> str:
    """Return what is appended to the file of outputs; the delimiter is random.

    Raises ValueError where it is in a value: that would let a value set another output.
    """
    rows = []
    for name, text in values.items():
        if delimiter in text:
            raise ValueError(f"the delimiter is in the output {name}")
        rows.append(f"{name}<<{delimiter}\n{text}\n{delimiter}\n")
    return "".join(rows)


def fitted_summary(text: str, *, taken: int = 0) -> str:
    """Return a job summary, or as much of it as GitHub takes, with a sentence that says so.

    `taken` is what stands in the file already, in bytes; where not even the sentence fits below
    that, there is nothing to return: one byte too many, and GitHub drops all of it.
    """
    room = SUMMARY_BYTES - taken
    whole = text.encode("utf-8", "backslashreplace")
    if len(whole) <= room:
        return whole.decode("utf-8")
    notice_ = _CUT.format(limit=SUMMARY_BYTES)
    spare = room - len(notice_)
    if spare < 0:
        return ""
    # A fence that is left open would swallow the sentence, and only one as long closes it.
    longest = max(map(len, _FENCE.findall(whole[:spare].decode("utf-8", "ignore"))), default=-1)
    kept = whole[: max(0, spare - longest - 1)].decode("utf-8", "ignore")
    fence = _open_fence(kept)
    return f"{kept}{chr(10) + fence if fence else ''}{notice_}"


def _open_fence(text: str) -> str:
    """Return the fence that a text leaves open, or nothing."""
    fence = ""
    for mark in _FENCE.findall(text):
        if not fence:
            fence = mark
        elif len(mark) >= len(fence):
            fence = ""
    return fence
