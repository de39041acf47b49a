"""How many deliveries ended in which way, since this process began."""

import threading
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum


class Outcome(StrEnum):
    """What became of a delivery."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    ALARMING = "alarming"
    """Ignored, and an operator should look: a payload that could not be read, another app's."""
    UNSIGNED = "unsigned"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    UNAVAILABLE = "unavailable"


class Counts:
    """Counters that many threads may raise at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[Outcome] = Counter()

    def add(self, outcome: Outcome) -> None:
        """Count one more."""
        with self._lock:
            self._counts[outcome] += 1

    def all(self) -> Mapping[Outcome, int]:
        """Return every counter, those at zero too."""
        with self._lock:
            return {outcome: self._counts[outcome] for outcome in Outcome}
