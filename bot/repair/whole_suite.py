"""The last question of a large suite: what does a patch break far from its edit."""

from dataclasses import replace

from bot.repair.aims import Checks
from bot.repair.candidates import Fate, Validator
from bot.repair.ranking import Ranking

_AT_ONCE = 4
_MOST_ASKED = 12


def standing(
    validator: Validator, ranking: Ranking, checks: Checks, *, cpu_seconds: float
) -> Ranking:
    """Leave out patches that break a test elsewhere, from the best down to the first that does not.

    What was not asked, because one before it stands or the time is over, is kept.
    """
    if not checks.are_staged:
        return ranking
    broken: set[int] = set()
    for start in range(0, min(_MOST_ASKED, len(ranking.patches)), _AT_ONCE):
        rows = ranking.patches[start : start + _AT_ONCE]
        batch = [row.plausible.candidate for row in rows]
        known = frozenset(checks.beside(batch))
        trials = validator.validate(
            batch,
            targets=checks.aim.targets,
            checked=[test for test in checks.aim.checked if test not in known],
            cpu_seconds=cpu_seconds,
        )
        fates = [trial.fate for trial in trials]
        broken |= {
            id(row) for row, fate in zip(rows, fates, strict=False) if fate is not Fate.FIXED
        }
        if Fate.FIXED in fates or len(fates) < len(rows):
            break
    return replace(ranking, patches=tuple(p for p in ranking.patches if id(p) not in broken))
