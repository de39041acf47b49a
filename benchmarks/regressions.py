"""How many test runs delta debugging over hunks takes, and whether what it finds is 1-minimal.

Run: python benchmarks/regressions.py [count] [seed]. Each one is a pull request of up to 128
hunks in up to 8 files with 1 to 3 culprits. In every third one the culprits break the tests each by
itself, in every third one only together, and in every third one a culprit does not go without its
neighbour (the tree without one of the two alone does not load, so its run says nothing).
"""

import math
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.domain.bisection import Unit, minimal_culprits, units
from tests.fakes.workspace import FakeWorkspace

CONSTANT = 6
ALONE, TOGETHER, TIED = "each alone", "only together", "tied to a neighbour"


@dataclass
class Regression:
    """A set of hunks, and what the tests say without some of them."""

    hunks: Sequence[Unit]
    culprits: frozenset[int]
    kind: str
    runs: int = 0
    places: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.places = {id(unit): index for index, unit in enumerate(self.hunks)}

    def says(self, gone: frozenset[int]) -> bool | None:
        """Tell whether the tests pass without these hunks; None where the tree does not load."""
        if self.kind == TOGETHER:
            return bool(gone & self.culprits)
        if self.kind == TIED and any((c in gone) != (c ^ 1 in gone) for c in self.culprits):
            return None
        return gone >= self.culprits

    def ask(self, chosen: Sequence[Unit]) -> bool | None:
        """Answer as a run of the tests would, and count it."""
        self.runs += 1
        return self.says(frozenset(self.places[id(unit)] for unit in chosen))

    def is_minimal(self, found: Sequence[Unit]) -> bool:
        """Tell whether the tests pass without these, and not without all but one of them."""
        gone = frozenset(self.places[id(unit)] for unit in found)
        return self.says(gone) is True and not any(self.says(gone - {one}) for one in gone)

    def bound(self, found: Sequence[Unit]) -> float:
        """Return the runs that are allowed: 3 k log2(hunks) and a constant."""
        return 3 * len(found) * math.log2(max(2, len(self.hunks))) + CONSTANT


def regression(random_: random.Random, kind: str) -> Regression:
    """Return a pull request of real hunks with culprits at random places."""
    files, each = random_.randint(1, 8), 2 * random_.randint(1, 8)
    base = {f"f{i}.py": "".join(_line(n, 0) for n in range(each)).encode() for i in range(files)}
    head = {path: text.replace(b"= 0", b"= 1") for path, text in base.items()}
    hunks = units(FakeWorkspace(base, head).diff())
    count = min(random_.randint(1, 3), len(hunks))
    return Regression(hunks, frozenset(random_.sample(range(len(hunks)), count)), kind)


def _line(number: int, value: int) -> str:
    return f"x{number} = {value}\n" + "# far\n" * 10


def main(count: int, seed: int) -> None:
    """Print a line for each kind; ends with an error where one is not minimal or takes too long."""
    random_ = random.Random(seed)  # noqa: S311  (a benchmark is repeatable)
    kinds = (ALONE, TOGETHER, TIED)
    rows: dict[str, list[tuple[bool, float]]] = {kind: [] for kind in kinds}
    for index in range(count):
        one = regression(random_, kinds[index % 3])
        found = minimal_culprits(one.hunks, one.ask)
        rows[one.kind].append((one.is_minimal(found), one.runs / one.bound(found)))
    print(f"{count} regressions, seed {seed}")
    for kind, results in rows.items():
        minimal, ratios = sum(is_minimal for is_minimal, _ in results), [r for _, r in results]
        share = 100 * minimal / len(results)
        print(f"{kind}: {share:.1f} % 1-minimal, runs at most {max(ratios):.2f} of the bound")
    everything = [result for results in rows.values() for result in results]
    assert all(is_minimal and ratio <= 1 for is_minimal, ratio in everything)


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    main(*given, *(200, 1)[len(given) :])
