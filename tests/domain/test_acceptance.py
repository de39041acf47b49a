"""How often people took what was suggested, week by week."""

from datetime import date, timedelta

import pytest

from bot.domain.acceptance import BY_RULE, Taken, by_rule, by_tool
from bot.domain.outcomes import Outcome

MONDAY = date(2026, 11, 2)


def taken(days: int, outcome: Outcome, tool: str = "autofix", rule: str = "F401") -> Taken:
    return Taken(MONDAY + timedelta(days=days), tool, rule, outcome)


def test_a_week_tells_the_share_of_all_that_is_known_until_then() -> None:
    told = [
        taken(9, Outcome.REJECTED),
        taken(0, Outcome.APPLIED),
        taken(6, Outcome.IGNORED),
        taken(7, Outcome.ADAPTED),
    ]

    first, second = by_tool(told)["autofix"]

    assert (first.monday, first.share) == (MONDAY, 0.5)
    assert (second.monday, second.share) == (MONDAY + timedelta(days=7), 0.5)
    assert second.known == 4
    assert second.bounds[0] < 0.5 < second.bounds[1]


def test_more_is_surer() -> None:
    few, many = (
        by_tool([taken(0, Outcome.APPLIED), taken(0, Outcome.REJECTED)] * n)["autofix"][-1].bounds
        for n in (1, 50)
    )

    assert many[1] - many[0] < few[1] - few[0]


def test_what_nobody_can_know_is_no_share() -> None:
    assert by_tool([taken(0, Outcome.CENSORED)]) == {}


def test_of_rules_those_are_shown_that_most_is_known_of() -> None:
    told = [taken(0, Outcome.APPLIED, rule=f"R{n}") for n in range(9) for _ in range(n + 1)]

    assert list(by_rule(told)) == [f"R{n}" for n in range(8, 8 - BY_RULE, -1)]


@pytest.mark.parametrize("outcome", [Outcome.APPLIED, Outcome.APPLIED_MANUALLY, Outcome.ADAPTED])
def test_what_people_took_over_is_accepted(outcome: Outcome) -> None:
    assert by_tool([taken(0, outcome)])["autofix"][0].share == 1.0
