from datetime import UTC, datetime, timedelta

import pytest

from bot.domain import redelivery
from bot.domain.app_forge import Attempt
from bot.domain.record_json import dump, load
from bot.domain.redelivery import Arrivals, DeliveryNotes

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
UNRECORDED = Arrivals((), None)


def attempt(number: int, guid: str, *, is_ok: bool = False, minutes_ago: int = 60) -> Attempt:
    return Attempt(number, guid, NOW - timedelta(minutes=minutes_ago), is_ok)


def looked(
    *attempts: Attempt,
    notes: DeliveryNotes | None = None,
    arrivals: Arrivals = UNRECORDED,
    now: datetime = NOW,
) -> DeliveryNotes:
    return redelivery.looked(notes or DeliveryNotes(), attempts, arrivals, now=now)


def test_exactly_the_events_that_no_attempt_delivered_are_asked_for_again() -> None:
    notes = looked(
        attempt(4, "b", is_ok=True, minutes_ago=50),
        attempt(3, "c", minutes_ago=58),
        attempt(2, "b", minutes_ago=59),
        attempt(1, "a"),
    )

    assert redelivery.wanted(notes, now=NOW) == ["a", "c"]


def test_the_last_attempt_is_the_one_that_is_asked_for() -> None:
    notes = looked(attempt(1, "a"), attempt(2, "a", minutes_ago=30))

    assert notes.missed["a"].attempt == 2
    assert notes.missed["a"].at == NOW - timedelta(hours=1)


def test_an_event_that_arrives_later_is_missed_no_more() -> None:
    notes = looked(attempt(1, "a"))

    notes = looked(attempt(2, "a", is_ok=True, minutes_ago=1), notes=notes)

    assert notes.missed == {}


def test_nothing_is_asked_for_twice_within_a_short_time() -> None:
    notes = redelivery.tried(looked(attempt(1, "a")), "a", now=NOW)

    soon = redelivery.wanted(notes, now=NOW + timedelta(minutes=29))
    later = redelivery.wanted(notes, now=NOW + timedelta(minutes=30))

    assert (soon, later) == ([], ["a"])


def test_an_event_is_given_up_after_five_tries_and_an_operator_is_told_once() -> None:
    notes, now = looked(attempt(1, "a")), NOW
    for _ in range(5):
        notes = redelivery.tried(notes, "a", now=now)
        notes, early = redelivery.given_up(notes, now=now)
        assert early == ()
        now += timedelta(hours=1)

    notes, lines = redelivery.given_up(notes, now=now)

    assert redelivery.wanted(notes, now=now) == []
    assert ["delivery a of 2026-11-26 11:00 UTC" in line for line in lines] == [True]
    assert redelivery.given_up(notes, now=now)[1] == ()


def test_what_was_given_up_stays_so_when_it_is_seen_again() -> None:
    notes = redelivery.without_hope(looked(attempt(1, "a")), "a")

    again = looked(attempt(1, "a"), notes=notes)

    assert redelivery.wanted(again, now=NOW) == []


@pytest.mark.parametrize(
    ("known", "minutes_after_first", "is_wanted"),
    [(["a"], 5, False), ([], 5, True), ([], 0, False), ([], -5, False)],
)
def test_a_delivery_that_only_the_forge_remembers_is_asked_for_after_our_first_record(
    known: list[str], minutes_after_first: int, is_wanted: bool
) -> None:
    done = attempt(1, "a", is_ok=True)
    arrivals = Arrivals(known, done.at - timedelta(minutes=minutes_after_first))

    notes = looked(done, arrivals=arrivals)

    assert redelivery.wanted(notes, now=NOW) == ["a"] * is_wanted


def test_a_look_goes_back_a_day_at_most_and_to_a_little_before_the_last_one() -> None:
    first = redelivery.look_from(DeliveryNotes(), now=NOW)
    second = redelivery.look_from(looked(attempt(1, "a", minutes_ago=10)), now=NOW)
    late = redelivery.look_from(looked(attempt(1, "a")), now=NOW + timedelta(days=9))

    assert first == NOW - timedelta(hours=24)
    assert second == NOW - timedelta(minutes=25)
    assert late == NOW + timedelta(days=8)


def test_a_look_that_saw_nothing_does_not_forget_where_the_last_one_ended() -> None:
    notes = looked(attempt(1, "a"))

    assert looked(notes=notes).seen == notes.seen


def test_what_the_forge_forgot_is_forgotten() -> None:
    notes = looked(attempt(1, "a"))

    assert looked(notes=notes, now=NOW + timedelta(days=3)).missed == {}


def test_notes_survive_the_database() -> None:
    notes = redelivery.tried(looked(attempt(1, "a"), attempt(2, "b")), "a", now=NOW)

    assert load(DeliveryNotes, dump(notes)) == notes
