"""Learns from what people made of our findings, as steps of a durable job.

What a step did is in the log, so doing it again is harmless. Nothing here asks the forge.
"""

from dataclasses import dataclass

from bot.agent.service.desk import Desk, Outlook
from bot.domain import policy_words as words
from bot.domain.jobs import JobContext, Json
from bot.policy.journal import Drifted, Trained, Tried
from bot.policy.school import School


def school_of(desk: Desk) -> School:
    """Return the school over the ledger of the App."""
    return School(desk.records.events, desk.records.policies, desk.now)


@dataclass(frozen=True)
class Learning:
    """One round of learning: train, take back what got worse, and try at the gate."""

    desk: Desk
    outlook: Outlook
    context: JobContext

    def run(self) -> Json:
        """Return what was done, in small."""
        school = school_of(self.desk)
        self.context.step("settle", lambda: self._settled(school))
        trained = self.context.step("train", lambda: self._trained(school))
        watched = self.context.step("watch", lambda: self._watched(school))
        tried = self.context.step("gate", lambda: self._tried(school))
        return {**trained, **watched, **tried}

    def _settled(self, school: School) -> Json:
        school.settle()
        return {}

    def _trained(self, school: School) -> Json:
        before = sum(isinstance(note, Drifted) for note in school.notes())
        done = school.train()
        if done is None:
            last = next((n for n in school.notes()[::-1] if isinstance(n, Trained)), None)
            return {"trained": None, "last": last.version if last is not None else None}
        drifts = [note for note in school.notes() if isinstance(note, Drifted)]
        if len(drifts) > before:
            self.outlook.tell(words.drifted(drifts[-1].alarms, drifts[-1].rewards))
        if done.left_out:
            self.outlook.tell(words.trained_without(done.left_out))
        return {"trained": done.version, "rewards": done.rewards, "phase": done.phase.value}

    def _watched(self, school: School) -> Json:
        note = school.watch()
        if note is None:
            return {"taken_back": None}
        self.outlook.tell(words.taken_back(note.version, note.reason))
        return {"taken_back": note.version}

    def _tried(self, school: School) -> Json:
        tried = school.attempt()
        if not isinstance(tried, Tried):
            return {"gate": tried}
        self.outlook.tell(words.tried(tried.candidate, tried.why, is_promoted=tried.is_promoted))
        return {"gate": list(tried.why), "promoted": tried.is_promoted}
