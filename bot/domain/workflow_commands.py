"""What a program may say to a GitHub runner: annotations, outputs, and silence for all other text.

A runner obeys every line of a step's output that begins with `::`, so what others wrote is printed
only between the two lines of `stop-commands` (rule R23).
"""

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

    `taken` is what stands in the file already, in bytes.
    """
    room = SUMMARY_BYTES - taken
    whole = text.encode("utf-8", "backslashreplace")
    if len(whole) <= room:
        return whole.decode("utf-8")
    notice_ = _CUT.format(limit=SUMMARY_BYTES)
    kept = whole[: max(0, room - len(notice_.encode()) - 16)].decode("utf-8", "ignore")
    # A fence that is left open would swallow the sentence.
    is_open = sum(line.startswith("```") for line in kept.split("\n")) % 2
    return f"{kept}{chr(10) + '```' if is_open else ''}{notice_}"
