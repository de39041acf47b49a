"""What a model may look up: ranges, symbols, words and folders of the head, and nothing else.

Typed requests, answered from the frozen copy of one commit; a path is a name in its tree, so there
is no file system to leave. Answers are capped, and what was asked before is not answered again.
"""

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bot.agent.surroundings import Surroundings
from bot.domain.model_findings import Lookup
from bot.domain.ports import Workspace
from bot.domain.prompt import Block
from bot.domain.pull_request import printable

MOST_LOOKUPS = 4
"""In one reply."""
ROUNDS = 2
_MOST_LINES = 80
_MOST_CHARACTERS = 4_000
_MOST_NAMES = 100
_MOST_FILE_BYTES = 1 << 20


@dataclass
class Lookups:
    """Answers the requests of one conversation."""

    workspace: Workspace
    surroundings: Surroundings
    _asked: set[Lookup] = field(default_factory=set)

    def answer(self, wanted: Sequence[Lookup]) -> tuple[Block, ...]:
        """Return a block for each request, up to the cap; empty where nothing new was asked."""
        fresh = [lookup for lookup in dict.fromkeys(wanted) if lookup not in self._asked]
        taken = fresh[:MOST_LOOKUPS]
        self._asked.update(taken)
        return tuple(
            Block(_label(lookup), self._found(lookup), limit=_MOST_CHARACTERS) for lookup in taken
        )

    def _found(self, lookup: Lookup) -> str:
        match lookup.kind:
            case "read":
                return self._read(lookup)
            case "list":
                return "\n".join(self._listed(lookup.path)) or "there is no such folder"
            case "symbol":
                return self._shown(self.surroundings.defining(lookup.text.strip()))
            case "search":
                return self._shown(self.surroundings.mentioning(lookup.text.strip()))

    def _read(self, lookup: Lookup) -> str:
        text = self._text(lookup.path)
        if text is None:
            return "there is no such text file at the head"
        lines = text.split("\n")
        first = max(1, min(lookup.first_line, len(lines)))
        last = max(first, min(lookup.last_line, first + _MOST_LINES - 1, len(lines)))
        return "\n".join(f"{n:>4} {lines[n - 1]}" for n in range(first, last + 1))

    def _text(self, path: str) -> str | None:
        head = self.workspace.change.head_sha
        sizes = {entry.path: entry.size_bytes for entry in self.workspace.entries(head)}
        if sizes.get(path, _MOST_FILE_BYTES + 1) > _MOST_FILE_BYTES:
            return None
        data = next((file.data for file in self.workspace.files(head, [path])), b"\0")
        return None if b"\0" in data else data.decode("utf-8", "replace")

    def _listed(self, folder: str) -> Iterator[str]:
        prefix = posixpath.join(folder.strip("/"), "") if folder.strip("/.") else ""
        names: dict[str, None] = {}
        for entry in self.workspace.entries(self.workspace.change.head_sha):
            if entry.path.startswith(prefix):
                first, slash, _ = entry.path[len(prefix) :].partition("/")
                names[printable(first + slash)] = None
        yield from list(names)[:_MOST_NAMES]

    def _shown(self, places: Mapping[tuple[str, int], str]) -> str:
        rows = (f"{printable(path)}:{line}\n{text}" for (path, line), text in places.items())
        return "\n\n".join(rows) or "nothing of that name was found"


def _label(lookup: Lookup) -> str:
    match lookup.kind:
        case "read":
            return f"{lookup.path} from line {lookup.first_line}"
        case "list":
            return f"folder {lookup.path}"
        case kind:
            return f"{kind} {lookup.text}"
