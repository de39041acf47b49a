"""Typos over code and prose: misspelled words with the one word that was meant."""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import replace

from pydantic import BaseModel, TypeAdapter

from bot.adapters.analyzers.program import Program, readable, relative
from bot.adapters.analyzers.rule_table import Match, Rule, finding
from bot.adapters.analyzers.source import Source, Splice
from bot.domain.exempt import is_prose
from bot.domain.findings import Category, Finding, Severity
from bot.domain.ports import Analysis, Sandbox
from bot.errors import AnalyzerFailed

_READS = re.compile(
    r".*\.(bash|c|cc|cjs|cpp|cs|cts|go|h|hpp|html|java|jsx?|kt|lua|mjs|mts|php|pyi?|rb|rs|scala"
    r"|sh|swift|toml|tsx?|vue|ya?ml)"
)
_MIN_LETTERS = 4
# Joined to one of these a word is a part of a name, an address, a number or an escape.
_PART_OF_NAME = b"_-./\\@:#$&=%0123456789"
_COMMENT_MARKS = (b"#", b"//", b"/*", b"<!--", b"--")

IN_PROSE = Rule(
    id="typo",
    severity=Severity.LOW,
    category=Category.TYPO,
    confidence=0.85,
    harm="The word is misspelled in a comment or in prose.",
    languages="all",
    has_fix=True,
    is_fix_safe=True,
)
IN_STRING = replace(
    IN_PROSE,
    id="typo-in-string",
    confidence=0.7,
    harm="The word is misspelled in a text that the program may show or compare.",
    is_fix_safe=False,
)


class _Line(BaseModel):
    type: str
    path: str = ""
    line_num: int = 0
    byte_offset: int = 0
    typo: str = ""
    corrections: list[str] = []


_LINE = TypeAdapter(_Line)


class Typos:
    """`typos --isolated`; names in code are left alone, because a rename needs every use."""

    name = "typos"
    is_language_aware = False

    def __init__(self) -> None:
        flags = ("--isolated", "--no-ignore", "--hidden", "--no-check-filenames")
        self._program = Program(
            self.name,
            (*flags, "--format=json", "--color=never", "--"),
            good_exit_codes=frozenset({0, 2}),
        )

    def understands(self, path: str) -> bool:
        return is_prose(path) or bool(_READS.fullmatch(posixpath.basename(path).lower()))

    def analyze(self, sandbox: Sandbox, files: Mapping[str, bytes]) -> Analysis:
        taken, unread = readable(files, name=self.name)
        sources = {path: Source(path, data) for path, data in taken.items()}
        found: list[Finding | None] = []
        # Given each file by name it needs 6 ms for each; it walks a whole tree in less.
        runs = self._program.run(sandbox, ["."] if taken else [])
        for result in runs.results:
            for row in result.stdout.splitlines():
                line = self._program.parse(_LINE, row)
                source = sources.get(relative(line.path))
                if line.type == "typo" and source is not None:
                    found.append(_finding(source, line))
        return Analysis(tuple(f for f in found if f), unread)


def _finding(source: Source, line: _Line) -> Finding | None:
    if not 1 <= line.line_num <= len(source.line_starts):
        raise AnalyzerFailed(f"typos named a line that is not in the file: {line.line_num}")
    begin = source.line_starts[line.line_num - 1]
    start = begin + line.byte_offset
    end = start + len(line.typo.encode())
    rule = _place(source, begin, start, end)
    is_clear = len(line.corrections) == 1 and len(line.typo) >= _MIN_LETTERS
    if rule is None or not is_clear or source.data[start:end] != line.typo.encode():
        return None
    meant = line.corrections[0]
    match = Match(
        start,
        end,
        f"`{line.typo}` should be `{meant}`",
        fix=source.patch([Splice(start, end, meant.encode())]),
        is_fix_safe=rule.is_fix_safe,
    )
    return finding(rule, match, source, tool="typos")


def _place(source: Source, begin: int, start: int, end: int) -> Rule | None:
    """Tell prose from text in quotes, and return None for what is a name in code."""
    if not _stands_alone(source.data, start, end):
        return None
    if is_prose(source.path):
        return IN_PROSE
    before = source.data[begin:start]
    if before.lstrip().startswith((*_COMMENT_MARKS, b"*")) or _has_comment(before):
        return IN_PROSE
    return IN_STRING if _is_in_quotes(before) else None


def _stands_alone(data: bytes, start: int, end: int) -> bool:
    """Tell a word between spaces or punctuation, from a part of `someName` or a URL."""
    before, after = data[max(start - 1, 0) : start], data[end : end + 1]
    is_joined_before = bool(before) and (before in _PART_OF_NAME or before.isalnum())
    is_last_of_sentence = after in b".:" and not data[end + 1 : end + 2].isalnum()
    is_joined_after = bool(after) and not is_last_of_sentence and after in _PART_OF_NAME
    return not is_joined_before and not is_joined_after and not after.isalnum()


def _has_comment(before: bytes) -> bool:
    """Tell whether the line turned into a comment: a mark after a space, out of quotes."""
    return any(
        not _is_in_quotes(before[:at])
        for mark in _COMMENT_MARKS
        if (at := before.find(b" " + mark)) >= 0
    )


def _is_in_quotes(before: bytes) -> bool:
    quote = b""
    escaped = False
    for index in range(len(before)):
        char = before[index : index + 1]
        if escaped:
            escaped = False
        elif char == b"\\":
            escaped = True
        elif not quote and char in (b'"', b"'", b"`"):
            quote = char
        elif char == quote:
            quote = b""
    return bool(quote)
