"""Boards over the fake ledger: they count what is in its dicts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.domain.board import (
    Board,
    FindingShown,
    FindingWanted,
    OutcomesBy,
    OutcomeTally,
    RepoShown,
    RunsBy,
    RunShown,
    RunTally,
    RunWanted,
    ToolTally,
    searched,
    total_cost,
)
from bot.domain.event_forms import outcomes_of
from bot.domain.findings import FindingState
from bot.domain.ledger import KnownFinding, PullKey, RunId, RunRecord
from bot.domain.outcomes import Outcome
from bot.domain.pull_records import Ledger
from bot.domain.record_json import load
from bot.domain.verdict import Conclusion, Cost, Verdict
from tests.fakes.ledger import FakeFindings, FakeRuns, FakeSuggestions


@dataclass
class FakeRunBoard:
    """Implements the port `RunBoard`."""

    runs: FakeRuns

    def page(self, wanted: RunWanted) -> Sequence[RunShown]:
        last = wanted.before
        shown = [
            run for run in self._all()
            if wanted.repo_id in (None, run.record.pull.repo_id)
            and wanted.conclusion in (None, run.conclusion)
            and not (wanted.is_open and run.conclusion)
            and (last is None or _key(run) < (last.started_at, last.run_id))
        ]  # fmt: skip
        return sorted(shown, key=_key, reverse=True)[: wanted.limit]

    def find(self, run_id: RunId) -> RunShown | None:
        return next((run for run in self._all() if run.record.run_id == run_id), None)

    def repos(self) -> Sequence[RepoShown]:
        by_repo: dict[int, list[RunShown]] = {}
        for run in sorted(self._all(), key=_key):
            by_repo.setdefault(run.record.pull.repo_id, []).append(run)
        found = [
            RepoShown(
                repo_id, runs[-1].record.repo, len(runs), sum(not r.conclusion for r in runs),
                runs[-1].record.started_at, total_cost(r.cost for r in runs),
            )
            for repo_id, runs in by_repo.items()
        ]  # fmt: skip
        return sorted(found, key=lambda repo: (repo.name, repo.repo_id))

    def tallies(self, by: RunsBy, *, since: datetime) -> Sequence[RunTally]:
        alike: dict[tuple[str, Conclusion | None], list[RunShown]] = {}
        for run in self._all():
            if run.record.started_at >= since:
                alike.setdefault((_name(run.record, by), run.conclusion), []).append(run)
        tallies = [
            RunTally(*key, len(runs), total_cost(r.cost for r in runs))
            for key, runs in alike.items()
        ]
        return sorted(tallies, key=lambda t: (t.name, t.conclusion or ""))

    def tools(self) -> Sequence[ToolTally]:
        steps = [step for found in self.runs.recorded.values() for step in found.values()]
        return [
            ToolTally(tool, n, sum(step.seconds for step in steps if step.tool == tool))
            for tool, n in sorted(Counter(step.tool for step in steps).items())
        ]

    def _all(self) -> list[RunShown]:
        return [self._shown(record) for record in self.runs.begun_runs.values()]

    def _shown(self, record: RunRecord) -> RunShown:
        ending = self.runs.endings.get(record.run_id)
        steps = len(self.runs.recorded.get(record.run_id, ()))
        if ending is None:
            return RunShown(record, steps)
        cost = _cost(ending.verdict)
        return RunShown(record, steps, ending.ended_at, ending.conclusion, cost)


@dataclass
class FakeFindingBoard:
    """Implements the port `FindingBoard`."""

    ledger: Ledger

    def page(self, wanted: FindingWanted) -> Sequence[FindingShown]:
        found = [
            self._shown(pull, known) for pull, known in self._all()
            if wanted.repo_id in (None, pull.repo_id)
            and wanted.state in (None, known.state)
            and wanted.rule in (None, searched(known.finding.rule))
        ]  # fmt: skip
        before = wanted.before
        if before is not None:
            last = (before.pull.repo_id, before.pull.number, before.finding_id)
            found = [one for one in found if _finding_key(one) < last]
        return sorted(found, key=_finding_key, reverse=True)[: wanted.limit]

    def states(self) -> Mapping[FindingState, int]:
        return Counter(known.state for _, known in self._all())

    def outcomes(self, by: OutcomesBy, *, since: datetime) -> Sequence[OutcomeTally]:
        known = dict(self._all_by_id())
        last: dict[str, tuple[int, datetime, Outcome]] = {}
        for numbered in self.ledger.events.after(0, limit=1 << 30):
            for record in outcomes_of([numbered]):
                at, repo_id = record.occurred_at, numbered.event.pull.repo_id
                last[record.suggestion] = (repo_id, at, record.verdict.outcome)
        counts: Counter[tuple[str, Outcome]] = Counter()
        for name, (repo_id, at, outcome) in last.items():
            rule, tool = self._source(name, known)
            day = f"{at.astimezone(UTC):%Y-%m-%d}"
            names = {
                OutcomesBy.ALL: "all", OutcomesBy.DAY: day, OutcomesBy.REPO: str(repo_id),
                OutcomesBy.RULE: rule, OutcomesBy.TOOL: tool,
            }  # fmt: skip
            counts[names[by], outcome] += at >= since
        return [OutcomeTally(*key, n) for key, n in sorted(counts.items()) if n]

    def _source(
        self, name: str, known: Mapping[tuple[PullKey, str], KnownFinding]
    ) -> tuple[str, str]:
        suggestions = self.ledger.suggestions
        assert isinstance(suggestions, FakeSuggestions)
        for pull, record in suggestions.by_id.values():
            if record.id == name:
                finding = known.get((pull, record.finding_id))
                rule = searched(finding.finding.rule) if finding else ""
                return rule, searched(record.source)
        return "", ""

    def _shown(self, pull: PullKey, known: KnownFinding) -> FindingShown:
        shown = [s for s in self.ledger.suggestions.shown(pull) if s.finding_id == known.id]
        if not shown:
            return FindingShown(pull, known)
        log = self.ledger.events.of_pull(pull)
        said = [o for o in outcomes_of(log) if o.suggestion == shown[-1].id]
        outcome = said[-1].verdict.outcome if said else None
        return FindingShown(pull, known, searched(shown[-1].source), outcome)

    def _all(self) -> list[tuple[PullKey, KnownFinding]]:
        findings = self.ledger.findings
        assert isinstance(findings, FakeFindings)
        return [(pull, one) for pull, many in findings.by_pull.items() for one in many.values()]

    def _all_by_id(self) -> list[tuple[tuple[PullKey, str], KnownFinding]]:
        return [((pull, known.id), known) for pull, known in self._all()]


def fake_board(ledger: Ledger) -> Board:
    """Return the boards over a fake ledger."""
    assert isinstance(ledger.runs, FakeRuns)
    return Board(FakeRunBoard(ledger.runs), FakeFindingBoard(ledger), lambda: None)


def _name(record: RunRecord, by: RunsBy) -> str:
    match by:
        case RunsBy.DAY:
            return f"{record.started_at.astimezone(UTC):%Y-%m-%d}"
        case RunsBy.REPO:
            return str(record.pull.repo_id)
        case RunsBy.KIND:
            return record.kind.value


def _cost(verdict: str) -> Cost | None:
    return load(Verdict, verdict).cost if verdict != "{}" else None


def _key(run: RunShown) -> tuple[datetime, str]:
    return (run.record.started_at, run.record.run_id)


def _finding_key(shown: FindingShown) -> tuple[int, int, str]:
    return (shown.pull.repo_id, shown.pull.number, shown.known.id)
