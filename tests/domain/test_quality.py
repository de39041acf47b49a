"""Q of a patch: in [0, 1], never better for being worse, and never good for what breaks a test."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.evidence import Counts, TestComparison
from bot.domain.quality import BROKEN, Looks, Score, efficiency, quality_words, score
from tests.reviews import proof

MENDED = TestComparison(("t1",), (), (), ())
FINE = Looks(Counts(1, 9), MENDED, True, lint_change=-1, churn=2, seconds=((1.0, 1.0),))

COUNTS = st.builds(Counts, failed=st.integers(0, 9), passed=st.integers(0, 9))
NAMES = st.lists(st.sampled_from("abcdefghi"), unique=True, max_size=9).map(tuple)
COMPARED = st.builds(
    TestComparison, fail_to_pass=NAMES, pass_to_fail=NAMES, still_red=NAMES, flaky=NAMES
)
LOOKS = st.builds(
    Looks,
    before=st.none() | COUNTS,
    comparison=st.none() | COMPARED,
    is_parsed=st.none() | st.booleans(),
    lint_change=st.integers(-50, 50),
    churn=st.integers(0, 10_000),
    complexity_change=st.none() | st.integers(-500, 500),
    newly_failing=st.integers(0, 9),
    seconds=st.lists(st.tuples(st.floats(0, 99), st.floats(0, 99)), max_size=3).map(tuple),
)


@given(LOOKS)
def test_it_is_a_share_and_says_how_much_of_it_was_measured(looks: Looks) -> None:
    found = score(looks)

    assert 0.0 <= found.value <= 1.0
    assert 0.0 < found.coverage <= 1.0
    assert found.is_weak == (looks.before is None or looks.comparison is None)


@given(LOOKS, st.sampled_from(["lint_change", "churn", "newly_failing"]), st.integers(1, 40))
def test_more_of_what_is_bad_never_scores_better(looks: Looks, name: str, more: int) -> None:
    worse = replace(looks, **{name: getattr(looks, name) + more})

    assert score(worse).value <= score(looks).value


@given(LOOKS, st.integers(-50, 50), st.integers(1, 50))
def test_code_that_is_harder_to_follow_never_scores_better(
    looks: Looks, change: int, more: int
) -> None:
    easier, harder = (replace(looks, complexity_change=c) for c in (change, change + more))

    assert score(harder).value <= score(easier).value


@given(LOOKS, NAMES.filter(bool))
def test_a_patch_that_breaks_a_test_scores_a_fifth_at_most(
    looks: Looks, broken: tuple[str, ...]
) -> None:
    compared = replace(looks.comparison or MENDED, pass_to_fail=broken)

    assert score(replace(looks, comparison=compared)).value <= BROKEN


@given(LOOKS)
def test_a_patch_that_does_not_parse_scores_a_fifth_at_most(looks: Looks) -> None:
    assert score(replace(looks, is_parsed=False)).value <= BROKEN


def test_all_components_with_their_weights_are_the_paper_s_score() -> None:
    # C = 1, E = 1, R = 1 / (1 + exp(-.3 - .5))
    assert score(FINE) == Score(round(0.75 + 0.25 * 0.68997, 3), 1.0, is_weak=False)


def test_what_was_not_timed_is_left_out_and_the_rest_is_scaled_up() -> None:
    found = score(replace(FINE, seconds=()))

    assert found == Score(round((0.6 + 0.25 * 0.68997) / 0.85, 3), 0.85, is_weak=False)


def test_without_tests_a_parser_and_the_analyzers_speak_and_it_is_said_to_be_weak() -> None:
    alone = replace(FINE, before=None, comparison=None, seconds=())

    assert score(alone).is_weak
    assert score(replace(alone, lint_change=2)).value < score(alone).value
    assert score(replace(alone, is_parsed=None)).coverage == 0.25


def test_half_of_the_mended_tests_is_a_quarter_of_correctness() -> None:
    half = replace(FINE, before=Counts(2, 9))

    assert score(FINE).value - score(half).value == pytest.approx(0.6 * 0.25, abs=0.001)


@pytest.mark.parametrize(
    ("seconds", "share"),
    [
        ([(1.0, 1.0)], 1.0),
        ([(1.0, 1.15)], 1.0),
        ([(1.0, 0.2)], 1.0),
        ([(1.0, 2.0)], 0.5),
        ([(1.0, 4.0)], 0.0),
        ([(1.0, 99.0)], 0.0),
        ([(0.04, 9.0)], None),
        ([], None),
        ([(0.04, 9.0), (1.0, 2.0)], 0.5),
    ],
)
def test_what_the_same_tests_cost_counts_outside_of_the_noise(
    seconds: list[tuple[float, float]], share: float | None
) -> None:
    assert efficiency(seconds) == share


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.85, "efficiency not measured"),
        (0.4, "correctness not measured"),
        (0.25, "readability alone"),
    ],
)
def test_a_receipt_tells_the_score_and_what_is_not_in_it(share: float, said: str) -> None:
    told = quality_words(proof(quality=0.876, quality_coverage=share))

    assert told == [f"quality 0.88 ({said})"]


def test_a_whole_score_is_told_alone_and_no_score_not_at_all() -> None:
    assert quality_words(proof(quality=0.5, quality_coverage=1.0)) == ["quality 0.50"]
    assert quality_words(proof(quality=None)) == quality_words(proof(quality=float("nan"))) == []
