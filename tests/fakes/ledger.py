"""A ledger over dicts: the contract of its ports without a database."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.domain import identity
from bot.domain.event_forms import SETTLED
from bot.domain.event_log import LoggedEvent, Numbered, PolicyStatus
from bot.domain.findings import FindingId
from bot.domain.forgetting import TAKEN_BACK, Gone, Whom
from bot.domain.forgotten import nameless, without
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
from bot.domain.rewriting import REWRITTEN
from bot.domain.verdict import Conclusion
from bot.errors import Refused, Retryable
from tests.fakes.event_log import FakeEventLog, FakePolicyVersions

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

    def find(self, pull: PullKey, suggestion: SuggestionId) -> SuggestionRecord | None:
        owner, found = self.by_id.get(suggestion, (None, None))
        return found if owner == pull else None

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
class FakeForgetting:
    """Takes out of the other fakes."""

    runs: FakeRuns
    findings: FakeFindings
    publications: FakePublications
    pulls: FakePullRequests
    silences: FakeSilences
    suggestions: FakeSuggestions
    log: FakeEventLog
    versions: FakePolicyVersions

    def repo_ids(self, name: str) -> frozenset[int]:
        begun = self.runs.begun_runs.values()
        return frozenset(r.pull.repo_id for r in begun if r.repo.casefold() == name.casefold())

    def preview(self, whom: Whom) -> Gone:
        after = [(each, without(each.event, whom)) for each in self.log.numbered]
        taught = [(each, event) for each, event in after if each.event.kind != TAKEN_BACK]
        touched = [each.seq for each, event in taught if event != each.event]
        over = (PolicyStatus.RETIRED, PolicyStatus.ROLLED_BACK)
        learned = [
            version.version
            for version in self.versions.all()
            if touched and version.log_seq >= touched[0] and version.status not in over
        ]
        return Gone(
            dict(Counter(each.event.kind for each, event in after if event is None)),
            sum(event not in (None, each.event) for each, event in after),
            {name: count for name, count in self._rows(whom).items() if count},
            sum(k != nameless(k, whom.login) for k in self._known(whom)),
            tuple(learned),
        )

    def forget(self, whom: Whom, mark: LoggedEvent) -> Gone:
        gone = self.preview(whom)
        if gone.is_nothing:
            return gone
        self.log.append([mark])
        kept = [(each.seq, without(each.event, whom)) for each in self.log.numbered]
        self.log.numbered = [Numbered(seq, event) for seq, event in kept if event is not None]
        self._remove(whom)
        for pull, known in self.findings.by_pull.items():
            self.findings.by_pull[pull] = {i: nameless(k, whom.login) for i, k in known.items()}
        for version in gone.policies:
            self.versions.mark(version, PolicyStatus.RETIRED)
        return gone

    def expire(self, *, before: datetime) -> int:
        kept = [
            each
            for each in self.log.numbered
            if each.event.kind != REWRITTEN
            or each.event.occurred_at >= before
            or each is self.log.numbered[-1]
        ]
        gone = len(self.log.numbered) - len(kept)
        self.log.numbered = kept
        return gone

    def _rows(self, whom: Whom) -> dict[str, int]:
        posted = [p.pull for p in self.publications.by_key.values()]
        owners = {
            "findings": [p for p, known in self.findings.by_pull.items() for _ in known],
            "suggestions": [pull for pull, _ in self.suggestions.by_id.values()],
            "posts": posted,
            "reasons for silence": [p for p, said in self.silences.by_pull.items() for _ in said],
            "runs": [run.pull for run in self.runs.begun_runs.values()],
            "pull requests": list(self.pulls.records),
        }
        return {name: sum(map(whom.covers, found)) for name, found in owners.items()}

    def _known(self, whom: Whom) -> list[KnownFinding]:
        found = self.findings.by_pull.items()
        return [k for pull, known in found if not whom.covers(pull) for k in known.values()]

    def _remove(self, whom: Whom) -> None:
        covers = whom.covers
        gone = [run.run_id for run in self.runs.begun_runs.values() if covers(run.pull)]
        for run_id in gone:
            del self.runs.begun_runs[run_id]
            self.runs.endings.pop(run_id, None)
            self.runs.recorded.pop(run_id, None)
        for owned in (self.findings.by_pull, self.silences.by_pull, self.pulls.records):
            for pull in [pull for pull in owned if covers(pull)]:
                del owned[pull]
        posted, shown = self.publications.by_key, self.suggestions.by_id
        self.publications.by_key = {k: p for k, p in posted.items() if not covers(p.pull)}
        self.suggestions.by_id = {k: each for k, each in shown.items() if not covers(each[0])}


def fake_ledger() -> Ledger:
    """Return an empty ledger; each port is one of the fakes above."""
    runs, pulls, findings, log = FakeRuns(), FakePullRequests(), FakeFindings(), FakeEventLog()
    publications, silences, policies = FakePublications(), FakeSilences(), FakePolicyVersions()
    suggestions = FakeSuggestions(log)
    return Ledger(
        runs=runs,
        reviewed=runs,
        findings=findings,
        publications=publications,
        pulls=pulls,
        silences=silences,
        suggestions=suggestions,
        deliveries=FakeDeliveries(pulls),
        notes=FakeNotes(),
        events=log,
        policies=policies,
        forgetting=FakeForgetting(
            runs, findings, publications, pulls, silences, suggestions, log, policies
        ),
        close=lambda: None,
    )
