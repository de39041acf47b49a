from datetime import date

from bot.domain.board import OutcomeTally
from bot.domain.outcomes import Outcome
from bot.domain.shares import Share, share_of_all, shares, week_of


def tally(outcome: Outcome, count: int = 1) -> OutcomeTally:
    return OutcomeTally("F401", outcome, count)


def test_a_share_counts_code_that_was_taken_over_among_what_is_known() -> None:
    found = shares([tally(Outcome.APPLIED, 2), tally(Outcome.REJECTED), tally(Outcome.LIKED),
         tally(Outcome.CENSORED, 50)])  # fmt: skip

    assert found == {"F401": Share(accepted=2, unwanted=1, judged=4)}
    assert found["F401"].value == 0.5


def test_one_lucky_fix_is_not_a_share_of_one() -> None:
    interval = Share(1, 0, 1).interval

    assert interval.low < 0.21
    assert interval.high == 1.0


def test_what_nobody_can_know_makes_no_share_at_all() -> None:
    assert shares([tally(Outcome.CENSORED)]) == {}
    assert share_of_all([]) is None


def test_a_week_begins_on_monday() -> None:
    assert {week_of(date(2026, 9, day)) for day in (28, 29, 30)} == {date(2026, 9, 28)}
    assert week_of(date(2026, 10, 4)) == date(2026, 9, 28)
