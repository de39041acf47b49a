"""Where the suggestions of a pull request come from: their patches and our commits, by records."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from bot.agent.service.desk import Desk
from bot.agent.state import Observation
from bot.domain.aftermath import CodeHistory, Stretch
from bot.domain.diff import Side
from bot.domain.findings import Finding, FindingId
from bot.domain.followed import Origin, patch_among, patch_of
from bot.domain.ledger import PullKey, RunId, RunRecord
from bot.domain.own_commits import fix_key, trailers
from bot.domain.pull_records import SuggestionRecord
from bot.domain.pull_request import Sha
from bot.domain.record_json import RecordUnreadable, load
from bot.errors import Refused

_EVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class OwnCommit:
    """A commit of ours on a branch, and the run that made it."""

    sha: Sha
    run: RunRecord


@dataclass
class Following:
    """The suggestions of one pull request, and what our records say of each."""

    desk: Desk
    pull: PullKey
    _seen: dict[RunId, tuple[Finding, ...]] = field(default_factory=dict)

    @cached_property
    def records(self) -> tuple[SuggestionRecord, ...]:
        """All suggestions, in the order in which they were shown."""
        return tuple(self.desk.records.suggestions.shown(self.pull))

    @cached_property
    def runs(self) -> Mapping[RunId, RunRecord]:
        """All runs, by id."""
        begun = self.desk.records.reviewed.begun(self.pull, since=_EVER)
        return {run.run_id: run for run in begun}

    @cached_property
    def findings(self) -> Mapping[FindingId, Finding]:
        """All findings that there ever were, by id."""
        return {k.id: k.finding for k in self.desk.records.findings.known(self.pull)}

    @cached_property
    def commits(self) -> tuple[OwnCommit, ...]:
        """Our commits on the branch, whether or not they are there still."""
        found = ((run, self._posted(fix_key(run.run_id))) for run in self.runs.values())
        return tuple(OwnCommit(Sha(sha), run) for run, sha in found if sha)

    def _posted(self, key: str) -> str:
        publication = self.desk.records.publications.find(key)
        return publication.external_id if publication is not None else ""

    def joined(self) -> list[tuple[SuggestionRecord, str, datetime]]:
        """Return the suggestions, each with the fingerprint of its finding and its time."""
        findings, runs = self.findings, self.runs
        return [
            (one, findings[one.finding_id].fingerprint, runs[one.run_id].started_at)
            for one in self.records
            if one.finding_id in findings and one.run_id in runs
        ]

    def shas(self) -> set[Sha]:
        """Return the commits that have to be known in order to tell what became of anything."""
        heads = {record.head_sha for record in self.records}
        bases = {run.head.merge_base_sha for run in self.runs.values()}
        return heads | bases | {commit.sha for commit in self.commits}

    def origins(self, history: CodeHistory) -> Iterator[Origin]:
        """Yield where each suggestion that stands on a line of the head comes from."""
        fixes = self._fixes(history)
        for record, fingerprint, at in self.joined():
            if record.side is not Side.RIGHT:
                continue
            fix = fixes.get(fingerprint)
            patch = patch_of(self._found(fix.run.run_id), fingerprint) if fix is not None else None
            if fix is not None and patch is not None:
                head = fix.run.head.head_sha
                yield Origin(record, fingerprint, at, patch, head, fix.sha)
                continue
            own = patch_among(
                self._found(record.run_id), record.id, pull=self.pull, head_sha=record.head_sha
            )
            yield Origin(record, fingerprint, at, own, record.head_sha)

    def _fixes(self, history: CodeHistory) -> dict[str, OwnCommit]:
        """Return our newest commit for each finding, by the fingerprints that it names."""
        found: dict[str, OwnCommit] = {}
        for commit in self.commits:
            before = commit.run.head.head_sha
            try:
                made = history.commits(Stretch(before, (commit.sha,)))
            except Refused:
                continue  # it was pushed away and is gone, and so is what it said
            for name in trailers(made[-1].message, "Pullwright-Suggestion") if made else ():
                found[name] = commit
        return found

    def _found(self, run: RunId) -> tuple[Finding, ...]:
        """Return what a run found, step by step; read once, for a run may show many."""
        if run not in self._seen:
            self._seen[run] = tuple(self._steps(run))
        return self._seen[run]

    def _steps(self, run: RunId) -> Iterator[Finding]:
        for step in self.desk.records.runs.steps(run):
            try:
                seen = load(Observation, step.observation)
            except RecordUnreadable:
                continue  # another version wrote it; what it said is lost, the run is not
            yield from seen.findings or ()
