"""The figures of the learned policy whose small versions are tests: intervals, gate, bandit.

Goals: coverage of the 95 % interval in [.91, .98] for SNIPS and DR at n = 1,000 where ESS / n is at
least .3; a trained candidate promoted in at most 8 % of null worlds, a fixed one that is better by
.11 in at least 80 %, one that is worse by .02 in at most 2 %; the best of five arms has at least .9
after 3,000 pulls on 19 of 20 seeds.

    OMP_NUM_THREADS=1 python benchmarks/policy_figures.py
"""

import sys

import numpy as np

from tests.policy.bandit import probability_of_the_best
from tests.policy.gating import coverage, fixed_at, gate_runs, promoted
from tests.policy.worlds import World

WORLD = World.drawn(11)
NULL = World(np.zeros(8), World.drawn(3).logging)


def main() -> int:
    """Print the figures and return 1 where a goal is missed."""
    missed = []

    def show(name: str, value: float, low: float, high: float) -> None:
        is_met = low <= value <= high
        missed.extend([] if is_met else [name])
        print(f"{name:52}{value:8.3f}   [{low:g}, {high:g}]  {'pass' if is_met else 'FAIL'}")

    for share in (0.5, 1.0, 2.0):
        found = coverage(WORLD.truth * share, WORLD, count=1000, runs=300)
        print(f"truth x {share:g}: ESS / n {found['ESS/n']:.2f}, IPS covers {found['IPS']:.3f}")
        for name in ("SNIPS", "DR"):
            show(f"  coverage of {name}, 300 runs, n = 1000", found[name], 0.91, 0.98)
    show("null world promoted, 200 runs, n = 1000", promoted(gate_runs(NULL, 200)), 0, 0.08)
    for gain, low, high in ((0.11, 0.8, 1.0), (-0.02, 0.0, 0.02)):
        world, weights = fixed_at(11, gain)
        share = promoted(gate_runs(world, 200, candidate=weights))
        show(f"fixed, {gain:+g}, promoted, 200 runs, n = 1000", share, low, high)
    arms = [probability_of_the_best(seed) for seed in range(20)]
    print(f"five arms: least probability of the best {min(arms):.3f}")
    show("five arms learned, seeds of 20", sum(arm >= 0.9 for arm in arms), 19, 20)
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
