"""Judges every suggestion of a pull request by what the log holds, and logs what is final."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.agent.service.desk import Desk
from bot.domain.event_forms import Observed, outcome_event, outcomes_of, signals_of
from bot.domain.event_log import LoggedEvent
from bot.domain.followed import ended_at, is_over, settled_event
from bot.domain.ledger import PullKey
from bot.domain.outcomes import OutcomeRecord, judge, to_log
from bot.domain.pull_records import SuggestionRecord
from bot.domain.quieting import described_event
from bot.domain.signals import Signal


@dataclass(frozen=True)
class Judging:
    """One pull request before the log."""

    desk: Desk
    pull: PullKey
    observed: Observed

    def run(self) -> int:
        """Append outcomes that are final or corrected, and return how many events are new.

        What is logged already is judged to the same, so doing it twice appends nothing.
        """
        records = self.desk.records
        log = records.events.of_pull(self.pull)
        signals, outcomes = signals_of(log), outcomes_of(log)
        shown = records.suggestions.shown(self.pull)
        return records.events.append(self._events(shown, signals, outcomes))

    def _events(
        self,
        shown: Iterable[SuggestionRecord],
        signals: Sequence[Signal],
        outcomes: Sequence[OutcomeRecord],
    ) -> Iterator[LoggedEvent]:
        findings = {k.id: k.finding for k in self.desk.records.findings.known(self.pull)}
        for one in shown:
            known = [record for record in outcomes if record.suggestion == one.id]
            verdict = judge(signals, one.id)
            record = to_log(
                verdict,
                known,
                suggestion=one.id,
                decision=one.decision_id,
                closed_at=ended_at(signals) or self.observed.at,
            )
            if record is not None:
                finding = findings.get(one.finding_id)
                if finding is not None:
                    has_voter = verdict.by is not None
                    yield described_event(
                        self.pull, one.id, finding, self.observed, has_voter=has_voter
                    )
                yield outcome_event(record, self.pull, self.observed)
            if is_over(signals, one.id, now=self.observed.at):
                now, source = self.observed.at, self.observed.source
                yield settled_event(self.pull, one.id, now=now, source=source)
