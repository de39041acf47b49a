"""When we look for what was missed: the jobs of a round, whose ids no two workers make differently.

A round is low work for many: the queue runs one of these jobs at a time, and only where nothing
else waits. Each installation has jobs of its own, so that one which fails keeps no other waiting.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from bot.domain.jobs import NO_INSTALLATION, Job, JobId, JobKind
from bot.domain.requests import ReconcileRequest, RoundScope, to_payload

DELIVERIES_EVERY = timedelta(hours=6)
PULLS_EVERY = timedelta(hours=1)
FIRST_PAGE = 1


class Occasion(StrEnum):
    """Why a round begins outside of its schedule."""

    START = "start"
    """A worker came up: something may have been missed meanwhile."""
    ASKED = "asked"
    """An operator wants it now."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How often each part of a round is done."""

    deliveries: timedelta = DELIVERIES_EVERY
    pulls: timedelta = PULLS_EVERY

    def due(self, now: datetime) -> tuple[Job, ...]:
        """Return the jobs of the periods that `now` is in."""
        every = {RoundScope.DELIVERIES: self.deliveries, RoundScope.PULLS: self.pulls}
        return tuple(_job(scope, _began(now, period)) for scope, period in every.items())


def unscheduled(occasion: Occasion, now: datetime) -> tuple[Job, ...]:
    """Return the jobs of a round that begins now; workers that start together start one."""
    period = f"{occasion.value}:{now.astimezone(UTC):%Y-%m-%dT%H:%M}"
    if occasion is Occasion.ASKED:
        period = f"{occasion.value}:{now.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
    return _job(RoundScope.DELIVERIES, period), _job(RoundScope.PULLS, period)


def of_installation(period: str, installation_id: int, page: int = FIRST_PAGE) -> Job:
    """Return the job that looks at one page of the repositories of an installation."""
    name = f"reconcile:installation:{installation_id}:{page}:{period}"
    request = ReconcileRequest(RoundScope.INSTALLATION, period, installation_id, page)
    return _made(name, f"reconcile:{installation_id}", request)


def learning(period: str) -> Job:
    """Return the job that learns from what was said until now."""
    return _job(RoundScope.LEARNING, period)


def next_deliveries(request: ReconcileRequest) -> Job:
    """Return the job that asks for what the job of this request left over."""
    return _job(RoundScope.DELIVERIES, request.period, request.page + 1)


def _job(scope: RoundScope, period: str, page: int = FIRST_PAGE) -> Job:
    name = f"reconcile:{scope.value}:{period}"
    if page != FIRST_PAGE:
        name = f"{name}:{page}"
    return _made(name, f"reconcile:{scope.value}", ReconcileRequest(scope, period, page=page))


def _made(name: str, key: str, request: ReconcileRequest) -> Job:
    return Job(JobId(name), JobKind.RECONCILE, key, 1, NO_INSTALLATION, to_payload(request))


def _began(now: datetime, period: timedelta) -> str:
    """Return when the period that `now` is in began; periods are counted from midnight UTC."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    begun = midnight + (now.astimezone(UTC) - midnight) // period * period
    return f"{begun:%Y-%m-%dT%H}" if begun.minute == 0 else f"{begun:%Y-%m-%dT%H:%M}"
