"""An analyzer without a program: words that it finds, and a log of what it was given."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.adapters.analyzers.source import Source, Splice
from bot.domain.edits import Patch
from bot.domain.findings import Category, Finding, Severity
from bot.domain.ports import Analysis, Sandbox
from bot.errors import AnalyzerFailed


@dataclass(frozen=True)
class Word:
    """A word that is a finding wherever it stands, and the word that would end it."""

    text: str
    rule: str = "fake-word"
    severity: Severity = Severity.HIGH
    category: Category = Category.BUG
    meant: str | None = None
    is_fix_safe: bool = True


@dataclass
class FakeAnalyzer:
    words: tuple[Word, ...] = (Word("BUG"),)
    name: str = "fake"
    is_language_aware: bool = True
    ending: str = ".py"
    """What it understands."""
    failure: str | None = None
    """Set to make it fail with this sentence."""
    looks: list[tuple[str, ...]] = field(default_factory=list)
    """The paths of every look, sorted."""

    def understands(self, path: str) -> bool:
        return path.endswith(self.ending)

    def analyze(self, sandbox: Sandbox, files: Mapping[str, bytes]) -> Analysis:
        self.looks.append(tuple(sorted(files)))
        if self.failure is not None:
            raise AnalyzerFailed(self.failure)
        unread = {
            p: "fake cannot read text that is not UTF-8" for p in files if not _is_text(files[p])
        }
        sources = [Source(path, files[path]) for path in sorted(files) if path not in unread]
        found = (f for source in sources for word in self.words for f in self._in(source, word))
        return Analysis(tuple(found), unread)

    def _in(self, source: Source, word: Word) -> list[Finding]:
        raw = word.text.encode()
        found: list[Finding] = []
        at = source.data.find(raw)
        while at >= 0:
            found.append(self._finding(source, word, at))
            at = source.data.find(raw, at + len(raw))
        return found

    def _finding(self, source: Source, word: Word, at: int) -> Finding:
        end = at + len(word.text.encode())
        place = source.location(at, end)
        return Finding(
            rule=word.rule,
            severity=word.severity,
            category=word.category,
            title=f"The word {word.text} is here",
            body="Somebody left a mark.",
            location=place,
            snippet=source.snippet(place),
            source=self.name,
            confidence=0.9,
            fix=_patch(source, word, at, end),
            is_fix_safe=word.meant is not None and word.is_fix_safe,
        )


def _patch(source: Source, word: Word, at: int, end: int) -> Patch | None:
    return source.patch([Splice(at, end, word.meant.encode())]) if word.meant is not None else None


def _is_text(data: bytes) -> bool:
    return data.decode("utf-8", "replace").encode() == data
