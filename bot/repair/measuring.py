"""How good the repair is: problems with visible and hidden tests, and the estimators of the table.

The visible tests guide the search; the hidden ones only judge what it found, so that a patch which
fits the visible tests alone shows as overfitted.
"""

import ast
import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from bot.errors import Refused
from bot.repair.aims import aim_at
from bot.repair.candidates import Fate, Validator
from bot.repair.generator import Templates
from bot.repair.localise import suspects, weighed
from bot.repair.ranking import rank
from bot.repair.search import Budget, Search, Watch
from bot.repair.source import applied

MODULE, VISIBLE, HIDDEN = "solution.py", "test_solution.py", "hidden.py"
_LOOKED_AT = 30
_BEHAVIOUR_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken function."""

    name: str
    entry: str
    text: str
    visible: str
    """A test module for the framework, one test per assertion; empty where none is visible."""
    hidden: str
    """A program that fails where the function is wrong."""

    @property
    def files(self) -> dict[str, bytes]:
        """The tree on which the search works; the hidden tests are not in it."""
        texts = {MODULE: self.text, VISIBLE: self.visible}
        return {path: text.encode() for path, text in texts.items()}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one problem."""

    name: str
    is_visible: bool
    """A visible test fails, so there is something to go by."""
    plausible: int
    correct: tuple[bool, ...]
    """For each plausible patch, as ranked, whether the hidden tests pass."""
    tried: int
    hung: int
    is_ambiguous: bool
    """A person has to choose: nothing would be committed automatically."""
    refused: str = ""
    """Why nothing could be tried; the problem counts as unsolved."""
    seconds: float = 0.0
    """Of the search, on the clock of the watch; the hidden tests come after it."""

    @property
    def is_first_correct(self) -> bool:
        """Tell whether the patch that is shown first is right."""
        return bool(self.correct and self.correct[0])


class Ground(Protocol):
    """Where candidates run."""

    def validator(self, problem: Problem) -> AbstractContextManager[Validator]:
        """Open a validator on the problem's files."""
        ...

    def is_right(self, problem: Problem, text: str) -> bool:
        """Tell whether the hidden tests pass with this text of the module."""
        ...


def humanevalfix(lines: Iterable[str]) -> Iterator[Problem]:
    """Read HumanEvalFix (Muennighoff et al., OctoPack, 2023): `example_test` is what is visible."""
    for line in lines:
        row = json.loads(line)
        text = f"{row['prompt']}{row['buggy_solution']}"
        hidden = f"from {MODULE.removesuffix('.py')} import *\n{row['test']}\n"
        visible = split(row["example_test"], row["entry_point"])
        yield Problem(row["task_id"], row["entry_point"], text, visible, hidden)


def split(test: str, entry: str) -> str:
    """Return a test module with one test for each assertion of `check`, so that they can differ."""
    tree = ast.parse(test)
    check = next((n for n in tree.body if isinstance(n, ast.FunctionDef)), None)
    if check is None:
        return ""
    imports = [n for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
    lines = [f"from {MODULE.removesuffix('.py')} import {entry}", *map(ast.unparse, imports)]
    argument, setup = check.args.args[0].arg, []
    if argument != entry:
        lines.append(f"{argument} = {entry}")
    for statement in check.body:
        if not isinstance(statement, ast.Assert):
            setup.append(statement)
            continue
        body = "\n".join(ast.unparse(s) for s in (*setup, statement))
        indented = "\n".join(f"    {row}" for row in body.split("\n"))
        lines.append(f"\n\ndef test_{len(lines)}():\n{indented}")
    return "\n".join(lines) + "\n"


def solve(problem: Problem, ground: Ground, budget: Budget, watch: Watch | None = None) -> Outcome:
    """Search for a repair with the visible tests, and judge what was found with the hidden ones."""
    if not problem.visible:
        return Outcome(problem.name, False, 0, (), 0, 0, False)
    try:
        return _solved(problem, ground, budget, watch or Watch())
    except Refused as error:
        return Outcome(problem.name, True, 0, (), 0, 0, False, refused=str(error))


def _solved(problem: Problem, ground: Ground, budget: Budget, watch: Watch) -> Outcome:
    texts, started = {MODULE: problem.text}, watch.seconds()
    with ground.validator(problem) as validator:
        spectrum = validator.spectrum((MODULE,))
        if not spectrum.red:
            return Outcome(problem.name, False, 0, (), 0, 0, False)
        own = [s for s in weighed(suspects(spectrum, {}), texts) if s.path == MODULE]
        aim = aim_at(spectrum, spectrum.red)
        search = Search(validator, [Templates(texts, own)], texts, budget, watch=watch)
        found = search.run(aim)
        best = [row.plausible for row in rank(found.plausible, texts).patches[:_LOOKED_AT]]
        candidates = [plausible.candidate for plausible in best]
        seen = (
            validator.behaviour(candidates, targets=aim.targets, cpu_seconds=_BEHAVIOUR_SECONDS)
            if len(candidates) > 1
            else ()
        )
    ranking, seconds = rank(best, texts, seen), watch.seconds() - started
    mended = [applied(problem.text, p.plausible.candidate.edits) for p in ranking.patches]
    return Outcome(
        problem.name,
        True,
        len(found.plausible),
        tuple(ground.is_right(problem, text) for text in mended),
        found.tried,
        found.fates.get(Fate.HUNG, 0),
        ranking.is_ambiguous or ranking.is_far_fetched,
        seconds=seconds,
    )


def pass_at_k(samples: int, correct: int, k: int) -> float:
    """Return the chance that one of k of the samples is correct (Chen et al., Codex, 2021)."""
    _check(samples, correct, k)
    if samples - correct < k:
        return 1.0
    return 1.0 - math.comb(samples - correct, k) / math.comb(samples, k)


def n_at_k(correct: Sequence[bool], n: int, k: int) -> float:
    """Return whether one of the first n of k ranked samples is correct (Li et al., AlphaCode).

    The first n of the first k are what is submitted; 0 where there are none.
    """
    _check(k, 0, n)
    return float(any(correct[: min(n, k)]))


def _check(samples: int, correct: int, k: int) -> None:
    if not 0 < k <= samples or not 0 <= correct <= samples:
        raise ValueError(f"k={k} of {samples} samples with {correct} correct")


def refusals(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield why nothing could be tried for some problems."""
    yield from (f"{o.name}: {o.refused}" for o in outcomes if o.refused)


def committed(outcomes: Sequence[Outcome]) -> str:
    """Say how many patches would be committed without a person, and how many of them are wrong."""
    alone = [o for o in outcomes if o.plausible and not o.is_ambiguous]
    wrong = sum(not o.is_first_correct for o in alone)
    return f"sure enough to be committed: {len(alone)}, of which wrong: {wrong}"


def estimates(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield the estimators' means over all problems, those without a plausible patch included."""
    for k in (1, 5):
        drawn = _mean(
            pass_at_k(len(o.correct), sum(o.correct), min(k, len(o.correct))) if o.correct else 0.0
            for o in outcomes
        )
        ranked = _mean(n_at_k(o.correct, k, _LOOKED_AT) for o in outcomes)
        yield (
            f"{k}@{_LOOKED_AT} {100 * ranked:.0f} % as ranked,"
            f" pass@{k} {100 * drawn:.0f} % drawn from the plausible ones"
        )


def _mean(values: Iterable[float]) -> float:
    known = list(values)
    return sum(known) / max(1, len(known))


Row = tuple[str, str, str, str, str]


def table(outcomes: Sequence[Outcome]) -> list[Row]:
    """Return the rows of the table, the head included and the sums last."""
    rows: list[Row] = [("problem", "tried", "plausible", "first right", "any right")]
    for o in outcomes:
        words = ("-", "-", "-") if not o.is_visible else _words(o)
        rows.append((o.name, "refused" if o.refused else str(o.tried), *words))
    total = len(outcomes)
    rows.append(
        (
            f"all {total}",
            str(sum(o.tried for o in outcomes)),
            _share(outcomes, lambda o: o.plausible > 0),
            _share(outcomes, lambda o: o.is_first_correct),
            _share(outcomes, lambda o: any(o.correct)),
        )
    )
    return rows


def _words(outcome: Outcome) -> tuple[str, str, str]:
    right = {True: "yes", False: "no"}
    return (
        str(outcome.plausible),
        right[outcome.is_first_correct],
        right[any(outcome.correct)],
    )


def _share(outcomes: Sequence[Outcome], holds: Callable[[Outcome], bool]) -> str:
    count = sum(map(holds, outcomes))
    return f"{count} ({100 * count / max(1, len(outcomes)):.0f} %)"
