"""The diff of a pull request as GitHub shows it: three dots, three lines of context, renames.

Written without a look at the diff model of the product, so that the two cannot share a mistake.
"""

import re
from dataclasses import dataclass

from tests.github_simulator.git_store import GitStore

_HEADER = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_STATUS = {
    "A": "added",
    "D": "removed",
    "M": "modified",
    "R": "renamed",
    "C": "copied",
    "T": "changed",
}


@dataclass(frozen=True, slots=True)
class HunkLine:
    """One line of a hunk; a line number is None on the side where the line is not."""

    text: str
    """With its first character: space, plus, minus or backslash."""
    left: int | None
    right: int | None
    position: int
    """Lines down from the first hunk header of the file, GitHub's old coordinate."""


@dataclass(frozen=True, slots=True)
class DiffHunk:
    """One hunk of a file."""

    header: str
    lines: tuple[HunkLine, ...]

    def at(self, side: str, line: int) -> HunkLine | None:
        """Return the line with this number on a side."""
        for candidate in self.lines:
            if line == (candidate.left if side == "LEFT" else candidate.right):
                return candidate
        return None

    def until(self, last: HunkLine) -> str:
        """Return the header and the lines down to one of them: the `diff_hunk` of a comment."""
        shown = [line.text for line in self.lines if line.position <= last.position]
        return "\n".join([self.header, *shown])


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """One file of a pull request."""

    path: str
    old_path: str
    status: str
    blob: str
    patch: str | None
    """None for binary files and for those that are only renamed."""
    hunks: tuple[DiffHunk, ...]

    @property
    def additions(self) -> int:
        return sum(line.text.startswith("+") for hunk in self.hunks for line in hunk.lines)

    @property
    def deletions(self) -> int:
        return sum(line.text.startswith("-") for hunk in self.hunks for line in hunk.lines)

    def hunk_at(self, side: str, line: int) -> DiffHunk | None:
        """Return the hunk that has this line on a side."""
        return next((hunk for hunk in self.hunks if hunk.at(side, line)), None)


def changed_files(store: GitStore, base: str, head: str) -> tuple[ChangedFile, ...]:
    """Return the files that differ between two commits, by path."""
    options = ("--no-color", "--no-ext-diff", "--no-textconv", "-M", "--full-index", "--no-abbrev")
    raw = store.recall("diff", "--raw", "-z", *options, base, head).decode("utf-8", "replace")
    patch = store.recall("diff", "-p", *options, base, head).decode("utf-8", "replace")
    sections = re.split(r"^diff --git ", patch, flags=re.MULTILINE)[1:]
    taken = 0
    files = []
    for blob, status, old, new in _raw_entries(raw):
        width = 2 if status == "T" else 1
        files.append(_file((old, new), (status, blob), "".join(sections[taken : taken + width])))
        taken += width
    return tuple(files)


def _raw_entries(raw: str) -> list[tuple[str, str, str, str]]:
    parts = iter(raw.split("\0"))
    entries = []
    for head in parts:
        if not head:
            continue
        fields = head.split()
        status = fields[4][0]
        old = next(parts)
        new = next(parts) if status in "RC" else old
        entries.append((fields[2] if status == "D" else fields[3], status, old, new))
    return entries


def _file(names: tuple[str, str], kind: tuple[str, str], section: str) -> ChangedFile:
    old, new = names
    status, blob = kind
    place = section.find("\n@@ ")
    text = section[place + 1 :].removesuffix("\n") if place >= 0 else None
    hunks = _hunks(text) if text else ()
    return ChangedFile(new, old, _STATUS[status], blob, text, hunks)


def _hunks(text: str) -> tuple[DiffHunk, ...]:
    hunks: list[tuple[str, list[HunkLine]]] = []
    left = right = 0
    for position, row in enumerate(text.split("\n")):
        if found := _HEADER.match(row):
            left, right = int(found[1]), int(found[3])
            hunks.append((row, []))
            continue
        kind = row[:1]
        has_left, has_right = kind in (" ", "-"), kind in (" ", "+")
        line = HunkLine(row, left if has_left else None, right if has_right else None, position)
        hunks[-1][1].append(line)
        left, right = left + has_left, right + has_right
    return tuple(DiffHunk(header, tuple(lines)) for header, lines in hunks)
