"""When a rule grows quiet, and what brings it back."""

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.findings import Category
from bot.domain.outcomes import WORTH, Outcome, Verdict
from bot.domain.quiet import (
    Loudness,
    Quieting,
    Source,
    Step,
    Tally,
    loudness,
    said_of,
    step,
    tallies,
    wilson,
)

RULE = Source(5, "ruff", "E501")
SILENT = {RULE: Quieting(Loudness.MUTED)}


def test_the_interval_is_the_one_of_the_textbook() -> None:
    found = wilson(10, 50)

    assert (round(found.low, 4), round(found.high, 4)) == (0.1124, 0.3304)


@given(st.integers(0, 300), st.integers(0, 300))
def test_an_interval_holds_its_share_and_stays_between_none_and_all(hits: int, rest: int) -> None:
    found = wilson(hits, hits + rest)

    assert 0.0 <= found.low <= found.high <= 1.0
    if hits + rest:
        assert found.low <= hits / (hits + rest) <= found.high


def test_a_rule_is_demoted_only_where_too_much_is_unwanted_for_sure() -> None:
    # 6 of 20 is 30 %, and surely over 14 %; 5 of 20 may still be 11 %; 4 of 20 may be 8 %.
    demoted = step(RULE, Quieting(), Tally(6, 20))

    assert demoted == Step(RULE, Loudness.INLINE, Loudness.SUMMARY, Tally(6, 20))
    assert step(RULE, Quieting(), Tally(4, 20)) is None
    assert step(RULE, Quieting(), Tally(19, 19)) is None


def test_a_demoted_rule_is_muted_by_new_outcomes_and_not_by_the_old_ones() -> None:
    demoted = Quieting(Loudness.SUMMARY, since=Tally(10, 20))

    assert step(RULE, demoted, Tally(10, 20)) is None
    assert step(RULE, demoted, Tally(19, 39)) is None
    muted = step(RULE, demoted, Tally(20, 40))
    assert muted is not None
    assert (muted.after, muted.tally) == (Loudness.MUTED, Tally(10, 20))


def test_a_muted_rule_goes_no_further_and_better_figures_bring_it_back() -> None:
    muted = Quieting(Loudness.MUTED)

    assert step(RULE, muted, Tally(20, 20)) is None
    better = step(RULE, muted, Tally(0, 40))
    assert better is not None
    assert better.after is Loudness.SUMMARY


def test_what_a_person_said_is_changed_by_no_figure() -> None:
    pinned = Quieting(Loudness.INLINE, is_pinned=True)

    assert step(RULE, pinned, Tally(50, 50)) is None
    silent_tool = {RULE: pinned, RULE.of_tool: Quieting(Loudness.MUTED)}
    assert loudness(RULE, Category.STYLE, silent_tool) is Loudness.INLINE


def test_a_finding_about_security_is_never_muted() -> None:
    assert loudness(RULE, Category.SECURITY, SILENT) is Loudness.INLINE
    assert loudness(RULE, Category.STYLE, SILENT) is Loudness.MUTED


def test_a_rule_is_as_quiet_as_its_tool() -> None:
    known = {RULE.of_tool: Quieting(Loudness.SUMMARY)}

    assert loudness(RULE, Category.STYLE, known) is Loudness.SUMMARY
    assert loudness(Source(6, "ruff", "E501"), Category.STYLE, known) is Loudness.INLINE


def test_only_final_outcomes_that_tell_something_are_counted_for_rule_and_tool() -> None:
    def said(outcome: Outcome, *, is_final: bool = True) -> tuple[Source, Verdict]:
        return RULE, Verdict(outcome, WORTH[outcome], is_final)

    found = tallies([
        said(Outcome.REJECTED), said(Outcome.APPLIED), said(Outcome.IGNORED),
        said(Outcome.CENSORED), said(Outcome.DISLIKED, is_final=False),
        (Source(5, "ruff", "F401"), said(Outcome.WAVED_OFF)[1]),
    ])  # fmt: skip

    assert found[RULE] == Tally(1, 3)
    assert found[RULE.of_tool] == Tally(2, 4)
    assert found[RULE].precision.low == 1 - found[RULE].unwanted_share.high


def test_a_step_is_told_with_its_figures() -> None:
    told = said_of(Step(RULE, Loudness.INLINE, Loudness.SUMMARY, Tally(10, 50)))

    assert told == (
        "Findings of `ruff` `E501` are shown in the summary only: 10 of the last 50 were "
        "turned down (11 to 33 %)."
    )
