"""Where lines moved to, and what of a suggestion stands there."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.domain.diff import Diff
from bot.domain.edits import Edit, Patch
from bot.domain.signals import Match
from bot.domain.whereabouts import match, rewritten
from tests.domain.real_git import Repository, regular

LINES = [f"line_{number} = {number}\n" for number in range(1, 41)]


OLD = "".join(LINES).encode()


def of(edits: Edit | tuple[Edit, ...], after: list[str]) -> Match:
    """Match against the diff that git makes of the lines before and after."""
    new = "".join(after).encode()
    return match(_patch(edits), _diff(new), {"a.py": new})


def written(edits: Edit | tuple[Edit, ...], after: list[str]) -> tuple[Edit, ...]:
    new = "".join(after).encode()
    return rewritten(_patch(edits), _diff(new), {"a.py": OLD}, {"a.py": new})


def _patch(edits: Edit | tuple[Edit, ...]) -> Patch:
    return Patch(edits if isinstance(edits, tuple) else (edits,))


def _diff(new: bytes) -> Diff:
    with TemporaryDirectory() as folder:
        repository = Repository(Path(folder) / "bare.git")
        repository.commit(regular({b"a.py": OLD}), regular({b"a.py": new}))
        return repository.diff()


def replacing(first: int, last: int, new: str) -> Edit:
    return Edit("a.py", first, last, "".join(LINES[first - 1 : last]), new)


def test_lines_that_were_shortened_otherwise_are_not_the_suggestion() -> None:
    edit = replacing(20, 21, "line_20 = 20\n")

    assert of(edit, LINES[:20] + LINES[21:]) is Match.EXACT
    assert of(edit, [*LINES[:20], "line_21 = other\n", *LINES[21:]]) is not Match.EXACT
    assert of(edit, LINES[:10] + LINES[11:]) is Match.UNTOUCHED


def test_a_deletion_stands_where_nothing_does() -> None:
    edit = replacing(20, 20, "")

    assert of(edit, LINES[:19] + LINES[20:]) is Match.EXACT
    assert of(edit, [*LINES[:19], "something = else_()\n", *LINES[20:]]) is Match.TOUCHED


def test_an_insertion_stands_between_its_neighbours() -> None:
    edit = Edit("a.py", 20, 19, "", "inserted = 1\n")

    assert of(edit, [*LINES[:19], "inserted = 1\n", *LINES[19:]]) is Match.EXACT
    assert of(edit, [*LINES[:30], "inserted = 1\n", *LINES[30:]]) is Match.UNTOUCHED


def test_a_suggestion_within_a_larger_change_stands_exactly() -> None:
    edit = replacing(20, 20, "better = call(20)\n")
    around = ["before = 1\n", "better = call(20)\n", "after = 2\n"]

    assert of(edit, LINES[:18] + around + LINES[21:]) is Match.EXACT


def test_a_suggestion_elsewhere_in_the_file_does_not_stand() -> None:
    edit = replacing(20, 20, "better = call(20)\n")

    assert of(edit, [*LINES[:35], "better = call(20)\n", *LINES[35:]]) is Match.UNTOUCHED


def test_an_old_line_that_resembles_the_suggestion_is_not_taken_for_it() -> None:
    edit = replacing(20, 20, "line_20 = 20  # noqa: the answer, by way of explanation\n")

    assert of(edit, [*LINES[:19], "line_20 = 21\n", *LINES[20:]]) is Match.TOUCHED


@pytest.mark.parametrize("shift", [0, 9])
def test_something_similar_counts_within_ten_lines(shift: int) -> None:
    edit = replacing(20, 20, "total = sum(price for price in prices if price)\n")
    near = "total = sum(cost for price in prices if price)\n"
    after = [*LINES[:19], *LINES[20 : 20 + shift], near, *LINES[20 + shift :]]

    assert of(edit, after) is Match.SIMILAR


def test_something_similar_further_away_does_not_count() -> None:
    edit = replacing(20, 20, "total = sum(price for price in prices if price)\n")
    near = "total = sum(cost for price in prices if price)\n"

    assert of(edit, [*LINES[:19], *LINES[20:35], near, *LINES[35:]]) is Match.TOUCHED


def test_a_patch_of_two_edits_stands_only_as_a_whole() -> None:
    edits = (replacing(5, 5, "five = call(5)\n"), replacing(30, 30, "thirty = call(30)\n"))
    half = [*LINES[:4], "five = call(5)\n", *LINES[5:]]
    whole = [*half[:29], "thirty = call(30)\n", *half[30:]]

    assert of(edits, whole) is Match.EXACT
    assert of(edits, half) is Match.TOUCHED


def test_what_resembles_the_old_lines_more_than_the_suggestion_is_not_similar() -> None:
    new = "".join([*LINES[17:19], "line_20 = 99\n", *LINES[20:22]])

    after = [*LINES[:20], "line_21 = 5\n", *LINES[21:]]

    assert of(replacing(18, 22, new), after) is Match.TOUCHED


def test_a_line_that_was_to_go_and_is_still_there_is_not_the_suggestion() -> None:
    edit = replacing(20, 21, "line_20 = 20\n")

    after = [*LINES[:19], "extra = 1\n", LINES[19], "mid = 1\n", *LINES[20:]]

    assert of(edit, after) is not Match.EXACT


NEAR = "total = sum(cost for price in prices if price)\n"
SUMMED = replacing(20, 20, "total = sum(price for price in prices if price)\n")


@pytest.mark.parametrize("above", [[], ["import other\n"] * 15])
def test_what_people_wrote_in_the_place_is_an_edit_of_the_lines_that_were_shown(
    above: list[str],
) -> None:
    after = [*above, *LINES[:19], "# What it costs.\n", NEAR, *LINES[20:35], *LINES[36:]]

    (edit,) = written(SUMMED, after)

    assert edit == Edit("a.py", 20, 20, LINES[19], f"# What it costs.\n{NEAR}")


def test_what_people_wrote_nearby_is_one_edit_with_what_they_took_out() -> None:
    after = [*LINES[:19], *LINES[20:23], NEAR, *LINES[23:]]

    (edit,) = written(SUMMED, after)

    assert edit == Edit("a.py", 20, 23, "".join(LINES[19:23]), "".join([*LINES[20:23], NEAR]))
    assert Patch((edit,)).apply({"a.py": OLD}) == {"a.py": "".join(after).encode()}


def test_what_people_wrote_of_two_edits_are_edits_of_both_places() -> None:
    edits = (replacing(5, 5, "five = call(5)\n"), replacing(30, 30, "thirty = call(30)\n"))
    after = [*LINES[:4], "five = call(6)\n", *LINES[5:29], "thirty = call(31)\n", *LINES[30:]]

    found = written(edits, after)

    assert Patch(found).apply({"a.py": OLD}) == {"a.py": "".join(after).encode()}
    assert [edit.start_line for edit in found] == [5, 30]


@pytest.mark.parametrize(
    "after",
    [
        [*LINES[:25], "other = 1\n", *LINES[26:]],
        [*LINES[:19], *LINES[20:]],
        [*LINES[:19], *(f"other_{n} = {n}\n" for n in range(60)), *LINES[20:]],
        ["other = 1\n"],
    ],
    ids=["elsewhere", "taken out", "far more", "all of it"],
)
def test_another_change_than_of_the_lines_is_nothing_that_people_wrote_instead(
    after: list[str],
) -> None:
    assert written(SUMMED, after) == ()


def test_a_last_line_without_an_end_is_what_people_wrote() -> None:
    (edit,) = written(replacing(40, 40, "line_40 = 4\n"), [*LINES[:39], "line_40 = 5"])

    assert (edit.start_line, edit.end_line, edit.new_text) == (40, 40, "line_40 = 5")
