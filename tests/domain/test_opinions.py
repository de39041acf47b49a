"""Thumbs become signals once, also those that are taken back."""

from datetime import timedelta

from bot.domain.events import Person
from bot.domain.opinions import Count, Thumb, is_news, opinions
from bot.domain.outcomes import Outcome, judge
from bot.domain.signals import Actor, Signal, SignalKind, Standing
from tests.domain.signal_values import MERGED, POSTED, PULL, SUGGESTION, read


def a_thumb(number: int, *, is_liking: bool, person: int = 1) -> Thumb:
    at = POSTED + timedelta(minutes=number)
    return Thumb(number, Person(person, "ada"), is_program=False, is_liking=is_liking, at=at)


def polled(thumbs: list[Thumb], known: list[Signal], minute: int = 30) -> list[Signal]:
    return known + opinions(
        thumbs, known, of=(PULL, SUGGESTION), now=POSTED + timedelta(minutes=minute),
        actor=lambda thumb: Actor(thumb.person.id, Standing.WRITER),
    )  # fmt: skip


def outcome(known: list[Signal]) -> Outcome:
    return judge([*known, read(), MERGED], SUGGESTION).outcome


def test_a_thumb_is_one_event_however_often_it_is_polled() -> None:
    once = polled([a_thumb(1, is_liking=False)], [])
    twice = polled([a_thumb(1, is_liking=False)], once, minute=40)

    assert twice == once
    assert [signal.kind for signal in once] == [SignalKind.DISLIKED]


def test_a_thumb_that_was_taken_back_counts_no_more() -> None:
    known = polled([], polled([a_thumb(1, is_liking=False)], []))

    assert outcome(known) is Outcome.IGNORED
    assert polled([], known, minute=50) == known


def test_who_takes_one_of_two_thumbs_back_says_nothing_until_there_is_a_new_one() -> None:
    both = polled([a_thumb(1, is_liking=True), a_thumb(2, is_liking=False)], [])
    assert outcome(both) is Outcome.DISLIKED

    left = polled([a_thumb(1, is_liking=True)], both)

    assert outcome(left) is Outcome.IGNORED
    assert polled([a_thumb(1, is_liking=True)], left, minute=40) == left
    fresh = [a_thumb(1, is_liking=True), a_thumb(45, is_liking=False)]
    assert outcome(polled(fresh, left, minute=50)) is Outcome.DISLIKED


def test_who_reacted_is_asked_only_where_the_counts_are_others() -> None:
    known = polled([a_thumb(1, is_liking=False)], [])

    assert is_news(Count(dislikes=1), [], SUGGESTION)
    assert not is_news(Count(dislikes=1), known, SUGGESTION)
    assert is_news(Count(), known, SUGGESTION)
    assert not is_news(Count(), polled([], known), SUGGESTION)
