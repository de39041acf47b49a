"""Where a finding may go, and what is known of it there."""

from dataclasses import replace

import pytest

from bot.domain.edits import Edit, Patch
from bot.domain.findings import Category, Severity, Suggestion
from bot.policy import placing
from bot.policy.choosing import PLACES, PLACES_BY_HAND
from tests.reviews import unused_import

GRAVE = [Category.SECURITY, Category.REGRESSION, Category.TEST]


@pytest.mark.parametrize("category", GRAVE)
def test_what_is_grave_is_never_moved(category: Category) -> None:
    finding = replace(unused_import(), category=category, severity=Severity.LOW)

    assert set(placing.places(finding, is_one_click=True, before=0)) == {placing.INLINE}


def test_what_is_severe_is_never_moved() -> None:
    finding = replace(unused_import(), severity=Severity.HIGH)

    assert set(placing.places(finding, is_one_click=True, before=0)) == {placing.INLINE}


@pytest.mark.parametrize("before", [0, 5, 19])
def test_by_hand_a_comment_beats_the_summary_however_many_there_are(before: int) -> None:
    finding = replace(unused_import(), confidence=0.0, suggestion=None, category=Category.STYLE)
    open_places = placing.places(finding, is_one_click=False, before=before)

    choice = PLACES_BY_HAND.pick(open_places, decision_id="d", repo="1")

    assert choice.utilities[placing.SUMMARY] == 0.0
    assert choice.propensities[placing.INLINE] > 0.98


def test_who_made_the_patch_is_a_feature_of_the_comment() -> None:
    patch = Patch((Edit("a.py", 1, 1, "x\n", "y\n"),))
    finding = replace(unused_import(), suggestion=Suggestion(patch, source="rewrite"))

    found = placing.places(finding, is_one_click=False, before=0)[placing.INLINE]

    assert found["rewrite"] == 1.0
    assert "autofix" not in found
    assert PLACES.vector(found).max() == 1.0
