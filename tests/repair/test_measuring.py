"""How the repair is measured, and that the estimators are exact on a known mix."""

import itertools
import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from bot.errors import Refused
from bot.repair.measuring import (
    Ground,
    Outcome,
    Problem,
    committed,
    estimates,
    humanevalfix,
    n_at_k,
    pass_at_k,
    refusals,
    solve,
    split,
    table,
)
from bot.repair.search import Budget
from tests.repair.in_process import InProcess

ROW = {
    "task_id": "Python/1000",
    "entry_point": "total",
    "prompt": "def total(rows):\n",
    "buggy_solution": "    return sum(rows) - 1\n",
    "test": "def check(total):\n    assert total([1, 5]) == 6\ncheck(total)\n",
    "example_test": "def check(total):\n    assert total([]) == 0\n    assert total([2]) == 2\n",
}


@pytest.mark.parametrize(("samples", "correct", "k"), [(5, 2, 1), (5, 2, 3), (6, 0, 2), (4, 4, 1)])
def test_pass_at_k_is_the_share_of_draws_with_a_correct_one(
    samples: int, correct: int, k: int
) -> None:
    draws = list(itertools.combinations([True] * correct + [False] * (samples - correct), k))

    assert pass_at_k(samples, correct, k) == pytest.approx(sum(map(any, draws)) / len(draws))


def test_pass_at_k_of_more_than_there_are_is_refused() -> None:
    with pytest.raises(ValueError, match="k=3 of 2 samples"):
        pass_at_k(2, 1, 3)


def test_n_at_k_looks_at_the_first_n_of_a_ranking() -> None:
    mix = (False, True, False)

    assert [n_at_k(mix, n, 3) for n in (1, 2, 3)] == [0.0, 1.0, 1.0]


def test_each_assertion_becomes_a_test_of_its_own() -> None:
    names: dict[str, Any] = {"total": sum}
    text = split(ROW["example_test"], "total")
    exec(text.partition("\n")[2], names)  # noqa: S102  (our own text)

    tests = [names[name] for name in names if name.startswith("test_")]
    assert len(tests) == 2
    for test in tests:
        test()


class _Ground(Ground):
    """Runs problems in this process."""

    @contextmanager
    def validator(self, problem: Problem) -> Iterator[InProcess]:
        yield InProcess(
            problem.text,
            {
                "none": lambda names: names["total"]([]) == 0,
                "one": lambda names: names["total"]([2]) == 2,
            },
            path="solution.py",
        )

    def is_right(self, problem: Problem, text: str) -> bool:
        names: dict[str, Any] = {}
        exec(text, names)  # noqa: S102  (our own text)
        try:
            exec(problem.hidden.partition("\n")[2], names)  # noqa: S102  (our own text)
        except Exception:  # noqa: BLE001  (the candidate's)
            return False
        return True


def test_a_problem_is_solved_by_what_is_visible_and_judged_by_what_is_hidden() -> None:
    (problem,) = humanevalfix([json.dumps(ROW)])

    outcome = solve(problem, _Ground(), Budget(candidates=2_000))

    assert outcome.plausible > 0
    assert outcome.is_first_correct
    assert b"1, 5" not in b"".join(problem.files.values())
    assert table([outcome])[-1][2:] == ("1 (100 %)", "1 (100 %)", "1 (100 %)")


class _Refusing(Ground):
    """Cannot run anything."""

    def validator(self, problem: Problem) -> AbstractContextManager[InProcess]:
        raise Refused(f"no tests of {problem.name} can be run")

    def is_right(self, problem: Problem, text: str) -> bool:
        raise Refused(f"no tests of {problem.name} can be run")


def test_a_problem_that_cannot_be_run_counts_as_unsolved_and_says_why() -> None:
    (problem,) = humanevalfix([json.dumps(ROW)])

    outcome = solve(problem, _Refusing(), Budget(candidates=2_000))

    assert table([outcome])[1] == ("Python/1000", "refused", "0", "no", "no")
    assert list(refusals([outcome])) == ["Python/1000: no tests of Python/1000 can be run"]


def test_what_would_be_committed_is_counted_with_what_is_wrong_of_it() -> None:
    sure, unsure = (
        Outcome("a", True, 1, (False,), 9, 0, False),
        Outcome("b", True, 2, (), 9, 0, True),
    )
    right, none = (
        Outcome("c", True, 1, (True,), 9, 0, False),
        Outcome("d", True, 0, (), 9, 0, False),
    )

    said = committed([sure, unsure, right, none])

    assert said == "sure enough to be committed: 2, of which wrong: 1"


def test_the_estimates_are_means_over_all_problems() -> None:
    shown = [
        Outcome("a", True, 2, (False, True), 9, 0, False),
        Outcome("b", True, 0, (), 9, 0, False),
    ]

    assert [line.split(" drawn")[0] for line in estimates(shown)] == [
        "1@30 0 % as ranked, pass@1 25 %",
        "5@30 50 % as ranked, pass@5 50 %",
    ]


def test_a_problem_without_a_visible_failure_counts_as_unsolved() -> None:
    right = {**ROW, "buggy_solution": "    return sum(rows)\n"}
    (problem,) = humanevalfix([json.dumps(right)])

    outcome = solve(problem, _Ground(), Budget(candidates=2_000))

    assert not outcome.is_visible
    assert table([outcome])[-1][2] == "0 (0 %)"
