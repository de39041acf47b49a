"""A ledger in which people reacted to findings for a while, and the school over it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from bot.domain.event_forms import Observed, outcome_event
from bot.domain.event_log import EventSource, LoggedEvent
from bot.domain.ledger import PullKey
from bot.domain.outcomes import WORTH, Outcome, OutcomeRecord, Verdict
from bot.domain.pull_records import DecisionId, Ledger, SuggestionId
from bot.policy.choosing import PLACES, PLACES_BY_HAND, Occasion, logged
from bot.policy.event_log import OutcomeSeen
from bot.policy.features import Features
from bot.policy.gate import GateSettings
from bot.policy.ledger_log import decision_event, measured_event
from bot.policy.placing import INLINE, SUMMARY
from bot.policy.school import School
from bot.policy.serving import Sampled
from tests.fakes.ledger import fake_ledger

START = datetime(2026, 3, 1, tzinfo=UTC)
DULL: Features = {"inline": 1.0, "style": 1.0, "model": 1.0, "confidence": 0.4}
GOOD: Features = {"inline": 1.0, "proved": 1.0, "autofix": 1.0, "confidence": 0.9, "severity": 0.5}


@dataclass
class Times:
    """The ledger over some weeks: one finding in five is dull, and people turn those down."""

    ledger: Ledger = field(default_factory=fake_ledger)
    now: datetime = START
    lived: int = 0

    @property
    def school(self) -> School:
        return School(self.ledger.events, self.ledger.policies, lambda: self.now)

    def live(
        self, count: int, policy: Sampled = PLACES_BY_HAND, *, good: Outcome = Outcome.APPLIED
    ) -> None:
        """Let findings be placed and people react; two findings to a pull request."""
        events: list[LoggedEvent] = []
        for index in range(self.lived, self.lived + count):
            events += self._one(index, policy, good)
        self.ledger.events.append(events)
        self.lived += count
        self.now = START + timedelta(minutes=10 * self.lived, days=3)

    def _one(self, index: int, policy: Sampled, good: Outcome) -> list[LoggedEvent]:
        is_dull = index % 5 == 0
        pull, at = PullKey(1 + index % 3, index // 2), START + timedelta(minutes=10 * index)
        features = {INLINE: DULL if is_dull else GOOD, SUMMARY: {}}
        occasion = Occasion(f"run{index // 2}.F{index % 2 + 1}", pull, at)
        choice = policy.pick(features, decision_id=occasion.decision_id, repo=occasion.repo)
        observed = Observed(at, EventSource.RUN)
        made = decision_event(logged(choice, features, PLACES, occasion), pull, observed)
        name = f"outcome {index}"
        if choice.tool == SUMMARY:
            seen = OutcomeSeen(name, at, occasion.decision_id, name, None, reward=0.0)
            return [made, measured_event(seen, pull, observed)]
        kind = Outcome.REJECTED if is_dull else good
        rng = np.random.default_rng(index)
        kind = Outcome.IGNORED if rng.random() < 0.2 else kind
        verdict = Verdict(kind, WORTH[kind], is_final=True, by=index % 7 + 1)
        record = OutcomeRecord(
            name, at + timedelta(days=2), SuggestionId(f"s{index}"),
            DecisionId(occasion.decision_id), verdict,
        )  # fmt: skip
        return [made, outcome_event(record, pull, observed)]


def lived(count: int) -> Times:
    times = Times()
    times.live(count)
    return times


def easily_pleased(school: School) -> School:
    """Return the school whose gate wants little evidence, for short logs."""
    gate = GateSettings(least_rows=100, least_new_rewards=10)
    return School(school.events, school.policies, school.now, gate=gate)
