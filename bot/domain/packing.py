"""A diff in pieces that fit what a model can read: the riskiest first, none lost without a name.

Sorting makes it O(n log n) in the size of the diff n, as the paper says; every hunk is in exactly
one order, whole or in parts, and what no chunk has room for is returned by name.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.domain.diff import Diff, FileDiff, Hunk, LineKind

HunkKey = tuple[str, int]
"""A path and the index of a hunk in that file's diff."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A hunk, or a part of one that is too long to be read at once."""

    key: HunkKey
    text: str
    """Its lines as `listing` shows them."""
    first_line: int
    """The first line of the head in it, or where its removed lines were."""
    last_line: int
    risk: float

    @property
    def path(self) -> str:
        """The file on the new side."""
        return self.key[0]

    @property
    def size_bytes(self) -> int:
        """What it takes of a prompt, in UTF-8."""
        return len(self.text.encode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class Packed:
    """What is read together, and what is not read at all."""

    chunks: tuple[tuple[Piece, ...], ...]
    """Each in the order of files and lines; the riskiest chunk first."""
    left_out: tuple[Piece, ...] = ()
    """What the number of chunks had no room for, the riskiest first."""

    @property
    def whole(self) -> frozenset[HunkKey]:
        """Hunks all of whose parts are in a chunk."""
        missing = {piece.key for piece in self.left_out}
        return frozenset(p.key for chunk in self.chunks for p in chunk if p.key not in missing)


def pieces(
    diff: Diff,
    wanted: Iterable[HunkKey],
    *,
    risk: Callable[[FileDiff, Hunk], float],
    piece_bytes: int,
) -> tuple[Piece, ...]:
    """Return the wanted hunks in pieces of at most about `piece_bytes`, by file and line.

    A line that is longer than a piece alone makes one; hunks that a file does not have are left
    out, such as the one that stands for a rename.
    """
    found: list[Piece] = []
    for path, index in sorted(wanted):
        file = diff.by_path.get(path)
        if file is None or index >= len(file.hunks):
            continue
        hunk = file.hunks[index]
        score = risk(file, hunk)
        found += (
            Piece((path, index), "".join(text for text, _ in part), part[0][1], part[-1][1], score)
            for part in _parts(listing(hunk), piece_bytes)
        )
    return tuple(found)


def pack(found: Sequence[Piece], *, chunk_bytes: int, most_chunks: int) -> Packed:
    """Put pieces into chunks, the riskiest first and the pieces of a file together.

    A chunk is never over `chunk_bytes` unless one piece alone is.
    """
    files: dict[str, list[Piece]] = {}
    for piece in found:
        files.setdefault(piece.path, []).append(piece)
    order = sorted(files.values(), key=lambda group: (-max(p.risk for p in group), group[0].path))
    chunks: list[list[Piece]] = []
    room = 0
    left_out: list[Piece] = []
    for piece in _in_reading_order(order, chunk_bytes):
        if piece.size_bytes > room:
            if len(chunks) == most_chunks:
                left_out.append(piece)
                continue
            chunks.append([])
            room = chunk_bytes
        chunks[-1].append(piece)
        room -= piece.size_bytes
    return Packed(
        tuple(tuple(sorted(chunk, key=_place)) for chunk in chunks),
        tuple(sorted(left_out, key=lambda piece: (-piece.risk, _place(piece)))),
    )


def listing(hunk: Hunk) -> Iterator[tuple[str, int]]:
    """Yield a hunk's lines with their numbers at the head, and where each line stands there.

    A removed line has no number: `  12 +text`, `     -text`.
    """
    place = max(1, hunk.new_start)
    for line in hunk.lines:
        if line.new_number is not None:
            place = line.new_number
        number = "" if line.kind is LineKind.REMOVED else str(place)
        end = "" if line.text.endswith("\n") else "\n"
        yield f"{number:>4} {line.kind.value}{line.text}{end}", place


def _parts(
    rows: Iterable[tuple[str, int]], piece_bytes: int
) -> Iterator[Sequence[tuple[str, int]]]:
    part: list[tuple[str, int]] = []
    size = 0
    for row in rows:
        length = len(row[0].encode("utf-8", "replace"))
        if part and size + length > piece_bytes:
            yield part
            part, size = [], 0
        part.append(row)
        size += length
    if part:
        yield part


def _in_reading_order(files: Iterable[Sequence[Piece]], chunk_bytes: int) -> Iterator[Piece]:
    """Yield files that fit a chunk whole, in their lines' order; of larger ones the worst first."""
    for group in files:
        is_small = sum(piece.size_bytes for piece in group) <= chunk_bytes
        yield from group if is_small else sorted(group, key=lambda p: (-p.risk, _place(p)))


def _place(piece: Piece) -> tuple[str, int, int]:
    return (*piece.key, piece.first_line)
