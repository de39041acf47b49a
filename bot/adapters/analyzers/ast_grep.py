"""Ast-grep with our own rules, for bugs that ruff lacks, in any language it parses."""

import functools
import json
import posixpath
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import yaml
from pydantic import BaseModel, Field, TypeAdapter

from bot.adapters.analyzers.program import Program, readable, relative
from bot.adapters.analyzers.rule_table import Match, Rule, finding, rule_of
from bot.adapters.analyzers.source import Source, Splice
from bot.domain.edits import Patch
from bot.domain.findings import Category, Finding
from bot.domain.ports import Analysis, Sandbox
from bot.domain.test_files import is_test_file

_RULE_FILES = ("python.yml", "javascript.yml", "go.yml")
# The grammars share their node kinds, so a rule for JavaScript holds for its dialects.
_DIALECTS = {"JavaScript": ("JavaScript", "TypeScript", "Tsx")}
_LANGUAGE_NAMES = {"JavaScript": "JavaScript, TypeScript"}
_ENDINGS = frozenset(
    {".py", ".pyi", ".pyw", ".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".go"}
)


class _Offsets(BaseModel):
    start: int
    end: int


class _Range(BaseModel):
    offsets: _Offsets = Field(alias="byteOffset")


class _Hit(BaseModel):
    file: str
    range: _Range
    rule: str = Field(alias="ruleId")
    replacement: str | None = None
    replaced: _Offsets | None = Field(default=None, alias="replacementOffsets")


_HIT = TypeAdapter(_Hit)


class AstGrep:
    """`ast-grep scan` with rules from its command line; no `sgconfig.yml` is read."""

    name = "ast-grep"
    is_language_aware = True

    def __init__(self) -> None:
        self._rules = own_rules()
        self._program = Program(
            self.name,
            (
                "scan",
                # An empty configuration in place of the repository's, which could load a library
                # as a language or say that every file is of another one.
                "--config=/dev/null",
                f"--inline-rules={inline_rules()}",
                "--json=stream",
                "--color=never",
                "--",
            ),
            good_exit_codes=frozenset({0, 1}),
        )

    def understands(self, path: str) -> bool:
        return posixpath.splitext(path)[1] in _ENDINGS

    def analyze(self, sandbox: Sandbox, files: Mapping[str, bytes]) -> Analysis:
        taken, unread = readable(files, name=self.name)
        sources = {path: Source(path, data) for path, data in taken.items()}
        found: list[Finding] = []
        runs = self._program.run(sandbox, sorted(taken))
        for result in runs.results:
            for row in result.stdout.splitlines():
                hit = self._program.parse(_HIT, row)
                source = sources.get(relative(hit.file))
                rule = self._rules.get(hit.rule)
                if source and rule and not _is_noise(rule, source.path):
                    found.append(self._finding(source, rule, hit))
        return Analysis(tuple(found), unread | runs.unread)

    def _finding(self, source: Source, rule: Rule, hit: _Hit) -> Finding:
        span = hit.range.offsets
        match = Match(span.start, span.end, rule.title, _patch(source, hit), rule.is_fix_safe)
        return finding(rule, match, source, tool=self.name)


def _patch(source: Source, hit: _Hit) -> Patch | None:
    if hit.replacement is None or hit.replaced is None:
        return None
    text = hit.replacement.encode("utf-8", "replace")
    return source.patch([Splice(hit.replaced.start, hit.replaced.end, text)])


def _is_noise(rule: Rule, path: str) -> bool:
    return rule.category is Category.SECURITY and is_test_file(path)


@functools.cache
def own_rules() -> Mapping[str, Rule]:
    """Return our rules by id."""
    return {str(doc["id"]): _rule(doc) for doc in _documents()}


@functools.cache
def inline_rules() -> str:
    """Return our rules as ast-grep takes them on its command line: JSON is YAML."""
    return "\n---\n".join(
        json.dumps(_without_metadata(doc) | {"language": language})
        for doc in _documents()
        for language in _DIALECTS.get(doc["language"], (doc["language"],))
    )


def _without_metadata(doc: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in doc.items() if key != "metadata"}


@functools.cache
def _documents() -> tuple[dict[str, Any], ...]:
    folder = files(__package__).joinpath("rules")
    texts = (folder.joinpath(name).read_text("utf-8") for name in _RULE_FILES)
    return tuple(doc for text in texts for doc in yaml.safe_load_all(text))


def _rule(doc: dict[str, Any]) -> Rule:
    metadata = doc["metadata"]
    language = str(doc["language"])
    return rule_of(
        str(doc["id"]),
        {**metadata, "fix": "fix" in doc, "title": doc["message"]},
        languages=_LANGUAGE_NAMES.get(language, language),
    )
