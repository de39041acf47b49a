"""What we would apply: edits of whole lines, gathered into a patch that refuses to guess."""

import difflib
import itertools
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.git_names import header_name
from bot.domain.pull_request import printable
from bot.errors import PullwrightError

_CONTEXT_LINES = 3
_EXACT_MATCH_LINES = 2000
"""Above this difflib may leave frequent lines out of its search: it is quadratic in them."""


class EditRefused(PullwrightError):
    """An edit does not fit the file byte for byte, or two edits overlap."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the lines `start_line` to `end_line` (from 1, both included) of one file.

    `end_line == start_line - 1` with an empty `old_text` inserts before `start_line`.
    Texts carry their line endings and are bytes decoded as UTF-8 with `surrogateescape`.
    """

    path: str
    start_line: int
    end_line: int
    old_text: str
    new_text: str

    @property
    def place(self) -> str:
        """Where the edit is, for messages."""
        return f"{printable(self.path)}:{self.start_line}"


@dataclass(frozen=True, slots=True)
class Patch:
    """Edits that are applied together or not at all, sorted by path and line.

    Raises EditRefused when an edit's lines and its old text differ in number, and when two edits of
    one file overlap or touch the same insertion point.
    """

    edits: tuple[Edit, ...]

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.edits, key=lambda e: (e.path, e.start_line, e.end_line)))
        object.__setattr__(self, "edits", ordered)
        for edit in ordered:
            _check_range(edit)
        for before, after in itertools.pairwise(ordered):
            if before.path == after.path and _overlap(before, after):
                raise EditRefused(f"two edits overlap at {after.place}")

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that the patch edits, each once, sorted."""
        return tuple(dict.fromkeys(edit.path for edit in self.edits))

    @property
    def changed_lines(self) -> int:
        """Added plus removed lines."""
        return sum(len(_lines(e.old_text)) + len(_lines(e.new_text)) for e in self.edits)

    def apply(self, files: Mapping[str, bytes]) -> dict[str, bytes]:
        """Return the new contents of the edited files; `files` holds at least their old contents.

        Raises EditRefused when an old text is not byte for byte what the file holds there, and when
        a new text would run into the line after it.
        """
        by_path = itertools.groupby(self.edits, key=lambda edit: edit.path)
        return {path: _applied(path, list(edits), files) for path, edits in by_path}

    def unified(self, files: Mapping[str, bytes]) -> str:
        """Return a diff that `git apply` takes, against the given old contents.

        To be written as UTF-8 with `surrogateescape`, like every text of an edit.
        """
        after = self.apply(files)
        return "".join(unified_diff(path, files[path], after[path]) for path in self.paths)

    def overlaps(self, other: "Patch") -> bool:
        """Tell whether the two patches edit a line in common and so cannot be applied together."""
        taken = Taken()
        return not (taken.take(self) and taken.take(other))


class Taken:
    """The lines that patches hold already, so that each of many finds out quickly if it fits."""

    def __init__(self) -> None:
        self._by_path: dict[str, list[Edit]] = {}

    def take(self, patch: Patch) -> bool:
        """Take the lines of a patch, or return False where another patch edits one of them.

        An edit that both have is no conflict, as in `union`.
        """
        if not all(self._is_free(edit) for edit in patch.edits):
            return False
        for edit in patch.edits:
            edits = self._by_path.setdefault(edit.path, [])
            place = _place(edits, edit)
            if edits[place : place + 1] != [edit]:
                edits.insert(place, edit)
        return True

    def _is_free(self, edit: Edit) -> bool:
        edits = self._by_path.get(edit.path, [])
        place = _place(edits, edit)
        before, after = edits[max(0, place - 1) : place], edits[place : place + 1]
        if after == [edit]:
            return True
        return not any(_overlap(e, edit) for e in before) and not any(
            _overlap(edit, e) for e in after
        )


def _place(edits: Sequence[Edit], edit: Edit) -> int:
    """Return where an edit is, or would be, among edits that do not overlap."""
    return bisect_left(edits, edit.start_line, key=lambda other: other.start_line)


def edits_between(path: str, before: bytes, after: bytes) -> tuple[Edit, ...]:
    """Return small line edits that turn `before` into `after`; any two have a line between them."""
    old, new = _lines(_text(before)), _lines(_text(after))
    head = _common_length(old, new)
    tail = _common_length(old[head:][::-1], new[head:][::-1])
    old_part, new_part = old[head : len(old) - tail], new[head : len(new) - tail]
    is_long = len(old_part) + len(new_part) > _EXACT_MATCH_LINES
    matcher = difflib.SequenceMatcher(None, old_part, new_part, autojunk=is_long)
    return tuple(
        Edit(path, head + i1 + 1, head + i2, "".join(old_part[i1:i2]), "".join(new_part[j1:j2]))
        for tag, i1, i2, j1, j2 in matcher.get_opcodes()
        if tag != "equal"
    )


def trimmed(path: str, first: int, old: Sequence[str], new: Sequence[str]) -> Edit:
    """Return the edit of lines from `first` on without those that are the same at both its ends."""
    head = _common_length(old, new)
    tail = _common_length(old[head:][::-1], new[head:][::-1])
    gone, made = old[head : len(old) - tail], new[head : len(new) - tail]
    start = first + head
    return Edit(path, start, start + len(gone) - 1, "".join(gone), "".join(made))


def union(patches: Iterable[Patch]) -> Patch:
    """Return one patch of all edits, equal ones once; raises EditRefused when any two overlap."""
    return Patch(tuple(dict.fromkeys(edit for patch in patches for edit in patch.edits)))


def unified_diff(path: str, before: bytes, after: bytes) -> str:
    """Return a unified diff of one file with git's header and its no-newline marks."""
    edits = edits_between(path, before, after)
    if not edits:
        return ""
    name = path.encode("utf-8", "surrogateescape")
    old_name, new_name = (header_name(name, prefix=p).decode("ascii") for p in (b"a/", b"b/"))
    end = "\t" if " " in path else ""
    header = f"diff --git {old_name} {new_name}\n--- {old_name}{end}\n+++ {new_name}{end}\n"
    old = _lines(_text(before))
    shift = 0
    hunks: list[str] = []
    for group in _grouped(edits):
        text, growth = _hunk(old, group, shift=shift)
        hunks.append(text)
        shift += growth
    return header + "".join(hunks)


def _grouped(edits: Sequence[Edit]) -> list[list[Edit]]:
    """Put edits whose context lines would touch or overlap into one hunk."""
    groups: list[list[Edit]] = [[edits[0]]]
    for before, after in itertools.pairwise(edits):
        if after.start_line - before.end_line - 1 > 2 * _CONTEXT_LINES:
            groups.append([])
        groups[-1].append(after)
    return groups


def _hunk(old: Sequence[str], group: Sequence[Edit], *, shift: int) -> tuple[str, int]:
    """Return one hunk, and how many lines it adds to the file."""
    start = max(0, group[0].start_line - 1 - _CONTEXT_LINES)
    end = min(len(old), group[-1].end_line + _CONTEXT_LINES)
    rows: list[str] = []
    growth = 0
    position = start
    for edit in group:
        removed, added = old[edit.start_line - 1 : edit.end_line], _lines(edit.new_text)
        rows.extend(f" {line}" for line in old[position : edit.start_line - 1])
        rows.extend(f"-{line}" for line in removed)
        rows.extend(f"+{line}" for line in added)
        position = edit.end_line
        growth += len(added) - len(removed)
    rows.extend(f" {line}" for line in old[position:end])
    counts = _range(start, end - start), _range(start + shift, end - start + growth)
    body = "".join(r if r.endswith("\n") else f"{r}\n\\ No newline at end of file\n" for r in rows)
    return f"@@ -{counts[0]} +{counts[1]} @@\n{body}", growth


def _range(lines_before: int, count: int) -> str:
    """Write a range as git does: an empty one is named by the line before it."""
    return f"{lines_before + (count > 0)},{count}"


def _applied(path: str, edits: Sequence[Edit], files: Mapping[str, bytes]) -> bytes:
    if path not in files:
        raise EditRefused(f"{printable(path)} is not in the tree")
    lines = _lines(_text(files[path]))
    pieces: list[str] = []
    position = 0
    for edit in edits:
        found = "".join(lines[edit.start_line - 1 : edit.end_line])
        # A range that ends behind the file finds less text; an insertion finds none anywhere.
        if found != edit.old_text or edit.end_line > len(lines):
            raise EditRefused(f"{edit.place} does not read as the edit expects")
        pieces += [*lines[position : edit.start_line - 1], edit.new_text]
        position = edit.end_line
    pieces += lines[position:]
    _check_line_ends(path, [piece for piece in pieces if piece])
    return _bytes(path, "".join(pieces))


def _check_range(edit: Edit) -> None:
    if edit.start_line < 1 or len(_lines(edit.old_text)) != edit.end_line - edit.start_line + 1:
        raise EditRefused(f"{edit.place}-{edit.end_line} is not the range of the old text")


def _check_line_ends(path: str, pieces: Sequence[str]) -> None:
    if any(not piece.endswith("\n") for piece in pieces[:-1]):
        raise EditRefused(f"{printable(path)}: an edit without a line end would join two lines")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _bytes(path: str, text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise EditRefused(
            f"{printable(path)}: the new text is not UTF-8: {error.reason}"
        ) from error


def _lines(text: str) -> list[str]:
    """Split at line feeds only, as git does; `str.splitlines` knows eleven other ends."""
    parts = text.split("\n")
    lines = [f"{part}\n" for part in parts[:-1]]
    return [*lines, parts[-1]] if parts[-1] else lines


def _common_length(first: Sequence[str], second: Sequence[str]) -> int:
    """How many items both begin with."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(first), len(second)))


def _overlap(before: Edit, after: Edit) -> bool:
    is_same_insertion = before.start_line == after.start_line
    return after.start_line <= before.end_line or is_same_insertion
