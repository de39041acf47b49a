"""A ledger over dicts: the contract of its ports without a database."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.domain import identity
from bot.domain.event_forms import SETTLED
from bot.domain.event_log import (
    EVENTS_AT_ONCE,
    LoggedEvent,
    Numbered,
    PolicyStatus,
    PolicyVersion,
)
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
from bot.errors import Refused, Retryable

SAW_NOTHING = (Conclusion.ERROR, Conclusion.NOT_REVIEWED)


@dataclass
class FakeRuns:
    """Runs, and the heads that they reviewed."""

    begun_runs: dict[RunId, RunRecord] = field(default_factory=dict)
    endings: dict[RunId, RunEnding] = field(default_factory=dict)
    recorded: dict[RunId, dict[int, StepRecord]] = field(default_factory=dict)

    def begin(self, run: RunRecord) -> None:
        self.begun_runs.setdefault(run.run_id, run)

    def record_step(self, run_id: RunId, step: StepRecord) -> StepRecord:
        self._check(run_id)
        return self.recorded.setdefault(run_id, {}).setdefault(step.index, step)

    def steps(self, run_id: RunId) -> Sequence[StepRecord]:
        return [step for _, step in sorted(self.recorded.get(run_id, {}).items())]

    def finish(self, run_id: RunId, ending: RunEnding) -> RunEnding:
        self._check(run_id)
        return self.endings.setdefault(run_id, ending)

    def ending(self, run_id: RunId) -> RunEnding | None:
        return self.endings.get(run_id)

    def unfinished(self, repo_id: int) -> Sequence[RunRecord]:
        found = [
            run
            for run_id, run in self.begun_runs.items()
            if run_id not in self.endings
            and run.pull.repo_id == repo_id
            and run.kind is RunKind.REVIEW
        ]
        found.sort(key=lambda run: run.started_at, reverse=True)
        return found[:UNFINISHED_SHOWN]

    def last(self, pull: PullKey) -> ReviewedHead | None:
        return self._last(pull, lambda _run, ending: ending.conclusion not in SAW_NOTHING)

    def of_head(self, pull: PullKey, head_sha: Sha) -> ReviewedHead | None:
        return self._last(pull, lambda run, _ending: run.head.head_sha == head_sha)

    def _last(
        self, pull: PullKey, is_wanted: Callable[[RunRecord, RunEnding], bool]
    ) -> ReviewedHead | None:
        ended = [
            (ending.ended_at, run.started_at, run_id)
            for run_id, ending in self.endings.items()
            if (run := self.begun_runs[run_id]).pull == pull
            and run.kind is RunKind.REVIEW
            and is_wanted(run, ending)
        ]
        if not ended:
            return None
        run_id = max(ended)[-1]
        ending = self.endings[run_id]
        head = self.begun_runs[run_id].head
        return ReviewedHead(run_id, head, ending.conclusion, ending.is_failure)

    def is_reviewed(self, pull: PullKey, head: Head, kind: RunKind) -> bool:
        ended = [
            (ending.ended_at, run.started_at, run_id)
            for run_id, ending in self.endings.items()
            if (run := self.begun_runs[run_id]).pull == pull
            and run.kind is kind
            and ending.conclusion is not Conclusion.ERROR
        ]
        if not ended:
            return False
        newest = self.begun_runs[max(ended)[-1]].head
        return replace(newest, base_sha=head.base_sha) == head

    def begun(self, pull: PullKey, *, since: datetime) -> Sequence[RunRecord]:
        runs = [r for r in self.begun_runs.values() if r.pull == pull and r.started_at >= since]
        return sorted(runs, key=lambda run: (run.started_at, run.run_id))

    def _check(self, run_id: RunId) -> None:
        if run_id not in self.begun_runs:
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

    log: "FakeEventLog"
    by_id: dict[SuggestionId, tuple[PullKey, SuggestionRecord]] = field(default_factory=dict)

    def record(self, pull: PullKey, suggestions: Iterable[SuggestionRecord]) -> None:
        for suggestion in suggestions:
            self.by_id.setdefault(suggestion.id, (pull, suggestion))

    def shown(self, pull: PullKey) -> Sequence[SuggestionRecord]:
        return [suggestion for owner, suggestion in self.by_id.values() if owner == pull]

    def unsettled(self, repo_id: int) -> Sequence[PullKey]:
        settled = {event.suggestion for event in self.log.events if event.kind == SETTLED}
        found = {owner for name, (owner, _) in self.by_id.items() if name not in settled}
        return sorted((p for p in found if p.repo_id == repo_id), key=lambda pull: pull.number)


@dataclass
class FakeDeliveries:
    """Deliveries by GUID."""

    pulls: FakePullRequests = field(default_factory=FakePullRequests)
    by_guid: dict[str, Delivery] = field(default_factory=dict)
    is_down: bool = False

    def accept(self, delivery: Delivery, pull: PullKey | None = None) -> Delivery:
        if self.is_down:
            raise Retryable("the ledger is down")
        known = self.by_guid.get(delivery.guid, delivery)
        if pull is not None and not known.sequence:
            known = replace(known, sequence=self.pulls.next_sequence(pull))
        self.by_guid[delivery.guid] = known
        return known

    def known(self, guids: Iterable[str]) -> frozenset[str]:
        return frozenset(guids) & frozenset(self.by_guid)

    def forget(self, *, before: datetime) -> int:
        old = [guid for guid, known in self.by_guid.items() if known.received_at < before]
        for guid in old:
            del self.by_guid[guid]
        return len(old)

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


@dataclass
class FakeEventLog:
    """Events in the order of the log, from 1."""

    events: list[LoggedEvent] = field(default_factory=list)

    def append(self, events: Iterable[LoggedEvent]) -> int:
        before = len(self.events)
        for event in list(events):
            if all(known.event_id != event.event_id for known in self.events):
                self.events.append(event)
        return len(self.events) - before

    def after(self, seq: int, *, limit: int = EVENTS_AT_ONCE) -> Sequence[Numbered]:
        return self._numbered()[seq : seq + limit]

    def of_pull(self, pull: PullKey) -> Sequence[Numbered]:
        return [numbered for numbered in self._numbered() if numbered.event.pull == pull]

    def of_repo(self, repo_id: int, kinds: Collection[str]) -> Sequence[Numbered]:
        return [
            each
            for each in self._numbered()
            if each.event.pull.repo_id == repo_id and each.event.kind in kinds
        ]

    def _numbered(self) -> list[Numbered]:
        return [Numbered(seq, event) for seq, event in enumerate(self.events, 1)]


@dataclass
class FakePolicyVersions:
    """Versions by name, the oldest first."""

    by_name: dict[str, PolicyVersion] = field(default_factory=dict)

    def record(self, version: PolicyVersion) -> PolicyVersion:
        return self.by_name.setdefault(version.version, version)

    def find(self, version: str) -> PolicyVersion | None:
        return self.by_name.get(version)

    def mark(self, version: str, status: PolicyStatus) -> None:
        if version not in self.by_name:
            raise Refused(f"there is no policy {version}")
        self.by_name[version] = replace(self.by_name[version], status=status)

    def all(self) -> Sequence[PolicyVersion]:
        return list(self.by_name.values())


def fake_ledger() -> Ledger:
    """Return an empty ledger; each port is one of the fakes above."""
    runs, pulls, log = FakeRuns(), FakePullRequests(), FakeEventLog()
    return Ledger(
        runs=runs,
        reviewed=runs,
        findings=FakeFindings(),
        publications=FakePublications(),
        pulls=pulls,
        silences=FakeSilences(),
        suggestions=FakeSuggestions(log),
        deliveries=FakeDeliveries(pulls),
        notes=FakeNotes(),
        events=log,
        policies=FakePolicyVersions(),
        close=lambda: None,
    )
