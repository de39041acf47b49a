"""Search-and-replace edits of a model: a patch that fits the head byte for byte, or a refusal."""

from collections.abc import Mapping, Sequence

from bot.domain.edits import EditRefused, Patch, edits_between
from bot.domain.model import Reply
from bot.domain.pull_request import printable

MOST_EDITS = 20


class ProposedEdit(Reply):
    """Replace some whole lines by others."""

    path: str
    search: str
    replace: str


class RewriteReply(Reply):
    """A patch as a model proposes it."""

    edits: tuple[ProposedEdit, ...]
    explanation: str


class Fill(Reply):
    """Write something else at one place of one line: a constant, a name, a condition."""

    path: str
    line: int
    old: str
    new: str


class RepairReply(Reply):
    """What a model proposes to a search for a repair."""

    edits: tuple[ProposedEdit, ...]
    fills: tuple[Fill, ...]


class TestReply(Reply):
    """A test file as a model proposes it."""

    text: str
    expectation: str


def patch_of(proposed: Sequence[ProposedEdit], files: Mapping[str, bytes]) -> Patch:
    """Return the patch; raises EditRefused naming what does not fit, for the model to read."""
    if not proposed:
        raise EditRefused("there is no edit")
    if len(proposed) > MOST_EDITS:
        raise EditRefused(f"{len(proposed)} edits, the limit is {MOST_EDITS}")
    after: dict[str, bytes] = {}
    for edit in proposed:
        path = edit.path.strip()
        if path not in files:
            raise EditRefused(f"{printable(path)} is no file that you were shown")
        after[path] = _replaced(path, after.get(path, files[path]), edit)
    edits = tuple(e for path, data in after.items() for e in edits_between(path, files[path], data))
    if not edits:
        raise EditRefused("the edits change nothing")
    return Patch(edits)


def _replaced(path: str, data: bytes, edit: ProposedEdit) -> bytes:
    """Replace the one place where the lines stand; a model's line ends are those of the file."""
    text = data.decode("utf-8", "surrogateescape")
    end = "\r\n" if "\r\n" in text else "\n"
    search, replace = (_with_ends(part, end) for part in (edit.search, edit.replace))
    if not search.strip():
        raise EditRefused(f"an edit of {printable(path)} searches for nothing")
    found = _places(text, search)
    if len(found) != 1:
        times = "nowhere" if not found else f"{len(found)} times"
        raise EditRefused(f"the searched lines stand {times} in {printable(path)}")
    start, stop = found[0]
    is_last = stop == len(text) and not text.endswith("\n")
    new = replace.removesuffix(end) if is_last else replace
    return (text[:start] + new + text[stop:]).encode("utf-8", "surrogateescape")


def _with_ends(text: str, end: str) -> str:
    body = text.replace("\r\n", "\n").strip("\n")
    return body.replace("\n", end) + end if body else ""


def _places(text: str, search: str) -> list[tuple[int, int]]:
    """Return where whole lines read as searched, the last line without its end included."""
    padded = text if text.endswith("\n") else text + ("\r\n" if "\r\n" in text else "\n")
    found: list[tuple[int, int]] = []
    start = padded.find(search)
    while start >= 0:
        if start == 0 or padded[start - 1] == "\n":
            found.append((start, min(start + len(search), len(text))))
        start = padded.find(search, start + 1)
    return found
