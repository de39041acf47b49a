from datetime import date

from bot.domain.board import OutcomeTally, RunTally
from bot.domain.outcomes import Outcome
from bot.domain.shares import Share
from bot.domain.verdict import Conclusion, Cost
from bot.web.summaries import by_day, by_week, cost_by

DAY = date(2026, 10, 1)


def tally(
    conclusion: Conclusion | None, runs: int, usd: float = 0.0, name: str = "2026-10-01"
) -> RunTally:
    return RunTally(name, conclusion, runs, Cost(1.0, usd=usd))


def test_a_day_without_a_run_is_a_day_too() -> None:
    rows = by_day([tally(Conclusion.FINDINGS, 2)], until=date(2026, 10, 3), days=4)

    assert [(row.day.day, row.runs) for row in rows] == [(30, 0), (1, 2), (2, 0), (3, 0)]


def test_a_run_that_has_not_ended_did_not_look_at_too_little() -> None:
    tallies = [tally(None, 3), tally(Conclusion.PARTIAL, 2), tally(Conclusion.ERROR, 1)]

    (row,) = by_day(tallies, until=DAY, days=1)

    assert (row.runs, row.findings, row.short) == (6, 0, 3)


def test_the_dearest_comes_first() -> None:
    rows = cost_by([tally(None, 1, 0.5, "1"), tally(None, 2, 2.0, "2")], lambda name: f"r{name}")

    assert [(row.name, row.runs, row.cost.usd) for row in rows] == [("r2", 2, 2.0), ("r1", 1, 0.5)]


def test_a_week_without_an_outcome_has_an_empty_share() -> None:
    outcome = OutcomeTally("2026-10-01", Outcome.APPLIED, 3)

    rows = by_week([outcome], until=date(2026, 10, 6), weeks=2)

    assert [(row.day, row.share) for row in rows] == [
        (date(2026, 9, 28), Share(3, 0, 3)), (date(2026, 10, 5), Share(0, 0, 0)),
    ]  # fmt: skip
