"""Several bugs behind one set of red tests: each is told by the edit that mends its own tests."""

from bot.repair.aims import Aim, Checks
from bot.repair.candidates import Candidate, Fate, Plausible, SpanEdit, Trial
from bot.repair.parts import parts

PATH = "shop.py"
TEXT = "def net(x):\n    return x + 1\n\n\ndef gross(x):\n    return x * 2\n"
REACH = {PATH: {2: frozenset({"a", "b", "green"}), 6: frozenset({"c"})}}


def _stone(old: str, new: str, *still_red: str) -> Plausible:
    at = TEXT.index(old)
    edit = SpanEdit(PATH, at, at + len(old), new)
    line = TEXT.count("\n", 0, at) + 1
    return Plausible(Candidate((edit,), "any", line, 0.1), Trial(Fate.PARTIAL, still_red, None))


def _parts(*stones: Plausible, reach: dict[str, dict[int, frozenset[str]]] = REACH) -> list[object]:
    aim = Aim(("a", "b", "c"), ("green",), reach)
    told = parts(stones, Checks(aim, {PATH: TEXT}))
    return [(part.aim.targets, len(part.candidates)) for part in told]


def test_edits_that_mend_all_tests_at_their_lines_tell_two_bugs_apart() -> None:
    found = _parts(_stone("+", "-", "c"), _stone("x + 1", "x", "c"), _stone("*", "//", "a", "b"))

    assert found == [(("a", "b"), 2), (("c",), 1)]


def test_an_edit_that_leaves_a_test_at_its_line_red_is_no_bug_of_its_own() -> None:
    assert _parts(_stone("+", "-", "b", "c")) == []


def test_tests_that_no_edit_mends_come_last_without_one() -> None:
    assert _parts(_stone("+", "-", "c")) == [(("a", "b"), 1), (("c",), 0)]


def test_nothing_is_told_apart_where_nobody_knows_what_tests_reach() -> None:
    assert _parts(_stone("+", "-", "c"), _stone("*", "//", "a", "b"), reach={}) == []
