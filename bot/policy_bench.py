"""`pullwright bench policy`: our learners against those of the literature, on a made-up stream."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from bot import __version__
from bot.adapters.chart_page import render_chart
from bot.errors import Refused
from bot.output import write
from bot.policy.simulation import comparison
from bot.policy.simulation.comparison import Goal, Regret

FIRST_SEED = 100
WHOLE = (5000, 20)
"""Episodes and seeds for which the goals are meant."""
SMALL_MARGIN = 1.3
"""On the goals of a smaller run."""


def bench(episodes: int, seeds: int, out: Path | None, *, is_quiet: bool) -> Iterator[str]:
    """Yield the lines of the tables, and last whether all goals are met; writes the plot."""
    if out is not None and out.suffix != ".html":
        raise Refused(f"the plot is one HTML file: name one that ends in .html, not {out.name}")
    drawn = range(FIRST_SEED, FIRST_SEED + seeds)
    margin = 1.0 if episodes >= WHOLE[0] and seeds >= WHOLE[1] else SMALL_MARGIN
    yield f"{episodes} episodes, seeds {drawn[0]} to {drawn[-1]}, pullwright {__version__}"
    found = _measured(episodes, drawn, is_quiet=is_quiet)
    rows, goals = comparison.table(found), comparison.goals(found, margin=margin)
    yield from _aligned(rows)
    yield ""
    yield f"goals times {margin:g}" if margin > 1 else "goals"
    yield from _aligned(_goal_rows(goals))
    if out is not None:
        title = f"Cumulative regret, mean of {seeds} seeds"
        tables = (rows, _goal_rows(goals))
        curves = comparison.curves(found)
        write(out, render_chart(title, curves, x_end=episodes, tables=tables))
        yield f"wrote {out}"
    missed = sum(not goal.is_met for goal in goals)
    yield f"{len(goals) - missed} of {len(goals)} goals met"


def _measured(episodes: int, seeds: Sequence[int], *, is_quiet: bool) -> list[Regret]:
    kinds = comparison.settings(episodes, is_whole=True)
    total = comparison.count(kinds, seeds)
    found = []
    for regret in comparison.runs(kinds, seeds):
        found.append(regret)
        if not is_quiet:
            _show(len(found), total, regret)
    return found


def _show(done: int, total: int, regret: Regret) -> None:
    filled = "#" * (30 * done // total)
    end = "\n" if done == total else ""
    told = f"seed {regret.seed}, {regret.setting}"
    sys.stderr.write(f"\r[{filled:30}] {done}/{total}: {told:34}{end}")
    sys.stderr.flush()


def _goal_rows(goals: Sequence[Goal]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("goal", "value", "at most", "")]
    for goal in goals:
        verdict = "pass" if goal.is_met else "FAIL"
        rows.append((goal.name, f"{goal.value:.3f}", f"{goal.limit:.3f}", verdict))
    return rows


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [f"{row[0]:{widths[0]}}"]
        cells += [f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True)]
        yield "  ".join(cells).rstrip()
