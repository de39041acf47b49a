"""Which green tests a candidate has to pass, in a small suite and in a large one."""

from collections.abc import Mapping

from bot.repair.aims import FEW, Aim, Checks, aim_at
from bot.repair.candidates import Candidate, Fate, Plausible, SpanEdit, Spectrum, Trial
from bot.repair.generator import Templates
from bot.repair.localise import suspects
from bot.repair.ranking import Ranking, rank
from bot.repair.search import Budget, Search
from bot.repair.source import applied
from bot.repair.whole_suite import standing
from tests.repair.in_process import PATH, Check, InProcess

SHOP = """\
def first(rows, n):
    kept = []
    for row in rows:
        if row <= n:
            kept.append(row)
    return kept


def doubled(n):
    return 2 * n
"""
OTHERS: Mapping[str, Check] = {
    f"far{i}": lambda names, i=i: names["doubled"](i) == 2 * i  # type: ignore[misc]
    for i in range(FEW)
}
NEAR: Mapping[str, Check] = {
    "below": lambda names: names["first"]([1, 2, 3], 3) == [1, 2],
    "above": lambda names: names["first"]([4], 3) == [],
    "none": lambda names: names["first"]([], 3) == [],
}


def _edited(old: str, new: str) -> Candidate:
    at = SHOP.index(old)
    line = SHOP.count("\n", 0, at) + 1
    return Candidate((SpanEdit(PATH, at, at + len(old), new),), "any", line, 0.5)


def _aim(**reach: Mapping[int, frozenset[str]]) -> Aim:
    green = tuple(f"t{i}" for i in range(FEW + 1))
    return Aim(("red",), green, {f"{name}.py": lines for name, lines in reach.items()})


def test_an_aim_is_at_red_tests_and_what_shares_a_line_with_them_comes_first() -> None:
    reach = {"a.py": {1: frozenset({"z", "red"}), 2: frozenset({"a"})}}
    spectrum = Spectrum(reach, {}, frozenset({"red", "other"}), frozenset({"a", "z"}))

    aim = aim_at(spectrum, ["red", "gone"])

    assert (aim.targets, aim.checked) == (("red",), ("z", "a"))


def test_a_small_suite_is_run_whole() -> None:
    aim = Aim(("red",), ("a", "b"), {PATH: {4: frozenset({"a"})}})

    assert Checks(aim, {PATH: SHOP}).near([_edited("<=", "<")]) == ("a", "b")


def test_of_a_large_suite_the_tests_of_the_edited_line_are_run() -> None:
    aim = _aim(
        shop={4: frozenset({"t5", "t3"}), 6: frozenset({"t1"})}, other={4: frozenset({"t9"})}
    )

    checks = Checks(aim, {PATH: SHOP})

    assert checks.near([_edited("<=", "<")]) == ("t3", "t5")
    assert checks.beside([_edited("<=", "<")]) == ("t1", "t3", "t5")


def test_a_line_that_runs_in_no_test_counts_as_its_whole_file() -> None:
    aim = _aim(shop={4: frozenset({"t3"}), 6: frozenset({"t1"})})

    assert Checks(aim, {PATH: SHOP}).near([_edited("kept = []", "kept = None")]) == ("t1", "t3")


def test_a_large_suite_is_searched_with_the_tests_that_are_near() -> None:
    bench = InProcess(SHOP, {**NEAR, **OTHERS})
    spectrum = bench.spectrum(())
    templates = Templates({PATH: SHOP}, suspects(spectrum, {}))

    found = Search(bench, [templates], {PATH: SHOP}, Budget(batch=40, candidates=200)).run(
        aim_at(spectrum, spectrum.red)
    )

    assert SHOP.replace("<=", "<") in [applied(SHOP, p.candidate.edits) for p in found.plausible]
    assert set(bench.asked[0]) <= {"above", "none"}
    assert max(map(len, bench.asked)) == FEW + 2


def test_what_breaks_a_test_of_its_file_is_no_repair() -> None:
    both = SHOP.replace("2 * n", "2 * n if first([3], 3) else 0")
    reach = {PATH: {4: frozenset({"below"}), 10: frozenset(OTHERS)}}
    bench = InProcess(both, {**NEAR, **OTHERS})
    templates = Templates(
        {PATH: both}, suspects(Spectrum(reach, {}, _red(), frozenset(OTHERS)), {})
    )

    found = Search(bench, [templates], {PATH: both}, Budget(batch=40, candidates=40)).run(
        Aim(("below",), ("none", *OTHERS), reach)
    )

    assert found.fates[Fate.BROKE] > 0
    assert both.replace("<=", "<") not in [
        applied(both, p.candidate.edits) for p in found.plausible
    ]


def _red() -> frozenset[str]:
    return frozenset({"below"})


def _ranked(*candidates: Candidate) -> Ranking:
    return rank([Plausible(c, Trial(Fate.FIXED, (), None)) for c in candidates], {PATH: SHOP})


def test_a_patch_that_breaks_the_suite_elsewhere_leaves_the_ranking() -> None:
    right = _edited("row <= n", "row < n")
    wrong = Candidate((*right.edits, *_edited("2 * n", "n").edits), "any", 4, 1.0)
    bench = InProcess(SHOP, {**NEAR, **OTHERS})
    aim = Aim(("below",), ("none", *OTHERS), {PATH: {4: frozenset({"below"})}})

    ranking = standing(bench, _ranked(wrong, right), Checks(aim, {PATH: SHOP}), cpu_seconds=9.0)

    assert [row.plausible.candidate for row in ranking.patches] == [right]
    assert len(bench.asked) == 1


def test_a_small_suite_has_nothing_left_to_ask() -> None:
    bench = InProcess(SHOP, NEAR)
    aim = Aim(("below",), ("none", "above"), {})

    ranking = standing(bench, _ranked(_edited("<=", "<")), Checks(aim, {}), cpu_seconds=9.0)

    assert len(ranking.patches) == 1
    assert not bench.asked
