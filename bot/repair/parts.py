"""Failing tests told apart by what mends them: several small bugs, each with tests of its own.

A search for one edit that makes everything pass finds none where two places are wrong. An edit that
mends every failing test which reaches its line, and no other, is the repair of one of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.repair.aims import Aim, Checks
from bot.repair.candidates import Candidate, Plausible


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the targets, and the edits that made them pass; the guards were not asked yet."""

    aim: Aim
    candidates: tuple[Candidate, ...] = ()
    """None for what no edit mends."""


def parts(stones: Sequence[Plausible], checks: Checks) -> tuple[Part, ...]:
    """Return the targets in disjoint groups, those that nothing mends last; empty for one group.

    Of two groups that share a test, the larger one counts: its edit explains more.
    """
    aim = checks.aim
    groups: dict[frozenset[str], list[Candidate]] = {}
    for stone in stones:
        mended = frozenset(aim.targets) - set(stone.trial.still_red)
        if mended and checks.reaching(stone.candidate) & set(aim.targets) == mended:
            groups.setdefault(mended, []).append(stone.candidate)
    told = tuple(_disjoint(groups, aim))
    left = tuple(t for t in aim.targets if not any(t in part.aim.targets for part in told))
    return (*told, Part(_only(aim, left))) if told and left else told


def _disjoint(groups: dict[frozenset[str], list[Candidate]], aim: Aim) -> Iterator[Part]:
    taken: set[str] = set()
    for mended in sorted(groups, key=lambda group: (-len(group), sorted(group))):
        if not mended & taken:
            taken |= mended
            targets = tuple(test for test in aim.targets if test in mended)
            yield Part(_only(aim, targets), tuple(groups[mended]))


def _only(aim: Aim, targets: tuple[str, ...]) -> Aim:
    return Aim(targets, aim.checked, aim.reach)
