"""Page-Hinkley: an alarm when the critic's errors leave zero for good, as when people change."""

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class DriftSettings:
    """How far errors may wander; values for rewards in [-1, 1]."""

    tolerated: float = 0.1
    """A mean error that is no drift."""
    threshold: float = 40.0
    """The sum of errors past the tolerated ones that raises the alarm. Errors of -1 and 1 around 0
    reach it once in tens of thousands, a mean error of .4 after about 130."""
    least: int = 30
    """Errors before the first alarm."""


@dataclass(frozen=True, slots=True)
class Drift:
    """The two one-sided sums; an alarm starts them anew."""

    seen: int = 0
    above: float = 0.0
    below: float = 0.0
    alarms: int = 0
    since_alarm: int = 0
    """Errors since the last alarm, or since the start."""

    def after(self, errors: Iterable[float], settings: DriftSettings) -> "Drift":
        """Return the state after some errors r - w.f, in order."""
        seen, above, below = self.seen, self.above, self.below
        alarms, since = self.alarms, self.since_alarm
        for error in errors:
            seen, since = seen + 1, since + 1
            above = max(0.0, above + error - settings.tolerated)
            below = max(0.0, below - error - settings.tolerated)
            if max(above, below) > settings.threshold and seen >= settings.least:
                alarms, since, above, below = alarms + 1, 0, 0.0, 0.0
        return replace(self, seen=seen, above=above, below=below, alarms=alarms, since_alarm=since)
