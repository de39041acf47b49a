"""The pages that people read, taken apart: their blocks, commands, links, headings and tables.

A block of code whose fence says `sh`, or nothing, holds commands, one a line. A comment at the end
of a line, or a line of its own before it, may say what the command needs that a test has not:
`# needs GitHub`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = tuple(
    sorted(
        path.relative_to(ROOT).as_posix()
        for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"))
        if path.name != "CHANGELOG.md"
    )
)
NEEDS = re.compile(r"#.*\bneeds (GitHub|a registry|a network|a model|a person|minutes)\b")
"""What a test has not; the words stand on the page, so that a reader sees them too."""

_FENCE = re.compile(r"^( *)(`{3,})(.*)$")
_LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)")
_HERE = re.compile(r"<<-?\s*['\"]?(\w+)")
_COMMENT = re.compile(r"(?:^|\s)#.*$")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of code."""

    page: str
    line: int
    language: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"


@dataclass(frozen=True, slots=True)
class Typed:
    """A command as a reader types it, comments cut off."""

    page: str
    line: int
    command: str
    is_marked: bool
    """The page says that it needs what a test has not."""


@cache
def text_of(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


@cache
def blocks(page: str) -> Sequence[Block]:
    found: list[Block] = []
    opened: tuple[str, str, int] | None = None
    inside: list[str] = []
    for number, line in enumerate(text_of(page).splitlines(), 1):
        fence = _FENCE.match(line)
        if opened is None and fence:
            opened, inside = (fence[2], fence[3].strip(), number), []
        elif opened is not None and fence and fence[2] == opened[0] and not fence[3].strip():
            found.append(Block(page, opened[2], opened[1], tuple(inside)))
            opened = None
        elif opened is not None:
            inside.append(line)
    assert opened is None, f"{page}: a fence is never closed"
    return tuple(found)


def commands() -> Iterator[Typed]:
    """Yield every command of every page, in their order."""
    for page in PAGES:
        for block in (*blocks(page), *_indented(page)):
            if block.language in ("sh", ""):
                yield from _commands(block)


def _indented(page: str) -> Iterator[Block]:
    """Yield every line of code without a fence: four spaces where no list or paragraph goes on."""
    lines = prose(page).splitlines()
    for number, line in enumerate(lines, 1):
        is_code = line.startswith("    ") and not line[4:5].isspace()
        if is_code and _opens_code(lines[: number - 1]):
            yield Block(page, number - 1, "", (line[4:],))


def _opens_code(before: Sequence[str]) -> bool:
    """Tell whether an indented line is code: a blank line, and no list item, is before it."""
    above = next((line for line in reversed(before) if not line.startswith("    ")), "")
    if above.strip():
        return False
    last = next((line for line in reversed(before) if line.strip() and line[0] != " "), "")
    return not re.match(r"[-*+] |\d+\. ", last)


def _commands(block: Block) -> Iterator[Typed]:
    is_marked_above, pending, end = False, "", ""
    for number, line in enumerate(block.lines, block.line + 1):
        if end:
            # What a shell reads up to a word belongs to the command that named the word.
            pending, end = f"{pending}\n{line}", "" if line == end else end
            if not end:
                yield Typed(block.page, number, pending, is_marked_above)
                pending = ""
        elif not line.strip():
            is_marked_above = False
        elif line.lstrip().startswith("#"):
            is_marked_above = bool(NEEDS.search(line))
        elif line.endswith("\\"):
            pending += line[:-1]
        elif here := _HERE.search(line):
            pending, end = pending + line, here[1]
        else:
            whole, pending = pending + line, ""
            command = " ".join(_COMMENT.sub("", whole).split())
            is_marked = is_marked_above or bool(NEEDS.search(whole))
            yield Typed(block.page, number, command, is_marked)


@cache
def prose(page: str) -> str:
    """Return a page without its blocks of code."""
    lines = text_of(page).splitlines()
    for block in blocks(page):
        lines[block.line - 1 : block.line + len(block.lines) + 1] = [""] * (len(block.lines) + 2)
    return "\n".join(lines)


def links(page: str) -> Iterator[str]:
    """Yield where a page leads to, without the words in code."""
    for match in _LINK.finditer(re.sub(r"`[^`\n]*`", "``", prose(page))):
        yield match[1]


def before(block: Block) -> str:
    """Return the paragraph in front of a block."""
    lines = text_of(block.page).splitlines()[: block.line - 1]
    return "\n".join(lines).rstrip().rpartition("\n\n")[2]


@cache
def anchors(page: str) -> frozenset[str]:
    """Return the anchors of the headings, as GitHub makes them."""
    names: dict[str, int] = {}
    found = set()
    for title in re.findall(r"(?m)^#{1,6} +(.+?) *#*$", prose(page)):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).strip().lower()
        name = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        seen = names.get(name, 0)
        names[name] = seen + 1
        found.add(f"{name}-{seen}" if seen else name)
    return frozenset(found)


def table(page: str, heading: str) -> Sequence[Sequence[str]]:
    """Return the cells of the first table below a heading, its first row included."""
    _, _, below = text_of(page).partition(f"\n{heading}\n")
    assert below, f"{page} has no heading {heading}"
    rows: list[Sequence[str]] = []
    for line in below.splitlines():
        if line.startswith("|"):
            rows.append(tuple(cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]))
        elif rows or line.startswith("#"):
            break
    assert rows, f"{page} has no table below {heading}"
    return [row for row in rows if not set("".join(row)) <= set("-: ")]
