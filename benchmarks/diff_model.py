"""How long our diff model takes next to `git diff` itself, and how that grows.

    python -m benchmarks.diff_model

For each size the model parses git's output, makes every line, anchors a comment on every changed
line, and collects the added lines of every file. Fails where the model takes over three times as
long as git at 100,000 changed lines, or where its time grows faster than n log n. Two shapes are
measured: edits all over many files, which the limit is for, and files that are wholly new, where
git itself has next to nothing to compute.
"""

import gc
import itertools
import math
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bot.domain.diff import Diff, Line, Side
from bot.domain.diff_parser import parse_diff
from bot.domain.pull_request import Sha
from tests.domain.real_git import Repository, regular

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)
ROUNDS = 7
LINES_PER_FILE = 1_000
CHANGED_PER_FILE = 100
MAX_RATIO = 3.0
MAX_EXCESS = 0.10
"""How far the exponent may be above that of n log n before it counts: the noise of one run."""

Contents = dict[bytes, bytes]


class Row(NamedTuple):
    """One size, in seconds."""

    lines: int
    git: float
    parse: float
    """With the added lines of every file."""
    make_lines: float
    anchor: float

    @property
    def model(self) -> float:
        """All that is ours."""
        return self.parse + self.make_lines + self.anchor

    @property
    def ratio(self) -> float:
        """Ours next to git's."""
        return self.model / self.git


Shape = Callable[[int], tuple[Contents, Contents]]


def edited(changed_lines: int) -> tuple[Contents, Contents]:
    """Return files of 1,000 lines in which runs of 1 to 9 lines are rewritten."""
    base: Contents = {}
    head: Contents = {}
    for number in range(changed_lines // CHANGED_PER_FILE):
        chance = random.Random(number)  # noqa: S311 (the same data at every run, nothing secret)
        lines = [b"    value_%d = compute(%d)\n" % (n, chance.getrandbits(40)) for n in range(1000)]
        base[b"src/f%d.py" % number] = b"".join(lines)
        for line in _blocks(CHANGED_PER_FILE // 2, chance):
            lines[line] = b"    other_%d = call(%d)\n" % (line, chance.getrandbits(40))
        head[b"src/f%d.py" % number] = b"".join(lines)
    return base, head


def added(changed_lines: int) -> tuple[Contents, Contents]:
    """Return nothing, and new files of 1,000 lines."""
    names = [b"new/f%d.py" % number for number in range(changed_lines // LINES_PER_FILE)]
    lines = [b"    value_%d = compute()\n" % n for n in range(LINES_PER_FILE)]
    return {}, {name: b"# %b\n" % name + b"".join(lines[1:]) for name in names}


def measure(shape: Shape, folder: Path) -> list[Row]:
    """Return one row per size; the sizes take turns, so that a slow minute hits all of them."""
    repositories = [_repository(shape, size, folder) for size in SIZES]
    rounds = [[_timed(repository) for repository in repositories] for _ in range(ROUNDS)]
    return [_median(of_one_size) for of_one_size in zip(*rounds, strict=True)]


def excess(rows: Sequence[Row]) -> float:
    """Return the exponent of n that is left in the model's time after n log n is divided out."""
    points = [(math.log(r.lines), math.log(r.model / (r.lines * math.log(r.lines)))) for r in rows]
    return statistics.linear_regression(*zip(*points, strict=True)).slope


def main() -> int:
    """Print one table per shape; the exit code is 1 where a limit is broken."""
    is_within = True
    for shape, limit in ((edited, MAX_RATIO), (added, math.inf)):
        with tempfile.TemporaryDirectory() as folder:
            rows = measure(shape, Path(folder))
        print(f"{shape.__name__:>9}  git diff     parse     lines   anchors   ratio")
        for row in rows:
            columns = "".join(f"{seconds * 1e3:7.1f} ms" for seconds in row[1:])
            print(f"{row.lines:>9,}{columns}{row.ratio:8.2f}")
        grown = excess(rows)
        print(f"growth: n log n, and n to the power of {grown:+.2f} (limit +{MAX_EXCESS:.2f})\n")
        is_within &= rows[-1].ratio <= limit and grown <= MAX_EXCESS
    return 0 if is_within else 1


def _blocks(wanted: int, chance: random.Random) -> Iterator[int]:
    """Yield line numbers in short runs, spread over the file."""
    line = chance.randrange(5, 20)
    while wanted:
        run = min(wanted, chance.choice((1, 2, 3, 5, 9)))
        yield from range(line, line + run)
        wanted -= run
        line += run + chance.randrange(10, 60)


def _repository(shape: Shape, size: int, folder: Path) -> Repository:
    repository = Repository(folder / f"{size}.git")
    base, head = shape(size)
    repository.commit(regular(base), regular(head))
    return repository


def _timed(repository: Repository) -> Row:
    gc.collect()
    times = [time.perf_counter()]
    raw = repository.raw_diff()
    times.append(time.perf_counter())
    diff = parse_diff(raw, merge_base_sha=Sha("0" * 40), head_sha=Sha("1" * 40))
    added_lines = sum(len(file.added_lines) for file in diff.files)
    times.append(time.perf_counter())
    lines = [(file.path, line) for file in diff.files for h in file.hunks for line in h.lines]
    times.append(time.perf_counter())
    sides = [_anchored_side(diff, path, line) for path, line in lines]
    times.append(time.perf_counter())
    assert sides.count(Side.RIGHT) == added_lines
    changed_lines = len(sides) - sides.count(None)
    return Row(changed_lines, *(after - before for before, after in itertools.pairwise(times)))


def _anchored_side(diff: Diff, path: str, line: Line) -> Side | None:
    if line.new_number is None and line.old_number is not None:
        return diff.anchor(path, line.old_number, Side.LEFT).side
    if line.old_number is None and line.new_number is not None:
        return diff.anchor(path, line.new_number, Side.RIGHT).side
    return None


def _median(rows: Sequence[Row]) -> Row:
    _, *columns = zip(*rows, strict=True)
    return Row(rows[0].lines, *(statistics.median(column) for column in columns))


if __name__ == "__main__":
    sys.exit(main())
