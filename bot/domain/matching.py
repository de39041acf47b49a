"""Pairs the findings of a new head with those of earlier ones, one to one.

Several passes, from the surest sign to the weakest; what one pass has paired, the next do not see.
A known finding turns up in another file only where its own file is gone: its thread is in the old
one, so a finding in a file of its own has to be told anew. A dismissal also follows the very code
that it was about.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from bot.domain.findings import SETTLED, Category, Finding, FindingState
from bot.domain.ledger import KnownFinding

_SIMILAR = 0.6
"""Share of words in common from which two snippets are one that was edited."""
_NEARLY_EQUAL = 0.9
"""The same, where neither the place nor a name in both titles says that they are."""
_COMPARED = 24
"""With about so many others one finding is compared, or the work would grow as a square."""
_LIVE = frozenset({FindingState.OPEN, FindingState.DISMISSED, FindingState.REFUTED})
_STALE = frozenset({FindingState.STALE})
_ENDED = frozenset({FindingState.FIXED, FindingState.STALE})
_OF_TESTS = frozenset({Category.REGRESSION, Category.TEST})
_WORD = re.compile(r"\w+|[^\w\s]")
_CITED = re.compile(r"`([^`]+)`")

Indexes = list[int]


@dataclass(frozen=True, slots=True)
class Seen:
    """One finding of the run, and the digest of the code around it."""

    finding: Finding
    code_digest: str


def match(
    known: Sequence[KnownFinding],
    seen: Sequence[Seen],
    *,
    is_gone: Callable[[Finding], bool],
    has_vanished: Callable[[Finding], bool],
) -> dict[int, int]:
    """Return index in `seen` to index in `known`; both are used at most once.

    `is_gone` tells whether the file of a known finding is no longer there, `has_vanished` whether
    it is gone or was read again.
    """
    moving = {
        i
        for i, old in enumerate(known)
        if is_gone(old.finding) or (old.state in SETTLED and has_vanished(old.finding))
    }
    gone = {i for i in moving if is_gone(known[i].finding)}
    return _Matching(known, seen).run(gone=gone, moving=moving)


class _Matching:
    def __init__(self, known: Sequence[KnownFinding], seen: Sequence[Seen]) -> None:
        self._known = known
        self._seen = seen
        self._pairs: dict[int, int] = {}
        self._used: set[int] = set()

    def run(self, *, gone: Set[int], moving: Set[int]) -> dict[int, int]:
        every = frozenset(range(len(self._known)))
        for states in (_LIVE, _ENDED):
            self._equal(states, _in_place_and_code, among=every)
            self._equal(states, _in_place, among=every)
        self._similar(lambda f: (f.rule, f.location.path), among=every)
        self._of_same_tests(among=every)
        for states in (_LIVE, _ENDED):
            self._equal(states, _in_code, among=moving)
            self._equal(states, _anywhere, among=gone)
        self._similar(lambda f: (f.rule, f.symbol), among=gone)
        self._similar(lambda f: f.rule, among=gone)
        # A file that was renamed and not read meanwhile took its findings for gone.
        stale = {i for i in every if self._known[i].state is FindingState.STALE}
        self._similar(lambda f: (f.rule, f.symbol), among=stale, states=_STALE)
        return self._pairs

    def _free_known(self, states: Set[FindingState], among: Set[int]) -> Indexes:
        free = [i for i in among - self._used if self._known[i].state in states]
        return sorted(free, key=lambda i: (self._known[i].finding.line_key, i))

    def _free_seen(self) -> Indexes:
        free = (i for i in range(len(self._seen)) if i not in self._pairs)
        places = ((self._seen[i].finding, i) for i in free)
        return [i for _, _, i in sorted((f.line_key, f.fingerprint, i) for f, i in places)]

    def _pair(self, new: int, old: int) -> None:
        self._pairs[new] = old
        self._used.add(old)

    def _equal(
        self,
        states: Set[FindingState],
        key: Callable[[Finding, str], Hashable],
        *,
        among: Set[int],
    ) -> None:
        """Pair what has one key, in the order of lines."""
        waiting: dict[Hashable, Indexes] = defaultdict(list)
        for old in reversed(self._free_known(states, among)):
            waiting[key(self._known[old].finding, self._known[old].code_digest)].append(old)
        for new in self._free_seen():
            seen = self._seen[new]
            if olds := waiting.get(key(seen.finding, seen.code_digest)):
                self._pair(new, olds.pop())

    def _similar(
        self,
        key: Callable[[Finding], Hashable],
        *,
        among: Set[int],
        states: Set[FindingState] = _LIVE,
    ) -> None:
        """Pair what was edited, the most similar first."""
        groups: dict[Hashable, dict[str, Indexes]] = defaultdict(lambda: defaultdict(list))
        for old in self._free_known(states, among):
            finding = self._known[old].finding
            for word in set(_WORD.findall(finding.snippet)):
                groups[key(finding)][word].append(old)
        rows: list[tuple[float, int, int, int]] = []
        for new in self._free_seen():
            rows.extend(self._rated(new, groups.get(key(self._seen[new].finding), {})))
        for _, _, new, old in sorted(rows, key=lambda row: row[:2]):
            if new not in self._pairs and old not in self._used:
                self._pair(new, old)

    def _rated(
        self, new: int, by_word: Mapping[str, Indexes]
    ) -> Iterable[tuple[float, int, int, int]]:
        """Yield what sorts the best pair first: how unlike, how far apart, and the pair itself."""
        finding = self._seen[new].finding
        line = finding.location.start_line

        def distance(old: int) -> int:
            return abs(self._known[old].finding.location.start_line - line)

        # The rarest words first: what they do not find is hardly the same line.
        shared = set(_WORD.findall(finding.snippet)) & by_word.keys()
        compared: dict[int, None] = {}
        for word in sorted(shared, key=lambda word: (len(by_word[word]), word)):
            if len(compared) < _COMPARED:
                compared |= dict.fromkeys(sorted(by_word[word], key=distance)[:_COMPARED])
        for old in compared:
            if share := _likeness(self._known[old].finding, finding):
                yield (-share, distance(old), new, old)

    def _of_same_tests(self, *, among: Set[int]) -> None:
        """Pair findings about a test in common: bisection moves them from the test to the cause."""
        by_test: dict[tuple[str, str], int] = {}
        for old in self._free_known(_LIVE, among):
            for key in _test_keys(self._known[old].finding):
                by_test.setdefault(key, old)
        for new in self._free_seen():
            keys = _test_keys(self._seen[new].finding)
            olds = [by_test[key] for key in keys if key in by_test]
            if free := [old for old in olds if old not in self._used]:
                self._pair(new, free[0])


def _in_place_and_code(finding: Finding, digest: str) -> Hashable:
    return (finding.fingerprint, finding.location.path, digest)


def _in_place(finding: Finding, _: str) -> Hashable:
    return (finding.fingerprint, finding.location.path)


def _in_code(finding: Finding, digest: str) -> Hashable:
    return (finding.fingerprint, digest)


def _anywhere(finding: Finding, _: str) -> Hashable:
    return finding.fingerprint


def _test_keys(finding: Finding) -> list[tuple[str, str]]:
    if finding.category not in _OF_TESTS:
        return []
    return [(finding.rule, test) for test in finding.evidence]


def _likeness(old: Finding, new: Finding) -> float:
    """Return the share of words in common, or 0 where these are two findings."""
    cited = [set(_CITED.findall(finding.title)) for finding in (old, new)]
    # `x` is unused and `y` is unused are two findings, however alike their lines are.
    if all(cited) and not cited[0] & cited[1]:
        return 0.0
    share = _share(old.snippet, new.snippet)
    is_near = all(cited) or _is_same_place(old, new)
    return share if share >= (_SIMILAR if is_near else _NEARLY_EQUAL) else 0.0


def _is_same_place(old: Finding, new: Finding) -> bool:
    is_same_file = old.location.path == new.location.path
    return old.symbol == new.symbol and (is_same_file or bool(old.symbol))


def _share(one: str, other: str) -> float:
    first, second = Counter(_WORD.findall(one)), Counter(_WORD.findall(other))
    return 2 * (first & second).total() / (first.total() + second.total())
