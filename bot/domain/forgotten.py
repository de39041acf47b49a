"""What stays of an event and of a finding when a person or a repository is forgotten."""

import json
import re
from dataclasses import replace

from bot.domain.event_forms import OUTCOME, SIGNAL
from bot.domain.event_log import LoggedEvent
from bot.domain.forgetting import FORGOTTEN, TAKEN_BACK, Target, Whom
from bot.domain.jobs import Job
from bot.domain.ledger import KnownFinding, PullKey
from bot.domain.outcomes import WORTH, Outcome, OutcomeRecord, Verdict
from bot.domain.quieting import UNMUTED, Unmuted
from bot.domain.record_json import RecordUnreadable, dump, load
from bot.domain.signals import Signal

NOBODY = 0
"""In the place of a person's number; no forge gives this one to anybody."""
_KEY = re.compile(r"(\d+)#(\d*)")
"""Of the jobs of a pull request, however it goes on."""


def without(event: LoggedEvent, whom: Whom) -> LoggedEvent | None:
    """Return the event as it stands afterwards, or None where it goes.

    An outcome that the person decided keeps its place, so that a later one of the same suggestion
    still has its own id; it is censored, which teaches nothing. An event that nobody can read goes
    where it holds the person's number: it could not be censored.
    """
    if event.kind != FORGOTTEN and whom.covers(event.pull):
        return None
    if event.kind == TAKEN_BACK:
        return _asked_by_nobody(event, whom.login)
    if whom.person_id is None:
        return event
    try:
        return _without_person(event, whom.person_id)
    except RecordUnreadable:
        return None if names(event.body, whom.person_id) else event


def names(text: str, person_id: int) -> bool:
    """Tell whether a text that nobody can read holds the number of a person, whole."""
    return re.search(rf"(?<!\d){person_id}(?!\d)", text) is not None


def _without_person(event: LoggedEvent, person_id: int) -> LoggedEvent | None:
    match event.kind:
        case kind if kind == SIGNAL:
            by = load(Signal, event.body).by
            return None if by is not None and by.id == person_id else event
        case kind if kind == OUTCOME:
            return _censored(event, person_id)
        case kind if kind == UNMUTED:
            return _of_nobody(event, person_id)
        case _:
            return event


def concerns(job: Job, target: Target, whom: Whom) -> bool:
    """Tell whether a job of the queue holds something of a target: who asked, or whose it is."""
    repo, asker = job.payload.get("repo"), job.payload.get("asker")
    name = str(repo.get("full_name", "")) if isinstance(repo, dict) else ""
    if target.repo and name.casefold() == target.repo.casefold():
        return True
    found = _KEY.match(job.key)
    if found is not None and whom.covers(PullKey(int(found[1]), int(found[2] or 0))):
        return True
    if not isinstance(asker, dict):
        return False
    is_number = target.person_id is not None and asker.get("id") == target.person_id
    login = str(asker.get("login", "")).casefold()
    return is_number or bool(target.login and login == target.login.casefold())


def nameless(known: KnownFinding, login: str) -> KnownFinding:
    """Return a finding whose dismissal no longer says who dismissed it, and in which words."""
    said = known.dismissal
    if not login or said is None or said.by.casefold() != login.casefold():
        return known
    return replace(known, dismissal=replace(said, by="", reason=""))


def _censored(event: LoggedEvent, person_id: int) -> LoggedEvent:
    record = load(OutcomeRecord, event.body)
    if record.verdict.by != person_id:
        return event
    outcome = Outcome.CENSORED
    verdict = Verdict(outcome, WORTH[outcome], record.verdict.is_final)
    return replace(event, body=dump(replace(record, verdict=verdict)), delivery="")


def _asked_by_nobody(event: LoggedEvent, login: str) -> LoggedEvent:
    said = json.loads(event.body)
    if not login or str(said.get("by")).casefold() != login.casefold():
        return event
    nobody = {**said, "by": "", "reason": "asked for by somebody"}
    return replace(event, body=json.dumps(nobody, separators=(",", ":")))


def _of_nobody(event: LoggedEvent, person_id: int) -> LoggedEvent:
    said = load(Unmuted, event.body)
    if said.by != person_id:
        return event
    return replace(event, body=dump(replace(said, by=NOBODY)))
