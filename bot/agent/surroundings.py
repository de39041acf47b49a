"""The code around a change that a careful reader would look up: who calls it, and what it calls.

Found by name at the head, so it is a help and no proof: names that stand for many things are left
out, and the search reads so many bytes and no more, the nearest folders first.
"""

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from bot.domain.diff import FileDiff
from bot.domain.ports import Outline, Symbol, Workspace
from bot.domain.test_files import is_test_file

MOST_BYTES = 16 << 20
"""Of the repository's code that is searched."""
MOST_FILE_BYTES = 256 << 10
_CODE = (".py", ".pyi", ".js", ".jsx", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".tsx", ".go")
_CALL = re.compile(r"(?<![\w])(?<!def )(?<!function )(?<!func )([A-Za-z_]\w{2,})\s*\(")
_WORD = re.compile(rb"[A-Za-z_]\w{2,}")
_MOST_CALLERS = 3
_MOST_DEFINITIONS = 2
"""A name with more of them says too little about which one is meant."""
_HEAD_LINES = 6
_CALLER_LINES = 1
"""On each side of the line that calls."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Some lines of a file at the head, and what they have to do with the change."""

    path: str
    first_line: int
    text: str
    why: str
    """`around the change`, `calls total`, `defines log`."""

    @property
    def size_bytes(self) -> int:
        """What it takes of a prompt, in UTF-8."""
        return len(self.text.encode("utf-8", "replace"))


class Surroundings:
    """Looks around the change of one workspace; files are read once, when they are asked for."""

    def __init__(self, workspace: Workspace, outline: Outline) -> None:
        self._workspace = workspace
        self._outline = outline
        self._texts: dict[str, list[str]] = {}
        self._called_lines: dict[str, Mapping[str, Sequence[int]]] = {}

    def of(self, files: Iterable[FileDiff], *, limit_bytes: int) -> tuple[Excerpt, ...]:
        """Return excerpts for these files of the diff, the most telling first, within the limit."""
        wanted = [file for file in files if file.path in self._code]
        found = [
            *self._heads(wanted),
            *_alternating(self._callers(wanted), self._definitions(wanted)),
        ]
        return tuple(_within(found, limit_bytes))

    def defining(self, name: str, *, most: int = 4) -> dict[tuple[str, int], str]:
        """Return where a name is defined, by path and first line, with the first lines."""
        found = self._definitions_of(name.rpartition(".")[2])
        return {(e.path, e.first_line): e.text for e in islice(found, most)}

    def mentioning(self, name: str, *, most: int = 8) -> dict[tuple[str, int], str]:
        """Return lines with a word, near the change first; only whole words are found."""
        word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
        first = _WORD.search(name.encode())
        found: dict[tuple[str, int], str] = {}
        for path in self._using(first[0].decode()) if first else ():
            for number, text in enumerate(self._lines(path), 1):
                if len(found) < most and word.search(text):
                    found[path, number] = text
        return found

    @cached_property
    def _code(self) -> Mapping[str, bytes]:
        """The head's code by path, near the change first, up to the limit."""
        head = self._workspace.change.head_sha
        near = {posixpath.dirname(file.path) for file in self._workspace.diff().files}
        entries = [
            entry
            for entry in self._workspace.entries(head)
            if entry.path.endswith(_CODE) and entry.size_bytes <= MOST_FILE_BYTES
        ]
        entries.sort(key=lambda entry: (-_closeness(entry.path, near), entry.path))
        paths: list[str] = []
        size = 0
        for entry in entries:
            size += entry.size_bytes
            if size > MOST_BYTES:
                break
            paths.append(entry.path)
        read = {file.path: file.data for file in self._workspace.files(head, paths)}
        return {path: read[path] for path in paths if path in read}

    @cached_property
    def _words(self) -> Mapping[str, frozenset[bytes]]:
        return {path: frozenset(_WORD.findall(data)) for path, data in self._code.items()}

    def _using(self, name: str) -> Iterator[str]:
        """Yield the files in which a name stands, near ones first."""
        word = name.encode()
        return (path for path, words in self._words.items() if word in words)

    def _changed_symbols(self, file: FileDiff) -> list[Symbol]:
        """Return the innermost symbols that the change touches."""
        symbols = self._outline.symbols(file.path, self._code[file.path])
        touched = [s for s in symbols if file.touches(s.first_line, s.last_line)]
        return [s for s in touched if not any(_is_inside(other, s) for other in touched)]

    def _heads(self, files: Iterable[FileDiff]) -> Iterator[Excerpt]:
        """Yield the first lines of changed symbols, where no hunk shows them."""
        for file in files:
            lines = self._lines(file.path)
            for symbol in self._changed_symbols(file):
                if not any(symbol.first_line in hunk.new_range for hunk in file.hunks):
                    last = min(symbol.first_line + _HEAD_LINES - 1, symbol.last_line)
                    last = _before_hunks(file, symbol.first_line, last)
                    text = _cut(lines, symbol.first_line, last)
                    yield Excerpt(file.path, symbol.first_line, text, "around the change")

    def _callers(self, files: Sequence[FileDiff]) -> Iterator[Excerpt]:
        names = dict.fromkeys(
            symbol.last_name
            for file in files
            if not is_test_file(file.path)
            for symbol in self._changed_symbols(file)
        )
        for name in names:
            yield from self._calling(name)

    def _calling(self, name: str) -> Iterator[Excerpt]:
        left = _MOST_CALLERS
        for path in self._using(name):
            for line in self._call_lines(path, name)[:left]:
                left -= 1
                lines = self._lines(path)
                first = max(1, line - _CALLER_LINES)
                yield Excerpt(
                    path, first, _cut(lines, first, line + _CALLER_LINES), f"calls {name}"
                )
            if not left:
                return

    def _call_lines(self, path: str, name: str) -> list[int]:
        """Return the lines on which a file calls a name, but for those that the diff shows."""
        return [n for n in self._calls_of(path).get(name, ()) if not self._is_shown(path, n)]

    def _calls_of(self, path: str) -> Mapping[str, Sequence[int]]:
        """Return the lines of a file's calls by name, found by their shape in any language."""
        if path not in self._called_lines:
            found: dict[str, list[int]] = {}
            for number, text in enumerate(self._lines(path), 1):
                for name in dict.fromkeys(_CALL.findall(text)) if "(" in text else ():
                    found.setdefault(name, []).append(number)
            self._called_lines[path] = found
        return self._called_lines[path]

    def _definitions(self, files: Sequence[FileDiff]) -> Iterator[Excerpt]:
        names = sorted({name for file in files for name in self._called(file)})
        for name in names:
            found = list(islice(self._definitions_of(name), _MOST_DEFINITIONS + 1))
            if len(found) <= _MOST_DEFINITIONS:
                yield from (e for e in found if not self._is_shown(e.path, e.first_line))

    def _called(self, file: FileDiff) -> Collection[str]:
        data = self._code[file.path]
        added = [number for hunk in file.hunks for number in hunk.added_numbers]
        lines = ((n, n) for n in added)
        return {
            name
            for first, last in lines
            for name in self._outline.calls(file.path, data, first_line=first, last_line=last)
        }

    def _definitions_of(self, name: str) -> Iterator[Excerpt]:
        for path in self._using(name):
            for symbol in self._outline.symbols(path, self._code[path]):
                if symbol.last_name == name:
                    last = min(symbol.first_line + _HEAD_LINES - 1, symbol.last_line)
                    text = _cut(self._lines(path), symbol.first_line, last)
                    yield Excerpt(path, symbol.first_line, text, f"defines {name}")

    def _is_shown(self, path: str, line: int) -> bool:
        """Tell whether the diff shows a line of the head."""
        file = self._workspace.diff().by_path.get(path)
        return file is not None and any(line in hunk.new_range for hunk in file.hunks)

    def symbol_at(self, path: str, line: int) -> str:
        """Return the dotted name of the innermost symbol around a line of a file of code."""
        data = self._code.get(path)
        symbols = self._outline.symbols(path, data) if data is not None else ()
        around = [s.name for s in symbols if s.first_line <= line <= s.last_line]
        return max(around, key=lambda name: name.count("."), default="")

    def _lines(self, path: str) -> list[str]:
        if path not in self._texts:
            self._texts[path] = self._code[path].decode("utf-8", "replace").split("\n")
        return self._texts[path]


def _closeness(path: str, folders: Collection[str]) -> int:
    """Return how many leading folders a path shares with the nearest changed one."""
    parts = posixpath.dirname(path).split("/")
    return max((_shared(parts, folder.split("/")) for folder in folders), default=0)


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        count += 1
    return count


def _is_inside(inner: Symbol, outer: Symbol) -> bool:
    is_within = outer.first_line <= inner.first_line and inner.last_line <= outer.last_line
    return inner is not outer and is_within


def _before_hunks(file: FileDiff, first: int, last: int) -> int:
    """Return the last line that no hunk shows, from `first` on."""
    starts = [hunk.new_start for hunk in file.hunks if first < hunk.new_start <= last]
    return min(starts, default=last + 1) - 1


def _cut(lines: Sequence[str], first: int, last: int) -> str:
    return "\n".join(lines[first - 1 : last])


def _alternating(one: Iterable[Excerpt], other: Iterable[Excerpt]) -> Iterator[Excerpt]:
    """Yield in turns, so that a limit cuts both."""
    first, second = list(one), list(other)
    for place in range(max(len(first), len(second))):
        yield from first[place : place + 1]
        yield from second[place : place + 1]


def _within(found: Iterable[Excerpt], limit_bytes: int) -> Iterator[Excerpt]:
    """Yield distinct excerpts until the limit; a large one is passed over, a later one may fit."""
    shown: set[tuple[str, int]] = set()
    for excerpt in found:
        key = (excerpt.path, excerpt.first_line)
        if key not in shown and excerpt.size_bytes <= limit_bytes:
            shown.add(key)
            limit_bytes -= excerpt.size_bytes
            yield excerpt
