"""What a model says of code, checked against the code before anybody sees it.

A reply is data (rule R16): paths it may name are those it was shown, the lines are found by what it
quotes, and words are cut to size. A finding whose quotation is nowhere has no place next to the
code; one about a file that nobody showed is dropped.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

from pydantic import Field

from bot.domain.citing import Citation, locate
from bot.domain.diff import Diff
from bot.domain.findings import Category, Finding, Location, Severity
from bot.domain.model import Reply
from bot.domain.untrusted import one_line, shown

SOURCE = "review"
"""The source and the rule of what a model found: rewording it makes no other finding of it."""
MOST_FINDINGS = 8
MOST_FACTS = 6
_TITLE, _BODY, _FACT = 120, 900, 240
_SNIPPET_LINES = 12


class ReportedFinding(Reply):
    """One finding as a model reports it."""

    path: str
    line: int
    symbol: str
    snippet: str
    severity: Severity
    category: Literal["bug", "security", "test"]
    title: str
    body: str
    confidence: Annotated[float, Field(ge=0, le=1)]


class Lookup(Reply):
    """A request to see more code."""

    kind: Literal["read", "symbol", "search", "list"]
    path: str
    first_line: int
    last_line: int
    text: str


class ChunkReply(Reply):
    """The reply about a part of the change."""

    findings: tuple[ReportedFinding, ...]
    facts: tuple[str, ...]
    lookups: tuple[Lookup, ...]


class Judgement(Reply):
    """A second look at one finding."""

    index: int
    verdict: Literal["keep", "weaken", "drop"]
    reason: str


class CritiqueReply(Reply):
    """The reply of the second look."""

    judgements: tuple[Judgement, ...]


def facts_of(reply: ChunkReply) -> tuple[str, ...]:
    """Return what a part changes for code elsewhere, cut to size."""
    return tuple(one_line(fact, limit=_FACT) for fact in reply.facts[:MOST_FACTS] if fact.strip())


def finding_of(
    said: ReportedFinding,
    *,
    diff: Diff,
    head: Mapping[str, bytes],
    symbol_at: Callable[[str, int], str],
) -> Finding | None:
    """Return the finding where it stands, or None where it is about no file of the change."""
    path = said.path.strip()
    data = head.get(path)
    if data is None or path not in diff.by_path or not said.title.strip():
        return None
    text = data.decode("utf-8", "surrogateescape")
    citation = Citation(path, said.snippet, said.line if said.line > 0 else None, said.symbol)
    place = locate(
        citation,
        text,
        is_changed=lambda first, last: diff.touches(path, first, last),
        symbol_of=lambda line: symbol_at(path, line),
    )
    is_located = place is not None
    where = place or Location(path, *(first_changed(diff, path),) * 2)
    lines = text.split("\n")[where.start_line - 1 : where.end_line]
    snippet = "\n".join(lines[:_SNIPPET_LINES]) if is_located else shown(said.snippet)[:_BODY]
    return Finding(
        rule=SOURCE,
        severity=said.severity,
        category=Category(said.category),
        title=one_line(said.title, limit=_TITLE).rstrip("."),
        body=one_line(said.body, limit=_BODY),
        location=where,
        snippet=snippet,
        source=SOURCE,
        confidence=said.confidence,
        symbol=symbol_at(path, where.start_line) if is_located else "",
        is_located=is_located,
    )


def first_changed(diff: Diff, path: str) -> int:
    """Return the first line of a file that the change added, or 1."""
    file = diff.by_path.get(path)
    return min(file.added_lines, default=1) if file is not None else 1
