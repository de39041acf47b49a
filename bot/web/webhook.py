"""`POST /webhook`: signed bytes in, one durable record and job out, then 202.

Every answer of 2xx is the truth: the delivery is on record, and its job is stored, was stored
before, or there is none to store.
"""

import json
import logging
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO

from bot.domain.event_parser import action_of, parse_event
from bot.domain.events import Ignored
from bot.domain.intake import Inbox, Ourselves, Wanted, decide
from bot.domain.jobs import Jobs
from bot.domain.pull_records import Delivery
from bot.errors import PullwrightError, Retryable, TooLarge
from bot.web.counts import Counts, Outcome
from bot.web.signature import Secret, claimed_digest, read_signed

RETRY_AFTER_S = 10
PATIENCE_S = 3

_LOG = logging.getLogger("pullwright.web")
_GUID = re.compile(r"[0-9A-Za-z-]{1,64}")
_EVENT = re.compile(r"[a-z_]{1,64}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sender is told."""

    status: int
    body: Mapping[str, object] | None = None
    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """The headers of a delivery. They are not signed, so nothing dangerous rests on them."""

    guid: str
    event: str
    app_id: str | None
    """The App that GitHub says the hook is of."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Takes deliveries in."""

    secret: Secret
    ourselves: Ourselves
    jobs: Jobs
    inbox: Inbox
    counts: Counts
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def receive(self, headers: Mapping[str, str], stream: IO[bytes]) -> Answer:
        """Return the answer to one request; nothing is parsed before its signature is right.

        The names of `headers` are in lower case.
        """
        digest = claimed_digest(headers.get("x-hub-signature-256"))
        if digest is None:
            return self._end(Outcome.UNSIGNED, Answer(401))
        try:
            body = read_signed(stream, secret=self.secret, digest=digest)
        except TooLarge:
            return self._end(Outcome.TOO_LARGE, Answer(413))
        if body is None:
            return self._end(Outcome.UNSIGNED, Answer(401))
        envelope = _envelope(headers)
        if envelope is None:
            return self._end(Outcome.MALFORMED, _malformed("the headers name no delivery"))
        try:
            document = parse_document(body)
        except ValueError as error:
            return self._end(Outcome.MALFORMED, _malformed(str(error)))
        arrived = Delivery(envelope.guid, envelope.event, action_of(document), self.now())
        return self._act(arrived, self._decide(envelope, document))

    def _decide(self, envelope: Envelope, document: object) -> Wanted | Ignored:
        if envelope.app_id not in (None, str(self.ourselves.app_id)):
            return Ignored("the delivery is for another app", is_alarm=True)
        event = parse_event(envelope.event, document)
        if isinstance(event, Ignored):
            return event
        return decide(event, ourselves=self.ourselves, delivery=envelope.guid)

    def _act(self, arrived: Delivery, decision: Wanted | Ignored) -> Answer:
        try:
            is_new = self._store(arrived, decision)
        except PullwrightError as error:
            _LOG.error("delivery %s refused for now: %s", arrived.guid, error)
            return self._end(Outcome.UNAVAILABLE, Answer(503, retry_after_s=RETRY_AFTER_S))
        if isinstance(decision, Ignored):
            return self._ignored(arrived, decision)
        _LOG.info("delivery %s is job %s, new: %s", arrived.guid, decision.id, is_new)
        outcome = Outcome.ACCEPTED if is_new else Outcome.DUPLICATE
        return self._end(outcome, Answer(202, {"accepted": int(is_new)}))

    def _ignored(self, arrived: Delivery, decision: Ignored) -> Answer:
        level = logging.WARNING if decision.is_alarm else logging.DEBUG
        told = (arrived.guid, arrived.event, decision.reason)
        _LOG.log(level, "delivery %s (%s) ignored: %s", *told)
        outcome = Outcome.ALARMING if decision.is_alarm else Outcome.IGNORED
        return self._end(outcome, Answer(202, {"accepted": 0, "reason": decision.reason}))

    def _store(self, arrived: Delivery, decision: Wanted | Ignored) -> bool:
        """Store the delivery, then its jobs; return whether one of them is new.

        A delivery that is known may have lost its job to a crash in between, so it is no reason to
        submit none: the job's own id is what makes it one.
        """
        # SQLite lets those who wait for its lock sleep longer and longer: a queue of our own is
        # three times as fast in the worst case, and it has a bound.
        if not self._turn.acquire(timeout=PATIENCE_S):
            raise Retryable(f"other deliveries have waited {PATIENCE_S} s for the database")
        try:
            if isinstance(decision, Ignored):
                self.inbox.accept(arrived)
                return False
            stored = self.inbox.accept(arrived, decision.pull)
            wanted = (decision, *decision.also)
            are_new = [self.jobs.submit(each.job(stored.sequence or 1)) for each in wanted]
            return any(are_new)
        finally:
            self._turn.release()

    def _end(self, outcome: Outcome, answer: Answer) -> Answer:
        self.counts.add(outcome)
        return answer


def parse_document(body: bytes) -> object:
    """Return the JSON of a body; of a key that stands twice, the last counts everywhere.

    Raises ValueError for what is no JSON in UTF-8, and for nesting that no payload has.
    """
    try:
        return json.loads(body.decode("utf-8"))
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error


def _envelope(headers: Mapping[str, str]) -> Envelope | None:
    guid, event = headers.get("x-github-delivery", ""), headers.get("x-github-event", "")
    if not (_GUID.fullmatch(guid) and _EVENT.fullmatch(event)):
        return None
    return Envelope(guid, event, headers.get("x-github-hook-installation-target-id"))


def _malformed(reason: str) -> Answer:
    return Answer(400, {"error": reason})
