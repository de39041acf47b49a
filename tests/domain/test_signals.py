"""Who counts, what a reply says, and what is no signal at all."""

from dataclasses import replace

import pytest

from bot.domain.events import Person
from bot.domain.forge import Permission
from bot.domain.signals import BadSignal, SignalKind, Standing, event_id, sentiment, standing
from tests.domain.signal_values import read, said


@pytest.mark.parametrize(
    "body",
    [
        "False positive: the caller checks it.",
        "This is not applicable here",
        "won\N{RIGHT SINGLE QUOTATION MARK}t fix",
        "> you should close it\n\nIt is by design.",
    ],
)
def test_a_reply_against_us_is_known_by_its_phrase(body: str) -> None:
    assert sentiment(body) is SignalKind.REPLIED_BADLY


@pytest.mark.parametrize("body", ["Good catch!", "oh, you're right, thanks", "**Nice find**"])
def test_a_reply_for_us_is_known_by_its_phrase(body: str) -> None:
    assert sentiment(body) is SignalKind.REPLIED_WELL


@pytest.mark.parametrize(
    "body",
    [
        "",
        "Why?",
        "> good catch",
        "`false positive` is the name of the label",
        "```\nwon't fix\n```",
        "This is not a false positive.",
        "It isn't a false positive",
        "Good catch, but a false positive all the same",
        "a goodcatch() call",
    ],
)
def test_quotes_code_negations_and_both_at_once_say_nothing(body: str) -> None:
    assert sentiment(body) is None


def test_the_right_to_write_decides_who_somebody_is_and_no_name_does() -> None:
    def of(permission: Permission, person: int = 1, *, is_program: bool = False) -> Standing:
        someone = Person(person, "maintainer[bot]")
        return standing(someone, permission, author_id=4, is_program=is_program)

    assert of(Permission.WRITE) is of(Permission.ADMIN, 4) is Standing.WRITER
    assert of(Permission.READ, 4) is of(Permission.NONE, 4) is Standing.AUTHOR
    assert of(Permission.READ) is Standing.STRANGER
    assert of(Permission.ADMIN, is_program=True) is Standing.BOT


def test_the_parts_of_a_semantic_key_do_not_run_together() -> None:
    assert event_id("reaction", 12) == event_id("reaction", "12")
    assert event_id("thread", "a", "bc") != event_id("thread", "ab", "c")


def test_a_signal_without_a_zone_or_with_a_stray_reading_is_refused() -> None:
    with pytest.raises(BadSignal, match="no zone"):
        replace(read(), occurred_at=read().occurred_at.replace(tzinfo=None))
    with pytest.raises(BadSignal, match="only a reading"):
        replace(said(SignalKind.LIKED), reading=read().reading)
