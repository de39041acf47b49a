"""What every log of events promises; a part of the contract of a ledger."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.event_log import EventSource, LoggedEvent, PolicyStatus, PolicyVersion
from bot.domain.pull_records import Ledger
from bot.errors import Refused
from tests.adapters.ledger_values import HOSTILE, NOW, OTHER_PULL, PULL, Clause


def an_event(name: str = "e1", minutes: int = 0) -> LoggedEvent:
    at = NOW + timedelta(minutes=minutes)
    return LoggedEvent(
        name, "signal", PULL, at, NOW, EventSource.WEBHOOK, '{"kind":"liked"}',
        suggestion="5" * 16, delivery=HOSTILE,
    )  # fmt: skip


def a_version(name: str = "v1") -> PolicyVersion:
    theta, state = bytes(range(256)), b"\0\xff" * 3
    return PolicyVersion(
        name, None, "critic", theta, state, config_hash="c", log_seq=3, created_at=NOW,
        status=PolicyStatus.CANDIDATE,
    )  # fmt: skip


def events_are_read_by_their_place_in_the_log(ledger: Ledger) -> None:
    assert ledger.events.append([an_event("e1", 5), an_event("e2", 1)]) == 2
    assert ledger.events.append([an_event("e3")]) == 1

    read = ledger.events.after(0)
    assert [(each.seq, each.event.event_id) for each in read] == [(1, "e1"), (2, "e2"), (3, "e3")]
    assert read[0].event == an_event("e1", 5)
    assert [each.seq for each in ledger.events.after(1, limit=1)] == [2]
    assert list(ledger.events.after(3)) == []


def an_event_is_stored_once_however_we_learned_of_it(ledger: Ledger) -> None:
    polled = replace(an_event(), source=EventSource.POLL, observed_at=NOW + timedelta(hours=1))

    assert ledger.events.append([an_event(), polled]) == 1
    assert ledger.events.append([polled, an_event("e2")]) == 1
    assert [(each.seq, each.event.source) for each in ledger.events.after(0)] == [
        (1, EventSource.WEBHOOK), (2, EventSource.WEBHOOK),
    ]  # fmt: skip


def nothing_to_append_is_no_event(ledger: Ledger) -> None:
    assert ledger.events.append([]) == 0
    assert list(ledger.events.after(0)) == []


def the_events_of_a_pull_request_are_found(ledger: Ledger) -> None:
    elsewhere = replace(an_event("e2"), pull=OTHER_PULL)
    ledger.events.append([an_event("e1"), elsewhere, an_event("e3")])

    assert [each.seq for each in ledger.events.of_pull(PULL)] == [1, 3]
    assert [each.event for each in ledger.events.of_pull(OTHER_PULL)] == [elsewhere]


def the_events_of_a_repository_are_found_by_their_kinds(ledger: Ledger) -> None:
    elsewhere = replace(an_event("e2"), pull=replace(PULL, repo_id=3))
    other = replace(an_event("e3"), kind="outcome", pull=OTHER_PULL)
    ledger.events.append([an_event("e1"), elsewhere, other, replace(other, event_id="e4")])

    found = ledger.events.of_repo(PULL.repo_id, ("outcome", "settled"))
    assert [each.event.event_id for each in found] == ["e3", "e4"]
    assert ledger.events.of_repo(PULL.repo_id, ()) == []


def a_batch_that_breaks_half_way_leaves_the_log_as_it_was(ledger: Ledger) -> None:
    ledger.events.append([an_event("e1")])

    def cut_off() -> "list[LoggedEvent]":
        return [an_event("e2"), replace(an_event("e3"), body='{"reward":NaN}')]

    with pytest.raises(Refused, match="NaN"):
        ledger.events.append(cut_off())
    assert [each.seq for each in ledger.events.after(0)] == [1]


def a_policy_comes_back_byte_for_byte(ledger: Ledger) -> None:
    assert ledger.policies.record(a_version()) == a_version()
    assert ledger.policies.record(replace(a_version(), theta=b"other")) == a_version()
    assert ledger.policies.find("v1") == a_version()
    assert ledger.policies.find("v2") is None


def only_the_status_of_a_policy_changes(ledger: Ledger) -> None:
    ledger.policies.record(a_version("v1"))
    ledger.policies.record(replace(a_version("v0"), parent="v1"))
    ledger.policies.mark("v1", PolicyStatus.PROMOTED)

    promoted = replace(a_version("v1"), status=PolicyStatus.PROMOTED)
    assert list(ledger.policies.all()) == [promoted, replace(a_version("v0"), parent="v1")]
    with pytest.raises(Refused, match="no policy v9"):
        ledger.policies.mark("v9", PolicyStatus.RETIRED)


CLAUSES_OF_EVENTS: tuple[Clause, ...] = (
    events_are_read_by_their_place_in_the_log,
    an_event_is_stored_once_however_we_learned_of_it,
    nothing_to_append_is_no_event,
    the_events_of_a_pull_request_are_found,
    the_events_of_a_repository_are_found_by_their_kinds,
    a_batch_that_breaks_half_way_leaves_the_log_as_it_was,
    a_policy_comes_back_byte_for_byte,
    only_the_status_of_a_policy_changes,
)
