"""What we know of each rule that an analyzer may report: how bad, how sure, and what goes wrong."""

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from bot.adapters.analyzers.source import Source
from bot.domain.edits import Patch
from bot.domain.findings import Category, Finding, Severity

_MAX_TITLE = 120


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of one tool."""

    id: str
    severity: Severity
    category: Category
    confidence: float
    harm: str
    """What goes wrong, in at most two sentences; empty where the tool's message says it all."""
    title: str = ""
    """What we say in place of the tool's message; empty to let the tool speak."""
    languages: str = ""
    """For people, such as `Python`."""
    has_fix: bool = False
    is_fix_safe: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """One place where a rule fired, in bytes of the file."""

    start: int
    end: int
    message: str
    fix: Patch | None = None
    is_fix_safe: bool = False


def finding(rule: Rule, match: Match, source: Source, *, tool: str) -> Finding:
    """Return the finding for one match."""
    place = source.location(match.start, match.end)
    return Finding(
        rule=rule.id,
        severity=rule.severity,
        category=rule.category,
        title=title(match.message),
        body=rule.harm,
        location=place,
        snippet=source.snippet(place),
        source=tool,
        confidence=rule.confidence,
        fix=match.fix,
        is_fix_safe=match.fix is not None and match.is_fix_safe,
    )


def title(message: str) -> str:
    """Return the first sentence of a tool's message as one line without a full stop."""
    line = " ".join(message.split())
    if len(line) > _MAX_TITLE:
        return f"{line[: _MAX_TITLE - 3].rstrip()}..."
    return line.removesuffix(".")


@functools.cache
def table(name: str, languages: str) -> Mapping[str, Rule]:
    """Return the rules of `rules/NAME_rules.toml` by id; the file is part of the package."""
    text = files(__package__).joinpath("rules", f"{name}_rules.toml").read_text("utf-8")
    rows = tomllib.loads(text).items()
    return {key: rule_of(key, row, languages=languages) for key, row in rows}


def rule_of(key: str, row: Mapping[str, Any], *, languages: str) -> Rule:
    """Return the rule of one row: `is` holds severity, category and confidence."""
    severity, category, confidence = row["is"].split()
    return Rule(
        id=key,
        severity=Severity(severity),
        category=Category(category),
        confidence=float(confidence),
        harm=row["harm"],
        title=row.get("title", ""),
        languages=languages,
        has_fix=bool(row.get("fix")),
        is_fix_safe=bool(row.get("safe")),
    )
