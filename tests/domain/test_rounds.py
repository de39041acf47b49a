from datetime import UTC, datetime, timedelta, timezone

import pytest

from bot.domain.jobs import NO_INSTALLATION, JobKind
from bot.domain.requests import ReconcileRequest, RoundScope, parse_request
from bot.domain.rounds import Occasion, Schedule, next_deliveries, of_installation, unscheduled

NOW = datetime(2026, 11, 26, 8, 30, 12, tzinfo=UTC)


def ids(now: datetime, schedule: Schedule | None = None) -> list[str]:
    return [job.id for job in (schedule or Schedule()).due(now)]


def test_deliveries_are_looked_at_every_six_hours_and_pull_requests_every_hour() -> None:
    assert ids(NOW) == ["reconcile:deliveries:2026-11-26T06", "reconcile:pulls:2026-11-26T08"]


def test_all_workers_name_a_period_the_same_wherever_they_are() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))

    assert ids(elsewhere) == ids(NOW + timedelta(minutes=29)) == ids(NOW)


def test_an_operator_chooses_how_often() -> None:
    rare = Schedule(deliveries=timedelta(hours=24), pulls=timedelta(hours=12))

    assert ids(NOW, rare) == ["reconcile:deliveries:2026-11-26T00", "reconcile:pulls:2026-11-26T00"]


def test_workers_that_start_together_begin_one_round() -> None:
    first = unscheduled(Occasion.START, NOW)
    second = unscheduled(Occasion.START, NOW + timedelta(seconds=20))

    assert [job.id for job in first] == [job.id for job in second]


def test_who_asks_twice_gets_two_rounds() -> None:
    first, second = (
        {job.id for job in unscheduled(Occasion.ASKED, NOW + timedelta(seconds=n))} for n in (0, 1)
    )

    assert not first & second


def test_a_round_is_of_no_installation_and_each_part_has_its_own_key() -> None:
    jobs = [*unscheduled(Occasion.START, NOW), of_installation("p", 5), of_installation("p", 6)]

    assert {job.kind for job in jobs} == {JobKind.RECONCILE}
    assert {job.installation_id for job in jobs} == {NO_INSTALLATION}
    assert len({job.key for job in jobs}) == 4


@pytest.mark.parametrize("page", [1, 2])
def test_a_request_comes_back_from_the_queue_as_it_was(page: int) -> None:
    job = of_installation("2026-11-26T08", 5, page)

    assert parse_request(job) == ReconcileRequest(
        RoundScope.INSTALLATION, "2026-11-26T08", installation_id=5, page=page
    )


def test_what_is_left_over_is_for_another_job_of_the_same_round() -> None:
    first = Schedule().due(NOW)[0]
    request = parse_request(first)
    assert isinstance(request, ReconcileRequest)

    second = next_deliveries(request)

    assert second.id == f"{first.id}:2"
    assert second.key == first.key
