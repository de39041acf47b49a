"""How many commands of one person may wait on one pull request (rule R25, case B14).

A flood of comments must not become a flood of runs: what would only do again what waits already is
left out when it arrives, and `why` and `status` tell. Of looks at what became of our suggestions
one that waits is enough: it sees all that happened before it begins.
"""

from collections.abc import Sequence
from datetime import timedelta

from bot.domain.events import CommentPlace
from bot.domain.jobs import Job, JobKind
from bot.domain.requests import ButtonCommand, CommentCommand, parse_request

WAITING = 5
"""Commands of one person that wait in one queue."""
LATELY = 20
"""Commands of one person that one queue takes within `WINDOW`."""
WINDOW = timedelta(minutes=1)


CROWDED = (JobKind.COMMAND, JobKind.OBSERVE)
"""Kinds of jobs that are left out where enough like them wait."""


def left_out(job: Job, *, waiting: Sequence[Job], lately: Sequence[Job]) -> str | None:
    """Return why a job need not be queued, or None where it is.

    `waiting` are those of its kind and queue that never began, in their order, and `lately` those
    that were taken within WINDOW, whatever became of them. People are told apart, because whether
    one of them may ask is not known yet: a stranger's words must not stand for a maintainer's.
    """
    if job.kind is JobKind.OBSERVE:
        return "one that sees the same was waiting already" if waiting else None
    asked = _asked(job)
    # Only the last one: between two `pause` may stand a `resume`.
    if asked is not None and waiting and _asked(waiting[-1]) == asked:
        return "the same command of the same person was waiting already"
    if asked is None or _is_stop(job):
        return None
    person = asked[0]
    if _count(waiting, person) >= WAITING:
        return f"{WAITING} commands of the same person were waiting already"
    if _count(lately, person) >= LATELY:
        return f"{LATELY} commands of the same person came within a minute"
    return None


_Asked = tuple[int, str, int | None]
"""Who asks for what, and about which thread."""


def _asked(job: Job) -> _Asked | None:
    if job.kind is not JobKind.COMMAND:
        return None
    try:
        request = parse_request(job)
    except ValueError:
        # Its worker says what is wrong with it.
        return None
    match request:
        case ButtonCommand():
            return (request.asker.id, f"button {request.identifier}", None)
        case CommentCommand():
            is_in_thread = request.place is CommentPlace.THREAD
            thread = request.in_reply_to if is_in_thread else None
            # All words that call us are one.
            return (request.asker.id, request.line.partition(" ")[2], thread)
        case _:
            return None


def _is_stop(job: Job) -> bool:
    """Tell whether it ends what runs: nothing may keep that from its turn."""
    asked = _asked(job)
    return asked is not None and asked[1] == "stop"


def _count(jobs: Sequence[Job], person: int) -> int:
    return sum(asked is not None and asked[0] == person for asked in map(_asked, jobs))
