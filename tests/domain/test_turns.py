from dataclasses import replace

from bot.domain.turns import Pacing, Turns, pacing_of

BEGAN = 1_800_000_000.0


def written(count: int, *, every_s: float) -> Turns:
    return Turns(tuple(BEGAN + n * every_s for n in range(count)))


def test_the_eighty_first_write_of_a_minute_waits_for_the_first_to_be_a_minute_old() -> None:
    turns = written(80, every_s=0.5)

    assert turns.free_at("me", now=BEGAN + 50) == BEGAN + 60


def test_the_write_after_five_hundred_waits_for_the_first_to_be_an_hour_old() -> None:
    turns = written(500, every_s=2.0)

    assert turns.free_at("me", now=BEGAN + 1_100) == BEGAN + 3600


def test_no_more_is_kept_than_the_limits_ask_for() -> None:
    turns = written(500, every_s=2.0).taken("me", now=BEGAN + 5_000, lease_s=60)

    assert len(turns.written) == 500


def test_a_clock_that_was_set_back_stops_nobody_for_longer_than_an_hour() -> None:
    turns = written(1, every_s=1)

    assert turns.free_at("me", now=BEGAN - 1_000_000) == BEGAN - 1_000_000 + 3600


def test_a_turn_that_is_never_given_back_is_free_after_its_lease() -> None:
    turns = Turns().taken("gone", now=BEGAN, lease_s=60)

    assert turns.free_at("me", now=BEGAN + 30) > BEGAN + 30
    assert turns.free_at("me", now=BEGAN + 60) <= BEGAN + 60


def test_what_was_written_by_one_who_died_counts() -> None:
    turns = written(79, every_s=0.5).taken("gone", now=BEGAN + 40, lease_s=5)

    assert turns.free_at("me", now=BEGAN + 50) == BEGAN + 60


def test_a_clock_that_was_set_back_by_a_day_stops_writing_for_an_hour_in_all() -> None:
    before = replace(written(500, every_s=2.0), held_until=BEGAN + 9_999)
    now = BEGAN - 86_400

    turns = before.at(now)

    assert turns.free_at("me", now=now) <= now + 3600
    assert turns.at(now + 3600).free_at("me", now=now + 3600) <= now + 3600


def test_an_operator_sees_the_worst_of_all_installations() -> None:
    busy = written(4, every_s=1200.0)
    refused = Turns().held(30.0, now=BEGAN + 3600).held(None, now=BEGAN + 3600)

    assert pacing_of([busy, refused], now=BEGAN + 3601) == Pacing(59.0, 1, 3)
    assert pacing_of([], now=BEGAN) == Pacing()
