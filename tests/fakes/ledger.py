"""A ledger over dicts: the contract of its ports without a database."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.domain import identity
from bot.domain.findings import FindingId
from bot.domain.ledger import (
    UNFINISHED_SHOWN,
    Dismissal,
    Head,
    KnownFinding,
    PullKey,
    Reconciled,
    ReviewedHead,
    Rule,
    RunEnding,
    RunId,
    RunKind,
    RunRecord,
    StepRecord,
    Thread,
)
from bot.domain.pull_records import (
    SILENCES_KEPT,
    Delivery,
    Ledger,
    Publication,
    PullMode,
    PullRecord,
    Silence,
    SuggestionId,
    SuggestionRecord,
)
from bot.domain.pull_request import Sha
from bot.domain.verdict import Conclusion
from bot.errors import Refused

SAW_NOTHING = (Conclusion.ERROR, Conclusion.NOT_REVIEWED)


@dataclass
class FakeRuns:
    """Runs, and the heads that they reviewed."""

    begun: dict[RunId, RunRecord] = field(default_factory=dict)
    endings: dict[RunId, RunEnding] = field(default_factory=dict)
    recorded: dict[RunId, dict[int, StepRecord]] = field(default_factory=dict)

    def begin(self, run: RunRecord) -> None:
        self.begun.setdefault(run.run_id, run)

    def record_step(self, run_id: RunId, step: StepRecord) -> StepRecord:
        self._check(run_id)
        return self.recorded.setdefault(run_id, {}).setdefault(step.index, step)

    def steps(self, run_id: RunId) -> Sequence[StepRecord]:
        return [step for _, step in sorted(self.recorded.get(run_id, {}).items())]

    def finish(self, run_id: RunId, ending: RunEnding) -> RunEnding:
        self._check(run_id)
        return self.endings.setdefault(run_id, ending)

    def unfinished(self, repo_id: int) -> Sequence[RunRecord]:
        found = [
            run
            for run_id, run in self.begun.items()
            if run_id not in self.endings
            and run.pull.repo_id == repo_id
            and run.kind is RunKind.REVIEW
        ]
        found.sort(key=lambda run: run.started_at, reverse=True)
        return found[:UNFINISHED_SHOWN]

    def last(self, pull: PullKey) -> ReviewedHead | None:
        ended = [
            (ending.ended_at, run.started_at, run_id)
            for run_id, ending in self.endings.items()
            if (run := self.begun[run_id]).pull == pull
            and run.kind is RunKind.REVIEW
            and ending.conclusion not in SAW_NOTHING
        ]
        if not ended:
            return None
        run_id = max(ended)[-1]
        return ReviewedHead(run_id, self.begun[run_id].head, self.endings[run_id].conclusion)

    def is_reviewed(self, pull: PullKey, head: Head, kind: RunKind) -> bool:
        wanted = (pull, kind, head.head_sha, head.merge_base_sha)
        runs = [self.begun[i] for i, e in self.endings.items() if e.conclusion != Conclusion.ERROR]
        done = [(r.pull, r.kind, r.head.head_sha, r.head.merge_base_sha) for r in runs]
        return wanted in done

    def _check(self, run_id: RunId) -> None:
        if run_id not in self.begun:
            raise Refused(f"run {run_id} never began: begin it first")


@dataclass
class FakeFindings:
    """Findings by pull request and id."""

    by_pull: dict[PullKey, dict[FindingId, KnownFinding]] = field(default_factory=dict)

    def known(self, pull: PullKey) -> tuple[KnownFinding, ...]:
        return identity.in_order(self.by_pull.get(pull, {}).values())

    def revise(self, pull: PullKey, rule: Rule) -> Reconciled:
        while True:
            before = self.known(pull)
            after = rule(before)
            if self.known(pull) == before:
                self.by_pull.setdefault(pull, {}).update({k.id: k for k in after.known})
                return after

    def dismiss(self, pull: PullKey, finding_id: FindingId, dismissal: Dismissal) -> KnownFinding:
        dismissed = identity.dismiss(self._one(pull, finding_id), dismissal)
        self.by_pull[pull][finding_id] = dismissed
        return dismissed

    def attach_thread(self, pull: PullKey, finding_id: FindingId, thread: Thread) -> None:
        self.by_pull[pull] = self.by_pull.get(pull, {}) | {
            finding_id: replace(self._one(pull, finding_id), thread=thread)
        }

    def _one(self, pull: PullKey, finding_id: FindingId) -> KnownFinding:
        known = self.by_pull.get(pull, {}).get(finding_id)
        if known is None:
            raise Refused(f"pull request {pull.number} has no finding {finding_id}")
        return known


@dataclass
class FakePublications:
    """What was posted, by key."""

    by_key: dict[str, Publication] = field(default_factory=dict)

    def record(self, publication: Publication) -> Publication:
        return self.by_key.setdefault(publication.key, publication)

    def find(self, key: str) -> Publication | None:
        return self.by_key.get(key)


@dataclass
class FakePullRequests:
    """One record for each pull request."""

    records: dict[PullKey, PullRecord] = field(default_factory=dict)

    def load(self, pull: PullKey) -> PullRecord:
        return self.records.get(pull, PullRecord())

    def set_mode(self, pull: PullKey, mode: PullMode) -> PullMode:
        before = self.load(pull)
        self.records[pull] = replace(before, mode=mode)
        return before.mode

    def next_sequence(self, pull: PullKey) -> int:
        before = self.load(pull)
        self.records[pull] = replace(before, sequence=before.sequence + 1)
        return before.sequence + 1

    def advance_head(self, pull: PullKey, *, sequence: int, head_sha: Sha) -> bool:
        before = self.load(pull)
        if before.head_sequence > sequence:
            return False
        self.records[pull] = replace(before, head_sequence=sequence, head_sha=head_sha)
        return True


@dataclass
class FakeSilences:
    """Reasons by pull request, the newest last."""

    by_pull: dict[PullKey, list[Silence]] = field(default_factory=dict)

    def record(self, pull: PullKey, silence: Silence) -> None:
        self.by_pull[pull] = [*self.by_pull.get(pull, []), silence][-SILENCES_KEPT:]

    def recent(self, pull: PullKey) -> Sequence[Silence]:
        return self.by_pull.get(pull, [])[::-1]


@dataclass
class FakeSuggestions:
    """Suggestions by id, in the order of their records."""

    by_id: dict[SuggestionId, tuple[PullKey, SuggestionRecord]] = field(default_factory=dict)

    def record(self, pull: PullKey, suggestions: Iterable[SuggestionRecord]) -> None:
        for suggestion in suggestions:
            self.by_id.setdefault(suggestion.id, (pull, suggestion))

    def shown(self, pull: PullKey) -> Sequence[SuggestionRecord]:
        return [suggestion for owner, suggestion in self.by_id.values() if owner == pull]


@dataclass
class FakeDeliveries:
    """Deliveries by GUID."""

    by_guid: dict[str, Delivery] = field(default_factory=dict)

    def accept(self, delivery: Delivery) -> bool:
        return self.by_guid.setdefault(delivery.guid, delivery) is delivery

    def known(self, guids: Iterable[str]) -> frozenset[str]:
        return frozenset(guids) & frozenset(self.by_guid)

    def first_at(self) -> datetime | None:
        return min((d.received_at for d in self.by_guid.values()), default=None)


@dataclass
class FakeNotes:
    """Notes by name."""

    by_name: dict[str, str] = field(default_factory=dict)

    def load(self, name: str) -> str | None:
        return self.by_name.get(name)

    def store(self, name: str, text: str) -> None:
        self.by_name[name] = text


def fake_ledger() -> Ledger:
    """Return an empty ledger; each port is one of the fakes above."""
    runs = FakeRuns()
    return Ledger(
        runs=runs,
        reviewed=runs,
        findings=FakeFindings(),
        publications=FakePublications(),
        pulls=FakePullRequests(),
        silences=FakeSilences(),
        suggestions=FakeSuggestions(),
        deliveries=FakeDeliveries(),
        notes=FakeNotes(),
        close=lambda: None,
    )
