"""Moves what is known of a pull request between a run's ledger and the comment that keeps it.

The jobs of the App know only a ledger. A run of the Action begins with an empty one, so it is
filled from what the last run left, and read again at the end.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.domain.action_state import (
    SILENCES_REMEMBERED,
    ActionState,
    LastReview,
    RecordedCommit,
)
from bot.domain.forge import RepoId
from bot.domain.ledger import KnownFinding, PullKey, Reconciled, RunEnding, RunKind, RunRecord
from bot.domain.pull_records import (
    Ledger,
    Publication,
    PublicationKind,
    Publications,
    PullMode,
    SuggestionRecord,
)
from bot.domain.pull_request import Sha
from bot.domain.record_json import dump
from bot.domain.verdict import Cost, Coverage, Verdict

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Times order the runs of one ledger, and what is recalled was before all of this one."""


@dataclass
class NotedPublications:
    """Implements `Publications` over others, and can tell what was recorded in this run."""

    records: Publications
    noted: list[Publication] = field(default_factory=list)

    def record(self, publication: Publication) -> Publication:
        self.noted.append(publication)
        return self.records.record(publication)

    def find(self, key: str) -> Publication | None:
        return self.records.find(key)

    def of_kind(self, kind: PublicationKind) -> list[Publication]:
        """Return what was recorded of one kind, in order."""
        return [one for one in self.noted if one.kind is kind]


@dataclass(frozen=True)
class Memory:
    """What is known of one pull request."""

    records: Ledger
    notes: NotedPublications
    repo: RepoId
    number: int

    @property
    def pull(self) -> PullKey:
        """The pull request in the ledger."""
        return PullKey(self.repo.id, self.number)

    @property
    def new_commits(self) -> list[Publication]:
        """What this run committed; what was recalled is older."""
        return [one for one in self._commits() if one.posted_at != _EPOCH]

    def recall(self, state: ActionState) -> None:
        """Fill an empty ledger."""
        records, pull = self.records, self.pull
        known: tuple[KnownFinding, ...] = state.findings
        records.findings.revise(pull, lambda _nothing: Reconciled(known, ()))
        if state.mode is not PullMode.AUTO:
            records.pulls.set_mode(pull, state.mode)
        if state.last is not None:
            self._recall_review(state.last)
        records.suggestions.record(pull, state.suggestions)
        for commit in state.commits:
            self.notes.record(self._publication(commit))
        for silence in reversed(state.silences):
            records.silences.record(pull, silence)

    def state(self) -> ActionState:
        """Return what the ledger knows by now."""
        records, pull = self.records, self.pull
        shown = tuple(_without_proof(one) for one in records.suggestions.shown(pull))
        return ActionState(
            mode=records.pulls.load(pull).mode,
            findings=records.findings.known(pull),
            last=self._last(),
            suggestions=shown,
            commits=tuple(
                RecordedCommit(one.key, Sha(one.external_id), one.url) for one in self._commits()
            ),
            silences=tuple(records.silences.recent(pull))[:SILENCES_REMEMBERED],
        )

    def _commits(self) -> list[Publication]:
        return list({one.key: one for one in self.notes.of_kind(PublicationKind.COMMIT)}.values())

    def _last(self) -> LastReview | None:
        last = self.records.reviewed.last(self.pull)
        if last is None:
            return None
        ending = self.records.runs.ending(last.run_id)
        reading = ending.reading if ending is not None else None
        return LastReview(last.run_id, last.head, last.conclusion, last.is_failure, reading)

    def _recall_review(self, last: LastReview) -> None:
        record = RunRecord(
            run_id=last.run_id,
            job_id=f"earlier:{last.run_id}",
            pull=self.pull,
            repo=self.repo.full_name,
            head=last.head,
            kind=RunKind.REVIEW,
            started_at=_EPOCH,
        )
        self.records.runs.begin(record)
        verdict = Verdict(last.conclusion, Coverage(0, 0), (), (), Cost(0.0))
        ending = RunEnding(
            last.conclusion, dump(verdict), _EPOCH, last.reading, is_failure=last.is_failure
        )
        self.records.runs.finish(last.run_id, ending)

    def _publication(self, commit: RecordedCommit) -> Publication:
        kind = PublicationKind.COMMIT
        return Publication(commit.key, self.pull, kind, commit.sha, commit.url, _EPOCH)


def _without_proof(record: SuggestionRecord) -> SuggestionRecord:
    return replace(record, proof=None)
