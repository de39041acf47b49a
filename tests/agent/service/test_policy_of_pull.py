"""`/agent policy show|explain|rollback`: what people are told, and whose word counts."""

import re

import pytest

from bot.domain import replies
from bot.policy.choosing import HAND
from bot.policy.journal import TakenBack, for_repository
from tests.agent.service.office import EVE, Office
from tests.policy.schools import Times, lived


@pytest.fixture
def times() -> Times:
    made = lived(620)
    made.school.attempt()
    return made


def test_show_tells_a_reader_what_was_learned_from_this_repository_alone(times: Times) -> None:
    office = Office(records=times.ledger)

    told = office.ask("/agent policy show", by=EVE)

    name = times.school.versions().serving.version
    assert f"serves   {name[:12]}" in told
    [count] = re.findall(r"log +(\d+) decisions", told)
    assert int(count) < 620 / 2
    assert re.search(r"finding +placing-1-sampled +0\.\d+", told)


def test_show_before_anything_was_learned_says_so() -> None:
    told = Office().ask("/agent policy show")

    assert f"serves   {HAND}" in told
    assert "nobody said anything yet" in told
    assert "0 rewards of 600" in told


def test_explain_tells_a_reader_what_the_last_review_chose() -> None:
    office = Office()
    office.ask("/agent review")

    told = office.ask("/agent policy explain", by=EVE)

    assert re.search(r"step 1 chosen: \w+ \(U=", told)
    assert "F1 chosen: inline (U=" in told
    assert "chosen: finish" in told


def test_explain_where_nothing_was_reviewed_says_so() -> None:
    assert replies.NO_RUN_TO_EXPLAIN in Office().ask("/agent policy explain")


def test_who_may_not_write_takes_nothing_back(times: Times) -> None:
    office = Office(records=times.ledger)

    told = office.ask("/agent policy rollback", by=EVE)

    assert "write" in told
    assert not [note for note in times.school.notes() if isinstance(note, TakenBack)]


def test_a_rollback_is_for_this_repository_and_said_once(times: Times) -> None:
    office = Office(records=times.ledger)
    name = times.school.versions().serving.version

    office.run(office.comment("/agent policy rollback"), crash_in="act")

    found, notes = times.school.versions(), times.school.notes()
    assert office.replies[-1].endswith(
        f"Taken back: policy `{name[:12]}` decides nothing in this repository any more, "
        f"and `{HAND}` does."
    )
    assert for_repository(found, notes, repo_id=office.repo.id).version == HAND
    assert for_repository(found, notes, repo_id=office.repo.id + 1).version == name
    assert len([note for note in notes if isinstance(note, TakenBack)]) == 1


def test_the_hand_weights_are_not_rolled_back() -> None:
    assert replies.NEEDS_A_LEARNED_POLICY in Office().ask("/agent policy rollback")
