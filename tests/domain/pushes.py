"""A pull request under many pushes, with the truth about which flaw is which.

Every flaw is one line with a name of its own, in a function or at the top level of a file; an
analyzer without any memory finds them all. `finding_ids` is what the ledger says of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from random import Random

from bot.domain.findings import Category, Finding, FindingId, Location, Severity, number
from bot.domain.identity import Look, dismiss, enclosing_code, reconcile
from bot.domain.ledger import Dismissal, KnownFinding, Reconciled
from bot.domain.pull_request import Sha

NOBODY = Dismissal("noise", "octocat", datetime(2026, 10, 1, tzinfo=UTC))
APART = [""] * 4 + ["# nothing here"] * 4
WORDINGS = ("`{}` is a flaw", "Consider `{}` again", "This is wrong: `{}` fails on an empty list")


@dataclass
class Block:
    """A function, or code at the top level where the name is empty."""

    name: str
    lines: list[str]


@dataclass
class Project:
    """The head, and what the ledger knows of it."""

    files: dict[str, list[Block]]
    known: tuple[KnownFinding, ...] = ()
    moved: dict[str, str] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    """Files that the tool cannot read in this run."""
    heads: int = 0
    names: Iterator[int] = field(default_factory=count)
    """Numbers for names that nothing else has."""

    def push(self, random: Random) -> Reconciled:
        """Let a run look at the head, whose findings come in any order and wording."""
        self.heads += 1
        found = [finding for path in self.files for finding in self._found(path, random)]
        random.shuffle(found)
        look = Look(
            head_sha=Sha(f"{self.heads:040x}"),
            found=number(found),
            enclosing=self._enclosing,
            was_looked_at=lambda f: f.location.path not in self.unread,
            is_gone=lambda path: path not in self.files,
            moved=self.moved,
        )
        told = reconcile(self.known, look)
        assert reconcile(told.known, look) == told, "doing it twice changes nothing more"
        self.known, self.moved, self.unread = told.known, {}, set()
        return told

    def dismiss(self, finding_id: FindingId) -> None:
        self.known = tuple(dismiss(k, NOBODY) if k.id == finding_id else k for k in self.known)

    def rename(self, path: str, *, is_seen_by_git: bool) -> None:
        """Give a file another name; git compares this head with the one of the last push."""
        new = f"renamed_{next(self.names)}.py"
        self.files[new] = self.files.pop(path)
        origin = next((old for old, now in self.moved.items() if now == path), path)
        self.moved.pop(origin, None)
        if is_seen_by_git:
            self.moved[origin] = new

    def flaws(self) -> set[str]:
        """The names of all flaws that the head has."""
        blocks = [block for blocks in self.files.values() for block in blocks]
        return {name_of(line) for b in blocks for line in b.lines if line.lstrip()[:5] == "flaw_"}

    def finding_ids(self) -> dict[str, set[FindingId]]:
        ids: dict[str, set[FindingId]] = {}
        for known in self.known:
            ids.setdefault(name_of(known.finding.snippet), set()).add(known.id)
        return ids

    def _rows(self, path: str) -> list[tuple[str, str]]:
        """Every line of a file with its symbol."""
        rows: list[tuple[str, str]] = []
        for block in self.files[path]:
            rows += [("", line) for line in APART]
            head = [(block.name, f"def {block.name}():")] if block.name else []
            rows += head + [(block.name, line) for line in block.lines]
        return rows + [("", line) for line in APART]

    def _found(self, path: str, random: Random) -> list[Finding]:
        if path in self.unread:
            return []
        rows = enumerate(self._rows(path), 1)
        flawed = [(n, symbol, line) for n, (symbol, line) in rows if line.lstrip()[:5] == "flaw_"]
        return [a_flaw(path, line, n, symbol, random) for n, symbol, line in flawed]

    def _enclosing(self, finding: Finding) -> str:
        rows = self._rows(finding.location.path)
        text = "\n".join(line for _, line in rows)
        return enclosing_code(text, finding, lambda line: rows[line - 1][0])


def name_of(line: str) -> str:
    return line.lstrip().partition("(")[0]


def a_flaw(path: str, line: str, at: int, symbol: str, random: Random) -> Finding:
    return Finding(
        rule="flaw",
        severity=random.choice(list(Severity)),
        category=Category.BUG,
        title=random.choice(WORDINGS).format(name_of(line)),
        body="",
        location=Location(path, at, at),
        snippet=line,
        source="toy",
        confidence=0.5,
        symbol=symbol,
    )
