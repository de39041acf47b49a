"""From a repository's log to what is quieter in its next review."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.event_log import LoggedEvent
from bot.domain.findings import Category, Finding
from bot.domain.outcomes import Outcome
from bot.domain.quiet import Loudness, Tally
from bot.domain.quieting import Hush, RepoQuiet, folded, listed, quieted, said_of_quieted
from tests import reviews
from tests.domain.quiet_values import REPO, became, numbered, turned_down, unmuted

FINDING = reviews.finding(rule="E711", category=Category.STYLE, source="ruff")
OTHER = replace(FINDING, rule="F401", source="flake", title="unused", snippet="import sys")


def quiet(*events: LoggedEvent) -> RepoQuiet:
    return folded(REPO, numbered(list(events)))


def test_a_rule_that_people_turn_down_is_in_the_summary_and_then_silent() -> None:
    few, enough = turned_down(FINDING, 19, 0), turned_down(FINDING, 6, 14)
    more = turned_down(FINDING, 6, 14, start=20)

    assert quiet(*few).hush(FINDING) is Hush.NONE
    assert quiet(*enough).hush(FINDING) is Hush.SUMMARY
    assert quiet(*enough, *more).hush(FINDING) is Hush.MUTED


def test_a_rule_is_judged_by_itself_and_its_tool_by_all_of_its_rules() -> None:
    known = quiet(*turned_down(FINDING, 10, 10))
    sibling = replace(FINDING, rule="E999", title="other", snippet="x = 1")

    assert known.hush(OTHER) is Hush.NONE
    assert known.hush(sibling) is Hush.SUMMARY
    cause = known.cause(sibling)
    assert cause is not None
    assert (cause.source.tool, cause.source.rule) == ("ruff", "")


def test_security_findings_are_never_quieted() -> None:
    danger = replace(FINDING, category=Category.SECURITY)
    known = quiet(*turned_down(danger, 40, 0))

    assert known.hush(danger) is Hush.NONE
    assert known.hush(FINDING) is Hush.MUTED


def test_a_finding_like_ones_that_three_people_turned_down_is_held_back() -> None:
    def by(*people: int) -> RepoQuiet:
        events = [
            event
            for person in people
            for event in became(FINDING, Outcome.REJECTED, f"s{person}", by=person)
        ]
        return quiet(*events)

    assert by(1, 2).hush(FINDING) is Hush.NONE
    assert by(1, 2, 3).hush(FINDING) is Hush.HELD_BACK
    assert by(1, 2, 3).hush(OTHER) is Hush.NONE
    assert by(1, 2, 3).hush(replace(FINDING, category=Category.SECURITY)) is Hush.NONE


def test_one_person_alone_mutes_nothing_in_one_day() -> None:
    flood = [
        event
        for n in range(200)
        for event in became(FINDING, Outcome.REJECTED, f"s{n}", minute=n, by=9)
    ]
    known = quiet(*flood)

    assert known.hush(FINDING) is Hush.SUMMARY
    cause = known.cause(FINDING)
    assert cause is not None
    assert cause.tally == Tally(20, 20)


def test_a_correction_takes_the_place_of_what_was_final() -> None:
    good = [e for n in range(20) for e in became(FINDING, Outcome.APPLIED, f"s{n}", minute=n)]
    reverted = [
        became(FINDING, Outcome.REVERTED, f"s{n}", minute=100 + n, is_correction=True)[1]
        for n in range(6)
    ]

    assert quiet(*good).hush(FINDING) is Hush.NONE
    assert quiet(*good, *reverted).hush(FINDING) is Hush.SUMMARY


def test_who_unmutes_a_rule_hears_it_whatever_becomes_of_it() -> None:
    events = turned_down(FINDING, 40, 0)
    later = turned_down(FINDING, 40, 0, start=20_000)
    votes = [e for by in (1, 2, 3) for e in became(FINDING, Outcome.REJECTED, f"v{by}", by=by)]
    known = quiet(*events, *votes, unmuted("E711"), *later)

    assert known.hush(FINDING) is Hush.NONE
    assert listed(known, "/agent")[-1] == ("`E711` is shown next to the code: somebody unmuted it.")


def test_who_unmutes_a_tool_hears_its_other_rules() -> None:
    sibling = replace(FINDING, rule="E999", title="other", snippet="x = 1")
    known = quiet(*turned_down(FINDING, 40, 0), unmuted("ruff"))

    assert known.hush(sibling) is Hush.NONE
    assert known.hush(FINDING) is Hush.MUTED


@settings(max_examples=30, deadline=None)
@given(st.permutations(turned_down(FINDING, 12, 30)), st.integers(0, 84))
def test_order_and_repetition_change_nothing(events: list[LoggedEvent], again: int) -> None:
    assert quiet(*events, *events[:again]) == quiet(*turned_down(FINDING, 12, 30))


def test_what_is_quieter_is_said_with_its_figures_and_how_to_have_it_back() -> None:
    known = quiet(*turned_down(FINDING, 6, 14))

    [line] = said_of_quieted(quieted([FINDING, FINDING, OTHER], known), "/agent")
    assert line == (
        "Quieted: 2 findings. Findings of `ruff` `E711` are shown in the summary only: "
        "6 of the last 20 were turned down (15 to 52 %). "
        "`/agent unmute E711` has them back next to the code."
    )
    assert [known.levels[source].loudness for source in known.named("E711")] == [Loudness.SUMMARY]
    assert line.partition(". ")[2] in listed(known, "/agent")


def test_what_is_held_back_is_said_too() -> None:
    votes = [e for by in (1, 2, 3) for e in became(FINDING, Outcome.REJECTED, f"v{by}", by=by)]

    [line] = said_of_quieted(quieted([FINDING], quiet(*votes)), "/agent")
    assert line == (
        "Held back: 1 finding of `E711`: three people turned down findings like it. "
        "`/agent unmute E711` has them back next to the code."
    )


@pytest.mark.parametrize("outcome", [Outcome.CENSORED])
def test_what_nobody_can_know_counts_for_nothing(outcome: Outcome) -> None:
    events = [e for n in range(50) for e in became(FINDING, outcome, f"s{n}", minute=n, by=n)]

    assert quiet(*events).hush(FINDING) is Hush.NONE


def test_the_words_of_a_finding_are_not_in_the_log() -> None:
    secret: Finding = replace(FINDING, title="hunter2", snippet="password = 'hunter2'")

    about, _ = became(secret, Outcome.REJECTED, "s", by=1)
    assert "hunter2" not in about.body
