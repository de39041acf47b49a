"""What the base branch told the tools to ignore, for repositories that want it to count.

The files are read by us and become a filter over findings; no tool is ever given one, because a
configuration can name plugins, libraries and other files.
"""

import posixpath
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import yaml

from bot.domain.findings import Finding
from bot.domain.ports import Analysis, Analyzer, Sandbox
from bot.errors import Refused

_MAX_BYTES = 256 << 10


@dataclass(frozen=True, slots=True)
class Mute:
    """Findings that nobody wants: these rules in these files."""

    rules: tuple[str, ...] = ()
    """Rules or their beginnings, such as `S` and `E5`; none means all rules."""
    paths: tuple[str, ...] = ("*",)
    """Patterns for a path, one of its folders, or a name."""
    words: tuple[str, ...] = ()
    """For typos: words that are right here; none means any."""

    def covers(self, found: Finding) -> bool:
        """Tell whether the finding is one of these."""
        is_rule = not self.rules or found.rule.startswith(self.rules)
        is_word = not self.words or any(f"`{word}` should" in found.title for word in self.words)
        return is_rule and is_word and any(_fits(found.location.path, p) for p in self.paths)


class MutedAnalyzer:
    """An analyzer without the findings that the base branch does not want."""

    def __init__(self, analyzer: Analyzer, mutes: Iterable[Mute]) -> None:
        self._analyzer = analyzer
        self._mutes = tuple(mutes)
        self.name = analyzer.name
        self.is_language_aware = analyzer.is_language_aware

    def understands(self, path: str) -> bool:
        return self._analyzer.understands(path)

    def analyze(self, sandbox: Sandbox, files: Mapping[str, bytes]) -> Analysis:
        analysis = self._analyzer.analyze(sandbox, files)
        kept = (f for f in analysis.findings if not any(m.covers(f) for m in self._mutes))
        return Analysis(tuple(kept), analysis.unread)


def read_mutes(files: Mapping[str, bytes]) -> dict[str, list[Mute]]:
    """Return what the tools' own files say, by tool; raises Refused where one is malformed."""
    mutes: dict[str, list[Mute]] = {}
    for path, data in files.items():
        for tool, read in _READERS.get(path, ()):
            mutes.setdefault(tool, []).extend(_read(path, data, read))
    return mutes


def _read(path: str, data: bytes, read: "_Reader") -> list[Mute]:
    if len(data) > _MAX_BYTES:
        raise Refused(f"{path} of the base branch has {len(data)} bytes, the limit is {_MAX_BYTES}")
    try:
        return read(data.decode())
    except (ValueError, TypeError, AttributeError, KeyError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())[:200]
        raise Refused(f"{path} of the base branch cannot be read: {reason}") from error


def _ruff(text: str) -> list[Mute]:
    return _ruff_options(tomllib.loads(text))


def _ruff_in_pyproject(text: str) -> list[Mute]:
    return _ruff_options(tomllib.loads(text).get("tool", {}).get("ruff", {}))


def _ruff_options(options: dict[str, Any]) -> list[Mute]:
    lint = {**options, **options.get("lint", {})}
    rules = _words(lint.get("ignore", [])) + _words(lint.get("extend-ignore", []))
    paths = _words(options.get("exclude", [])) + _words(options.get("extend-exclude", []))
    paths += _words(lint.get("exclude", [])) if "lint" in options else ()
    per_file = lint.get("per-file-ignores", {}) | lint.get("extend-per-file-ignores", {})
    mutes = [Mute(_all(_words(codes)), (pattern,)) for pattern, codes in per_file.items()]
    mutes += [Mute(_all(rules))] if rules else []
    return mutes + ([Mute(paths=paths)] if paths else [])


def _typos(text: str) -> list[Mute]:
    options = tomllib.loads(text)
    default = options.get("default", {})
    words = {**default.get("extend-words", {}), **default.get("extend-identifiers", {})}
    paths = _words(options.get("files", {}).get("extend-exclude", []))
    mutes = [Mute(words=(word,)) for word, meant in words.items() if word == meant]
    return mutes + ([Mute(paths=paths)] if paths else [])


def _shellcheck(text: str) -> list[Mute]:
    lines = re.findall(r"^\s*disable=([^#\n]*)", text, re.MULTILINE)
    codes = tuple(code.strip() for line in lines for code in line.split(",") if code.strip())
    return [Mute(_all(codes))] if codes else []


def _zizmor(text: str) -> list[Mute]:
    mutes = []
    for rule, options in ((yaml.safe_load(text) or {}).get("rules") or {}).items():
        names = tuple(str(place).partition(":")[0] for place in (options or {}).get("ignore", []))
        if (options or {}).get("disable") is True:
            mutes.append(Mute((str(rule),)))
        elif names:
            mutes.append(Mute((str(rule),), names))
    return mutes


_Reader = Callable[[str], list[Mute]]
_READERS: Mapping[str, tuple[tuple[str, _Reader], ...]] = {
    ".ruff.toml": (("ruff", _ruff),),
    "ruff.toml": (("ruff", _ruff),),
    "pyproject.toml": (("ruff", _ruff_in_pyproject),),
    ".typos.toml": (("typos", _typos),),
    "_typos.toml": (("typos", _typos),),
    "typos.toml": (("typos", _typos),),
    ".shellcheckrc": (("shellcheck", _shellcheck),),
    "zizmor.yml": (("zizmor", _zizmor),),
    ".github/zizmor.yml": (("zizmor", _zizmor),),
}
CONFIG_PATHS = tuple(_READERS)
"""The files to fetch from the base branch for `read_mutes`."""


def _all(rules: tuple[str, ...]) -> tuple[str, ...]:
    """Return the rules, or none, which means all, where one of them says so."""
    return () if {"ALL", "all"} & set(rules) else rules


def _words(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError(f"a list was expected, not {value!r}")
    return tuple(str(item) for item in value)


def _fits(path: str, pattern: str) -> bool:
    """Match a pattern as these tools do: the path, one of its folders, or one of its names."""
    wanted = pattern.strip("/").removeprefix("./").replace("**/", "*").replace("/**", "")
    parts = path.split("/")
    folders = [posixpath.join(*parts[: n + 1]) for n in range(len(parts))]
    return any(fnmatchcase(name, wanted) for name in (*folders, *parts))
