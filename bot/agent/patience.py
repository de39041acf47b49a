"""How long a search goes on: not much longer than to its first patch, and until a person says stop.

A second patch of another meaning is worth a few more candidates, because then a person has to
choose; all candidates there are would take minutes and change little. The rule counts candidates
and no seconds, so that a slow machine comes to the same patch.
"""

from collections.abc import Callable, Sequence

from bot.errors import Interrupted
from bot.repair.candidates import Candidate, Fate, Plausible, Spectrum, Trial, Validator
from bot.repair.search import Found


class Patient:
    """Implements `Validator` over another one; once it has enough, it tries nothing more."""

    def __init__(self, validator: Validator, *, patience: int) -> None:
        self._validator = validator
        self._patience = patience
        self._tried = 0
        self._most: int | None = None
        self._plausible: list[Plausible] = []
        self.is_interrupted = False

    @property
    def is_over(self) -> bool:
        """True where there was enough, or a person said so: the budget was not the end."""
        if self._most is None:
            return self.is_interrupted
        # A few candidates more are not worth the start of a process.
        return self.is_interrupted or self._most - self._tried <= self._patience // 4

    def anew(self) -> "Patient":
        """Return one that waits for a first patch again, unless a person wants no more."""
        return self if self.is_interrupted else Patient(self._validator, patience=self._patience)

    @property
    def within(self) -> Validator:
        """The other one, for questions about what was found already."""
        return self._validator

    def searched(self, search: Callable[[], Found]) -> Found:
        """Run a search; where a person ends it between two batches, return what it had by then."""
        try:
            return search()
        except Interrupted:
            self.is_interrupted = True
            return Found(list(self._plausible), tried=self._tried)

    def spectrum(self, paths: Sequence[str]) -> Spectrum:
        """Return what the other one says."""
        return self._validator.spectrum(paths)

    def validate(
        self,
        batch: Sequence[Candidate],
        *,
        targets: Sequence[str],
        checked: Sequence[str],
        cpu_seconds: float,
    ) -> Sequence[Trial]:
        """Try as many as are still wanted; fewer trials than candidates end a search."""
        if self.is_over:
            return ()
        wanted = batch if self._most is None else batch[: self._most - self._tried]
        try:
            trials = self._validator.validate(
                wanted, targets=targets, checked=checked, cpu_seconds=cpu_seconds
            )
        except Interrupted:
            self.is_interrupted = True
            return ()
        first = next((n for n, t in enumerate(trials, 1) if t.fate is Fate.FIXED), None)
        if self._most is None and first is not None:
            self._most = self._tried + first + max(self._patience, self._tried + first)
        self._tried += len(trials)
        pairs = zip(wanted, trials, strict=False)
        self._plausible += [Plausible(c, t) for c, t in pairs if t.fate is Fate.FIXED]
        return trials

    def behaviour(
        self, candidates: Sequence[Candidate], *, targets: Sequence[str], cpu_seconds: float
    ) -> Sequence[tuple[str, ...]]:
        """Return what the other one sees; nothing once it was interrupted."""
        if self.is_interrupted:
            return ()
        try:
            return self._validator.behaviour(candidates, targets=targets, cpu_seconds=cpu_seconds)
        except Interrupted:
            self.is_interrupted = True
            return ()
