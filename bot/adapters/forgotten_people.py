"""Who asked to be forgotten, by the marks in the log and the key that made their names."""

import json
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.local_key import local_key
from bot.domain.anonymity import Namer
from bot.domain.event_log import EventLog
from bot.domain.events import Person
from bot.domain.forgetting import FORGOTTEN, NOWHERE, Target

KEY_FILE = "export.key"


@dataclass(frozen=True)
class ForgottenPeople:
    """Asks the log each time: somebody may be forgotten while a worker runs."""

    log: EventLog
    state_dir: Path

    def __call__(self, person: Person) -> bool:
        """Tell whether a person was forgotten; raises Refused for a key that cannot be used.

        Without a mark no key is needed, and none is made.
        """
        marks = [one.event for one in self.log.of_pull(NOWHERE) if one.event.kind == FORGOTTEN]
        if not marks:
            return False
        namer = Namer(local_key(self.state_dir / KEY_FILE))
        target = Target(login=person.login, person_id=person.id)
        names = {namer.name(kind, value) for kind, value in target.keys}
        return any(names & set(json.loads(mark.body)["who"]) for mark in marks)
