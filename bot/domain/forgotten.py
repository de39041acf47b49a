"""What stays of an event and of a finding when a person or a repository is forgotten."""

import re
from dataclasses import replace

from bot.domain.event_forms import OUTCOME, SIGNAL
from bot.domain.event_log import LoggedEvent
from bot.domain.forgetting import FORGOTTEN, Whom
from bot.domain.ledger import KnownFinding
from bot.domain.outcomes import WORTH, Outcome, OutcomeRecord, Verdict
from bot.domain.record_json import RecordUnreadable, dump, load
from bot.domain.signals import Signal


def without(event: LoggedEvent, whom: Whom) -> LoggedEvent | None:
    """Return the event as it stands afterwards, or None where it goes.

    An outcome that the person decided keeps its place, so that a later one of the same suggestion
    still has its own id; it is censored, which teaches nothing. An event that nobody can read goes
    where it holds the person's number: it could not be censored.
    """
    if event.kind == FORGOTTEN:
        return event
    if whom.covers(event.pull):
        return None
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
        case _:
            return event


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
