"""What the search finds, in which order, and where it stops."""

from typing import Any

import pytest

from bot.repair.aims import Aim
from bot.repair.candidates import Candidate, Fate, Plausible, SpanEdit, Trial
from bot.repair.generator import Given, Templates
from bot.repair.localise import suspects
from bot.repair.ranking import rank
from bot.repair.search import Budget, Found, Search
from bot.repair.source import applied
from tests.repair.in_process import PATH, InProcess

LIMIT = """\
def first(rows, n):
    kept = []
    for row in rows:
        if row <= n:
            kept.append(row)
    return kept
"""


def _first(names: Any, rows: list[int], n: int) -> Any:
    return names["first"](rows, n)


def _bench(text: str = LIMIT) -> InProcess:
    return InProcess(
        text,
        {
            "below": lambda names: _first(names, [1, 2, 3], 3) == [1, 2],
            "none": lambda names: _first(names, [], 3) == [],
        },
    )


def _found(bench: InProcess, budget: Budget | None = None, *more: Given) -> Found:
    spectrum = bench.spectrum(())
    templates = Templates({PATH: bench.text}, suspects(spectrum, {}))
    search = Search(bench, [templates, *more], {PATH: bench.text}, budget or Budget(batch=50))
    return search.run(Aim(tuple(sorted(spectrum.red)), tuple(sorted(spectrum.green))))


def _texts(bench: InProcess, found: Found) -> list[str]:
    return [applied(bench.text, p.candidate.edits) for p in found.plausible]


def test_a_wrong_comparison_is_mended_and_the_rest_of_the_file_is_kept() -> None:
    bench = _bench("# é stays  \n" + LIMIT)

    found = _found(bench)

    assert ("# é stays  \n" + LIMIT).replace("<=", "<") in _texts(bench, found)


def test_two_searches_try_the_same_candidates_in_the_same_order() -> None:
    benches = [_bench(), _bench()]

    founds = [_found(bench, Budget(candidates=300, batch=50)) for bench in benches]

    assert benches[0].tried == benches[1].tried
    lists = [rank(found.plausible, {PATH: LIMIT}).patches for found in founds]
    assert lists[0] == lists[1]
    assert lists[0]
    assert len(benches[0].tried) > 100


def test_nothing_is_tried_twice_and_nothing_that_changes_nothing() -> None:
    bench = _bench()

    _found(bench)

    texts = [applied(bench.text, candidate.edits) for candidate in bench.tried]
    assert bench.text not in texts
    assert len(set(texts)) > 0.99 * len(texts)


def test_a_search_keeps_to_its_budget_of_candidates() -> None:
    bench = _bench("def first(rows, n):\n    return [row * 7 for row in rows if n == 99]\n")

    found = _found(bench, Budget(candidates=120, batch=50))

    assert found.tried == len(bench.tried) <= 120


def test_what_is_much_less_likely_than_a_repair_is_not_tried() -> None:
    benches = [_bench(), _bench()]

    for bench, share in zip(benches, (0.2, 0.0), strict=True):
        _found(bench, Budget(batch=20, share_of_best=share))

    few, every = ([candidate.prior for candidate in bench.tried] for bench in benches)
    assert min(few) >= 0.2 * max(few)
    assert min(every) < 0.2 * max(every)


def test_a_validator_out_of_time_ends_the_search() -> None:
    bench = _bench()
    bench.most = 3

    found = _found(bench)

    assert found.is_out_of_budget
    assert found.tried == 3


def test_two_edits_are_found_over_a_stepping_stone() -> None:
    text = "def span(low, high):\n    if low < high:\n        return high + low\n"
    text += "    return low + high\n"
    checks = {
        "up": lambda names: names["span"](2, 9) == 7,
        "wide": lambda names: names["span"](5, 50) == 45,
        "down": lambda names: names["span"](9, 2) == 7,
        "far": lambda names: names["span"](60, 5) == 55,
    }
    bench = InProcess(text, checks)

    found = _found(bench, Budget(candidates=20_000))

    assert all(p.candidate.changes == 2 for p in found.plausible)
    right = "if low < high:\n        return high - low\n    return low - high\n"
    assert any(right in mended for mended in _texts(bench, found))


def test_a_patch_of_two_changes_is_never_sure() -> None:
    at = LIMIT.index("<=")
    edits = (SpanEdit(PATH, at, at + 2, "<"),)
    one, two = (Candidate(edits, "any", 4, 0.5, changes=changes) for changes in (1, 2))

    rankings = [rank([Plausible(c, Trial(Fate.FIXED, (), 0))], {PATH: LIMIT}) for c in (one, two)]

    assert [ranking.is_far_fetched for ranking in rankings] == [False, True]


def test_a_patch_that_hides_a_name_of_the_module_is_told_apart() -> None:
    text = "TAX = 16\n\n\ndef gross(net):\n    return net + TAX\n"
    start, end = text.index("    return"), text.index("16")
    hack = SpanEdit(PATH, start, start, "    TAX = 19\n")
    right = SpanEdit(PATH, end, end + 2, "19")

    rankings = [
        rank([Plausible(Candidate((e,), "x", 1, 0.1), Trial(Fate.FIXED, (), 0))], {PATH: text})
        for e in (hack, right)
    ]

    assert [ranking.is_hiding for ranking in rankings] == [True, False]


def test_a_candidate_that_hangs_is_no_repair() -> None:
    text = (
        "def count(n):\n    done = 0\n    while done < n:\n        done += 1\n    return done + 1\n"
    )
    bench = InProcess(text, {"three": lambda names: names["count"](3) == 3})

    found = _found(bench, Budget(candidates=400))

    assert found.fates[Fate.HUNG] > 0
    assert text.replace("done + 1", "done") in _texts(bench, found)


def test_candidates_of_another_generator_enter_the_same_queue() -> None:
    at = LIMIT.index("kept = []")
    theirs = Candidate((SpanEdit(PATH, at, at + 4, "held"),), "model", 2, prior=0.9)
    bench = _bench()

    _found(bench, None, Given((theirs,)))

    assert theirs in bench.tried[:50]


def test_a_garbage_generator_changes_no_result() -> None:
    garbage = Candidate((SpanEdit(PATH, 0, 3, "]]"),), "model", 1, prior=1.0)
    alone, along = _bench(), _bench()

    first = _texts(alone, _found(alone))
    second = _texts(along, _found(along, None, Given((garbage,))))

    assert first == second


def _plausible(old: str, new: str, prior: float = 0.1, steps: int | None = None) -> Plausible:
    at = LIMIT.index(old)
    edit = SpanEdit(PATH, at, at + len(old), new)
    return Plausible(Candidate((edit,), "any", 4, prior), Trial(Fate.FIXED, (), steps))


def test_patches_that_behave_differently_are_ambiguous_with_the_input() -> None:
    two = [_plausible("<=", "<"), _plausible("<=", "!=")]

    ranking = rank(two, {PATH: LIMIT}, [("([1], 3)", "([4], 3)"), ("[1]", "[]"), ("[1]", "[4]")])

    assert ranking.is_ambiguous
    assert ranking.difference is not None
    assert ranking.difference.given == "([4], 3)"


@pytest.mark.parametrize(("count", "is_ambiguous"), [(1, False), (2, True)])
def test_patches_of_unknown_behaviour_are_ambiguous(count: int, is_ambiguous: bool) -> None:
    two = [_plausible("<=", "<"), _plausible("<=", "!=")]

    assert rank(two[:count], {PATH: LIMIT}).is_ambiguous is is_ambiguous


def test_patches_that_behave_alike_are_not_ambiguous() -> None:
    two = [_plausible("row <= n", "row < n"), _plausible("row <= n", "not row >= n")]

    ranking = rank(two, {PATH: LIMIT}, [("([1], 3)",), ("[1]",), ("[1]",)])

    assert not ranking.is_ambiguous
    assert ranking.patches[0].plausible is two[0]


def test_a_correct_but_slower_patch_loses() -> None:
    slow, fast = _plausible("<=", "!=", steps=900), _plausible("<=", "<", steps=0)

    ranking = rank([slow, fast], {PATH: LIMIT})

    assert ranking.patches[0].plausible is fast


def test_a_patch_that_leaves_a_variable_unread_loses() -> None:
    unread, read = _plausible("row <= n", "row <= 2", 0.2), _plausible("row <= n", "row < n", 0.1)

    ranking = rank([unread, read], {PATH: LIMIT})

    assert ranking.patches[0].plausible is read


def test_of_nearly_equal_meanings_the_one_that_most_patches_agree_on_is_preferred() -> None:
    lone = _plausible("<=", "!=", 0.101)
    agreed = [_plausible("row <= n", text, 0.1) for text in ("row < n", "n > row", "row + 1 <= n")]

    ranking = rank([lone, *agreed], {PATH: LIMIT}, [("x",), ("a",), ("b",), ("b",), ("b",)])

    assert ranking.patches[0].plausible in agreed


def test_many_unlikely_patches_do_not_outvote_a_likely_one() -> None:
    likely = _plausible("<=", "<", 0.2)
    many = [_plausible("row <= n", text, 0.1) for text in ("row != n", "n != row", "n - row")]

    ranking = rank([likely, *many], {PATH: LIMIT}, [("x",), ("a",), ("b",), ("b",), ("b",)])

    assert ranking.patches[0].plausible is likely


def test_nothing_plausible_has_no_ranking() -> None:
    assert rank([], {}).patches == ()
