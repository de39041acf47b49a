"""Text in a change that people do not see and models and compilers do: Trojan source, CamoLeak.

Language independent, so it holds for prose and data as well as for code. What scripts and emoji
need is left alone: joiners between letters of a script or between pictures, one variation selector,
a byte order mark at the start of a file.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.domain.exempt import is_prose
from bot.domain.findings import Category, Finding, Location, Severity

SOURCE = "hidden-text"
MOST_LINES = 20
"""In one file: who hides more than that has been found."""
_SNIPPET = 300

_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_TAGS = re.compile("[\U000e0000-\U000e007f]+")
# The flags of England, Scotland and Wales are spelt with tags behind a black flag.
_FLAG = re.compile("\U0001f3f4[\U000e0061-\U000e007a\U000e0030-\U000e0039]{2,6}\U000e007f")
_ZERO_WIDTH = re.compile("[\u200b\u2060-\u2064\ufeff\u180e\u115f\u1160\u3164\uffa0\u00ad]")
# Joiners make ligatures and pictures; beside ASCII they make nothing but another word.
_JOINER = re.compile("(?<=[!-~])[\u200c\u200d]|[\u200c\u200d](?=[!-~])|[\u200c\u200d]{2}")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{2,}")
_KINDS = (
    ("bidi-control", "characters that reorder what is shown", _BIDI, Severity.HIGH),
    ("invisible-tags", "a text in invisible tag characters", _TAGS, Severity.HIGH),
    ("invisible-tags", "a text in invisible variation selectors", _SELECTORS, Severity.HIGH),
    ("zero-width", "characters of no width", _ZERO_WIDTH, Severity.MEDIUM),
    ("zero-width", "joiners that join nothing", _JOINER, Severity.MEDIUM),
)

_UNSEEN = re.compile(
    r"<!--(?P<comment>.*?)(?:-->|\Z)"
    r"|<details\b[^>]*>(?P<details>.*?)(?:</details>|\Z)"
    r"|!\[(?P<alt>[^\]]*)\]\("
    r"|\balt\s*=\s*[\"'](?P<attribute>[^\"']*)"
    r"|^\[[^\]\n]*\]:\s*\S+\s+[\"'(](?P<link>[^\n]*)",
    re.DOTALL | re.IGNORECASE | re.MULTILINE,
)
_ORDER = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b[^.\n]{0,40}\b(?:previous|prior|above|earlier|all"
    r"|your|system)\b[^.\n]{0,30}\b(?:instructions?|prompts?|rules?|context)\b"
    r"|\byou are (?:now )?(?:an? )?(?:ai|llm|assistant|agent|coding agent|language model)\b"
    r"|\b(?:print|reveal|show|send|post|include|exfiltrate)\b[^.\n]{0,40}\b(?:env|environment"
    r"|secrets?|tokens?|credentials|system prompt|api keys?)\b"
    r"|\b(?:ai|llm|copilot|claude|codex|gemini|assistants?|agents?|reviewers? bots?)\b[^.\n]{0,40}"
    r"\b(?:must|should|please|always|never)\b"
    r"|\b(?:approve|merge) (?:this|the) (?:pull request|pr|change)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Hit:
    rule: str
    title: str
    line: int
    severity: Severity


def hidden_text(path: str, data: bytes) -> tuple[Finding, ...]:
    """Return what is hidden in a text file, one finding for each line and kind."""
    if b"\0" in data[:8_000] or (data.isascii() and not is_prose(path)):
        return ()
    text = data.decode("utf-8", "replace")
    lines = text.split("\n")
    found = {(hit.line, hit.rule): hit for hit in _hits(path, lines, text)}
    return tuple(_finding(path, lines, found[key]) for key in sorted(found)[:MOST_LINES])


def _hits(path: str, lines: list[str], text: str) -> Iterator[_Hit]:
    for number, line in enumerate(lines, 1):
        if line.isascii():
            continue
        shown = _FLAG.sub("", line.removeprefix("\ufeff") if number == 1 else line)
        for rule, what, pattern, severity in _KINDS:
            if pattern.search(shown):
                yield _Hit(rule, f"the line holds {what}", number, severity)
    if is_prose(path):
        yield from _orders(text)


def _orders(text: str) -> Iterator[_Hit]:
    """Yield where rendered text leaves out words that are for a machine."""
    for found in _UNSEEN.finditer(text):
        words = next((each for each in found.groups() if each), "")
        order = _ORDER.search(words)
        if order is None:
            continue
        line = text.count("\n", 0, found.start() + found.group().find(words) + order.start()) + 1
        title = "a part that readers do not see gives orders to a machine"
        yield _Hit("hidden-orders", title, line, Severity.HIGH)


def _finding(path: str, lines: list[str], hit: _Hit) -> Finding:
    return Finding(
        rule=hit.rule,
        severity=hit.severity,
        category=Category.SECURITY,
        title=hit.title,
        body="People review another text than the one that compilers and models read.",
        location=Location(path, hit.line, hit.line),
        snippet=lines[hit.line - 1][:_SNIPPET],
        source=SOURCE,
        confidence=0.9,
    )
