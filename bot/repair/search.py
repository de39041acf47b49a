"""The search: candidates by prior, in batches, until enough of them pass or the budget is spent.

A candidate that mends some of the failing tests and breaks none is kept as a stepping stone: when
single edits are through, the best stones are built upon. Nothing here is random; with a budget in
candidates, two runs try the same ones in the same order, whatever the load of the machine is.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.repair.aims import Aim, Checks
from bot.repair.candidates import Candidate, Fate, Plausible, Trial, Validator
from bot.repair.generator import Generator, key_of, merged
from bot.repair.parts import parts

__all__ = ["Aim", "Budget", "Found", "Progress", "Search", "Watch", "silent"]


@dataclass(frozen=True, slots=True)
class Budget:
    """When to stop."""

    cpu_seconds: float = 60.0
    """Of validation; on the clock of the host, which is never less."""
    candidates: int = 200_000
    enough: int = 40
    """Plausible patches after which the search ends; there is more to compare than to find."""
    share_of_best: float = 0.05
    """A candidate whose prior is less than this share of the best plausible one's is not tried: it
    would neither be shown first nor say much about whether the likely ones agree."""
    batch: int = 400
    """The first one; each is three times as large as the one before, up to `largest_batch`: to
    begin a batch costs as much as a thousand candidates do."""
    largest_batch: int = 4096
    share_of_pairs: float = 0.6
    """How much of the candidates may have two edits."""


@dataclass
class Found:
    """What a search came to."""

    plausible: list[Plausible] = field(default_factory=list)
    stones: list[Plausible] = field(default_factory=list)
    tried: int = 0
    fates: dict[Fate, int] = field(default_factory=dict)
    is_out_of_budget: bool = False


Progress = Callable[[int, int], None]
"""Hears how many candidates were tried and how many are plausible."""


Seconds = Callable[[], float]
"""Seconds since an arbitrary start."""


def timeless() -> float:
    """Let no time pass: the budget in candidates is what ends the search."""
    return 0.0


def silent(_tried: int, _plausible: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Watch:
    """Who looks at the search: the person, and the clock."""

    progress: Progress = silent
    seconds: Seconds = timeless


_STONES, _GROWTH = 12, 3


class Search:
    """One search for one aim."""

    def __init__(
        self,
        validator: Validator,
        generators: Sequence[Generator],
        texts: Mapping[str, str],
        budget: Budget,
        *,
        watch: "Watch | None" = None,
    ) -> None:
        self._validator = validator
        self._generators = generators
        self._texts = texts
        self._budget = budget
        self._watch = watch or Watch()
        self._started = self._watch.seconds()
        self._seen: set[object] = set()

    def run(self, aim: Aim) -> Found:
        """Return what was found: first by one edit, then, where that is nothing, by two."""
        found, checks = Found(), Checks(aim, self._texts)
        singles = merged([generator.proposals() for generator in self._generators])
        firsts: list[Candidate] = []
        most = int(self._budget.candidates * (1 - self._budget.share_of_pairs))
        self._through(self._fresh(_noted(singles, firsts)), checks, found, most=most)
        if not found.plausible and not found.is_out_of_budget:
            if parts(found.stones, checks):
                return found  # several bugs: each is a search of its own
            stones = _best_stones(found, firsts, len(aim.targets))
            pairs = merged([g.on_top_of(s) for s in stones for g in self._generators])
            self._through(self._fresh(pairs), checks, found, most=self._budget.candidates)
        return found

    def _fresh(self, candidates: Iterator[Candidate]) -> Iterator[Candidate]:
        """Leave out what was tried in other words, and what changes nothing."""
        for candidate in candidates:
            key = key_of(candidate, self._texts)
            if key and key not in self._seen:
                self._seen.add(key)
                yield candidate

    def _through(
        self, candidates: Iterator[Candidate], checks: Checks, found: Found, *, most: int
    ) -> None:
        most_at_once = self._budget.batch
        while found.tried < most and len(found.plausible) < self._budget.enough:
            size = min(most_at_once, most - found.tried)
            most_at_once = min(_GROWTH * most_at_once, self._budget.largest_batch)
            batch = self._likely(itertools.islice(candidates, size), found)
            if not batch or self._seconds_left() <= 0:
                found.is_out_of_budget = bool(batch)
                return
            trials = self._tried(batch, checks)
            self._fold(zip(batch, trials, strict=False), found)
            if len(trials) < len(batch):
                found.is_out_of_budget = True
                return

    def _likely(self, candidates: Iterator[Candidate], found: Found) -> list[Candidate]:
        """Return candidates that are worth a try beside what was found; none is the end."""
        best = max((plausible.candidate.prior for plausible in found.plausible), default=0.0)
        return [c for c in candidates if c.prior >= best * self._budget.share_of_best]

    def _seconds_left(self) -> float:
        return self._budget.cpu_seconds - (self._watch.seconds() - self._started)

    def _tried(self, batch: Sequence[Candidate], checks: Checks) -> Sequence[Trial]:
        """Try candidates with the tests near their edits, and what passes with the next ones."""
        first = self._validated(batch, checks, checks.near(batch))
        passing = [n for n, trial in enumerate(first) if trial.fate is Fate.FIXED]
        if not checks.are_staged or not passing:
            return first
        few = [batch[n] for n in passing]
        # Where the budget ends here, what passed is kept: it is proved with the whole suite later.
        again = dict(zip(passing, self._validated(few, checks, checks.beside(few)), strict=False))
        return [
            replace(again[n], steps=trial.steps) if n in again else trial
            for n, trial in enumerate(first)
        ]

    def _validated(
        self, batch: Sequence[Candidate], checks: Checks, checked: Sequence[str]
    ) -> Sequence[Trial]:
        left = max(0.0, self._seconds_left())
        return self._validator.validate(
            batch, targets=checks.aim.targets, checked=checked, cpu_seconds=left
        )

    def _fold(self, results: Iterator[tuple[Candidate, Trial]], found: Found) -> None:
        for candidate, trial in results:
            found.tried += 1
            found.fates[trial.fate] = found.fates.get(trial.fate, 0) + 1
            if trial.fate is Fate.FIXED:
                found.plausible.append(Plausible(candidate, trial))
            elif trial.fate is Fate.PARTIAL:
                found.stones.append(Plausible(candidate, trial))
        self._watch.progress(found.tried, len(found.plausible))


def _noted(candidates: Iterator[Candidate], into: list[Candidate]) -> Iterator[Candidate]:
    """Pass candidates on and keep the first few: blind stones, where no test shows progress."""
    for candidate in candidates:
        if len(into) < _STONES:
            into.append(candidate)
        yield candidate


def _best_stones(found: Found, firsts: Sequence[Candidate], targets: int) -> list[Candidate]:
    """Return what to build upon, its prior weighed by how far it goes."""
    rated = sorted(
        found.stones,
        key=lambda stone: (len(stone.trial.still_red), -stone.candidate.prior),
    )
    stones = [stone.candidate for stone in rated[:_STONES]]
    return stones if stones and targets > 1 else [*stones, *firsts]
