"""What people tell us about a suggestion is in the log, once, however often we are told."""

from bot.domain.event_forms import signals_of
from bot.domain.event_log import EventSource
from bot.domain.outcomes import Outcome, judge
from bot.domain.signals import Signal, SignalKind, Standing
from tests.agent.service.office import ADA, EVE, HEAD_SHA, Office


def signals(office: Office) -> list[Signal]:
    return signals_of(office.records.events.of_pull(office.pull))


def test_a_dismissed_suggestion_is_in_the_log_with_who_turned_it_down() -> None:
    office = Office()
    office.ask("/agent review")
    [shown] = office.records.suggestions.shown(office.pull)

    office.ask("/agent dismiss F1 noise")

    [signal] = signals(office)
    assert (signal.kind, signal.suggestion) == (SignalKind.REJECTED, shown.id)
    assert signal.by is not None
    assert (signal.by.id, signal.by.standing) == (ADA.id, Standing.WRITER)
    assert judge([signal], shown.id).outcome is Outcome.REJECTED
    logged = office.records.events.of_pull(office.pull)[-1]
    assert logged.event.source is EventSource.COMMAND


def test_reject_turns_down_what_is_open() -> None:
    office = Office()
    office.ask("/agent review")

    office.ask("/agent reject")

    assert [signal.kind for signal in signals(office)] == [SignalKind.REJECTED]


def test_the_button_turns_down_what_it_stands_for() -> None:
    office = Office()
    office.ask("/agent review")

    office.press("dismiss", HEAD_SHA)

    assert [signal.kind for signal in signals(office)] == [SignalKind.REJECTED]


def test_a_command_that_died_half_way_is_one_signal() -> None:
    office = Office()
    office.ask("/agent review")

    office.run(office.comment("/agent dismiss F1"), crash_in="act")

    assert len(signals(office)) == 1


def test_a_stranger_who_may_not_dismiss_leaves_no_signal() -> None:
    office = Office()
    office.ask("/agent review")

    office.ask("/agent dismiss F1", EVE)

    assert signals(office) == []
