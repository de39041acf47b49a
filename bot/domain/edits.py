"""What we would apply: edits of whole lines, gathered into a patch that refuses to guess."""

import difflib
import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.errors import PullwrightError


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


@dataclass(frozen=True, slots=True)
class Patch:
    """Edits that are applied together or not at all, sorted by path and line.

    Raises EditRefused when two edits of one file overlap or touch the same insertion point.
    """

    edits: tuple[Edit, ...]

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.edits, key=lambda e: (e.path, e.start_line, e.end_line)))
        object.__setattr__(self, "edits", ordered)
        for before, after in itertools.pairwise(ordered):
            if before.path == after.path and _overlap(before, after):
                raise EditRefused(f"two edits overlap at {after.path}:{after.start_line}")

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

        Raises EditRefused when an old text is not byte for byte what the file holds there.
        """
        return {path: self._apply_to(path, files) for path in self.paths}

    def unified(self, files: Mapping[str, bytes]) -> str:
        """Return a diff that `git apply` takes, against the given old contents."""
        after = self.apply(files)
        return "".join(unified_diff(path, files[path], after[path]) for path in self.paths)

    def overlaps(self, other: "Patch") -> bool:
        """Tell whether the two patches edit a line in common and so cannot be applied together."""
        try:
            Patch(self.edits + other.edits)
        except EditRefused:
            return True
        return False

    def _apply_to(self, path: str, files: Mapping[str, bytes]) -> bytes:
        if path not in files:
            raise EditRefused(f"{path} is not in the tree")
        lines = _lines(files[path].decode("utf-8", "surrogateescape"))
        for edit in reversed([e for e in self.edits if e.path == path]):
            found = "".join(lines[edit.start_line - 1 : edit.end_line])
            if found != edit.old_text or edit.end_line > len(lines):
                raise EditRefused(f"{path}:{edit.start_line} does not read as the edit expects")
            lines[edit.start_line - 1 : edit.end_line] = [edit.new_text]
        return "".join(lines).encode("utf-8", "surrogateescape")


def edits_between(path: str, before: bytes, after: bytes) -> tuple[Edit, ...]:
    """Return the smallest line edits that turn `before` into `after`."""
    old = _lines(before.decode("utf-8", "surrogateescape"))
    new = _lines(after.decode("utf-8", "surrogateescape"))
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return tuple(
        Edit(path, i1 + 1, i2, "".join(old[i1:i2]), "".join(new[j1:j2]))
        for tag, i1, i2, j1, j2 in matcher.get_opcodes()
        if tag != "equal"
    )


def union(patches: Iterable[Patch]) -> Patch:
    """Return one patch of all edits; raises EditRefused when any two overlap."""
    return Patch(tuple(edit for patch in patches for edit in patch.edits))


def unified_diff(path: str, before: bytes, after: bytes) -> str:
    """Return a unified diff of one file with git's header and its no-newline marks."""
    old = _lines(before.decode("utf-8", "surrogateescape"))
    new = _lines(after.decode("utf-8", "surrogateescape"))
    rows = list(difflib.unified_diff(old, new, f"a/{path}", f"b/{path}"))
    if not rows:
        return ""
    body = "".join(r if r.endswith("\n") else f"{r}\n\\ No newline at end of file\n" for r in rows)
    return f"diff --git a/{path} b/{path}\n{body}"


def _lines(text: str) -> list[str]:
    """Split at line feeds only, as git does; `str.splitlines` knows eleven other ends."""
    parts = text.split("\n")
    lines = [f"{part}\n" for part in parts[:-1]]
    return [*lines, parts[-1]] if parts[-1] else lines


def _overlap(before: Edit, after: Edit) -> bool:
    is_same_insertion = before.start_line == after.start_line
    return after.start_line <= before.end_line or is_same_insertion
