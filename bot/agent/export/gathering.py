"""From the log to samples: the last word on each suggestion, and the run that still holds it.

What may not leave is left out at the first reason that is met, and counted under it. A repository
that said yes once and says no now is one that said no.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.agent.export.anonymous import Anonymiser, NotExported
from bot.agent.export.held import KeptRun
from bot.agent.replay.bundle import Bundle, Header
from bot.domain.event_forms import readable_outcomes, readable_signals
from bot.domain.event_log import EventLog, Numbered
from bot.domain.export import LEAST_CONTRIBUTORS, RETENTION, LeftOut, Sample
from bot.domain.ledger import PullKey
from bot.domain.outcomes import OutcomeRecord
from bot.domain.pull_records import Ledger, SuggestionId, SuggestionRecord
from bot.domain.record_json import RecordUnreadable
from bot.domain.rewriting import Rewritten, readable_rewrites
from bot.domain.signals import Standing
from bot.domain.unreadable import why_of
from bot.domain.untrusted import one_line
from bot.errors import Refused


class KeptRuns(Protocol):
    """The runs that are kept."""

    def has(self, run_id: str) -> bool:
        """Tell whether a run is kept, readable or not."""
        ...

    def load(self, run_id: str) -> Bundle:
        """Return a run; raises Refused for one that cannot be read."""
        ...

    def headers(self) -> Iterable[Header]:
        """Return what each readable run says of itself."""
        ...


@dataclass(frozen=True, slots=True)
class Wishes:
    """What may be exported."""

    since: datetime
    now: datetime
    least: float
    """The least confidence in an outcome."""
    licences: frozenset[str] = frozenset()
    agreed: frozenset[str] = frozenset()
    """Repositories whose owner agreed, as `owner/name` in lower case."""

    def has_agreed(self, repo: str) -> bool:
        """Tell whether the owner of a repository agreed to this export."""
        return repo.casefold() in self.agreed


@dataclass
class _People:
    """Who of a repository is known here, by number where they acted, by login where they wrote."""

    ids: set[int] = field(default_factory=set)
    logins: set[str] = field(default_factory=set)

    @property
    def count(self) -> int:
        """At least so many: a number and a login may be one person."""
        return max(len(self.ids), len(self.logins))


@dataclass(frozen=True, slots=True)
class _Decided:
    """A suggestion and the last word on it."""

    pull: PullKey
    became: OutcomeRecord


@dataclass
class Gathering:
    """One pass over the log."""

    ledger: Ledger
    kept: KeptRuns
    anonymiser: Anonymiser
    wishes: Wishes
    left_out: Counter[LeftOut] = field(default_factory=Counter)
    unreadable: list[str] = field(default_factory=list)
    """Rows of the ledger, by name and with what is wrong."""
    _people: dict[int, _People] = field(default_factory=dict)
    _newest: Mapping[str, str] = field(default_factory=dict)
    _opted: dict[str, bool] = field(default_factory=dict)
    _written: dict[SuggestionId, Rewritten] = field(default_factory=dict)
    """What was merged in the place of suggestions, where that was kept."""

    def samples(self) -> list[Sample]:
        """Return the samples, and leave why others are none in `left_out`."""
        self._newest = self._newest_runs()
        decided = self._decided()
        found: list[tuple[int, str, Sample]] = []
        for pull in sorted({d.pull for d in decided.values()}, key=lambda p: (p.repo_id, p.number)):
            found += self._of_pull(pull, [d.became for d in decided.values() if d.pull == pull])
        return [sample for repo_id, repo, sample in found if self._is_crowd(repo_id, repo)]

    def _of_pull(
        self, pull: PullKey, became: Iterable[OutcomeRecord]
    ) -> Iterator[tuple[int, str, Sample]]:
        opened: dict[str, KeptRun] = {}
        for outcome in became:
            try:
                record = self._wanted(pull, outcome)
                run = opened.get(record.run_id) or self._opened(pull, record)
                opened[record.run_id] = run
                self._check(run)
                written = self._written.get(record.id)
                sample = self.anonymiser.sample(run, record, outcome, written)
            except NotExported as error:
                self.left_out[error.reason] += 1
            else:
                yield pull.repo_id, run.bundle.change.repo, sample

    def _wanted(self, pull: PullKey, outcome: OutcomeRecord) -> SuggestionRecord:
        if outcome.occurred_at < self.wishes.since:
            raise NotExported(LeftOut.OLD)
        try:
            record = self.ledger.suggestions.find(pull, outcome.suggestion)
        except RecordUnreadable as error:
            self._name(f"suggestion {outcome.suggestion} ({why_of(error)})")
            raise NotExported(LeftOut.BAD_RECORD) from error
        if record is None:
            raise NotExported(LeftOut.NO_RECORD)
        return record

    def _opened(self, pull: PullKey, record: SuggestionRecord) -> KeptRun:
        try:
            is_kept = self.kept.has(record.run_id)
        except Refused as error:
            self._name(f"suggestion {record.id} ({error})")
            raise NotExported(LeftOut.BAD_RECORD) from error
        if not is_kept:
            raise NotExported(LeftOut.NO_RUN)
        try:
            run = KeptRun(self.kept.load(record.run_id), pull)
            _ = run.bundle.repo_config
        except Refused as error:
            raise NotExported(LeftOut.DAMAGED) from error
        author = run.bundle.change.author
        if author and not author.endswith("[bot]"):
            self._known(pull.repo_id).logins.add(author.casefold())
        return run

    def _check(self, run: KeptRun) -> None:
        """Raise NotExported where the repository, its licence or the retention says no."""
        bundle = run.bundle
        if self.wishes.now - bundle.at > RETENTION:
            raise NotExported(LeftOut.OLD)
        repo = bundle.change.repo
        if not (bundle.repo_config.learning.export and self._is_opted_in(repo)):
            raise NotExported(LeftOut.NO_OPT_IN)
        if not (run.licences & self.wishes.licences or self.wishes.has_agreed(repo)):
            raise NotExported(LeftOut.LICENCE)

    def _is_opted_in(self, repo: str) -> bool:
        """Tell what the configuration of the newest run says; one that nobody can read says no."""
        if repo not in self._opted:
            try:
                newest = self.kept.load(self._newest[repo.casefold()])
                self._opted[repo] = newest.repo_config.learning.export
            except (Refused, KeyError):
                self._opted[repo] = False
        return self._opted[repo]

    def _is_crowd(self, repo_id: int, repo: str) -> bool:
        is_crowd = self._known(repo_id).count >= LEAST_CONTRIBUTORS or self.wishes.has_agreed(repo)
        self.left_out[LeftOut.FEW_PEOPLE] += not is_crowd
        return is_crowd

    def _decided(self) -> dict[SuggestionId, _Decided]:
        """Return the last final outcome of each suggestion, as the log orders them."""
        decided: dict[SuggestionId, _Decided] = {}
        lost: set[str | None] = set()
        for page in pages(self.ledger.events):
            self._note(page)
            for numbered in page:
                outcomes = readable_outcomes([numbered])
                for became in outcomes.found:
                    if became.verdict.is_final:
                        decided[became.suggestion] = _Decided(numbered.event.pull, became)
                for each in outcomes.left_out:
                    self._name(f"event {each}")
                    self.left_out[LeftOut.BAD_EVENT] += 1
                    lost.add(each.suggestion)
        # Where a correction is lost, what it corrected must not count.
        return {name: each for name, each in decided.items() if name not in lost}

    def _note(self, page: Iterable[Numbered]) -> None:
        """Take in what people did and wrote besides the outcomes."""
        written = readable_rewrites(page)
        self._written |= {each.suggestion: each for each in written.found}
        for each in written.left_out:
            self._name(f"event {each}")
        for signal in readable_signals(page).found:
            # A stranger says something too, and is no contributor.
            if signal.by is not None and signal.by.standing in _OF_THE_REPOSITORY:
                self._known(signal.pull.repo_id).ids.add(signal.by.id)

    def _name(self, row: str) -> None:
        self.unreadable.append(one_line(row))

    def _newest_runs(self) -> dict[str, str]:
        ordered = sorted(self.kept.headers(), key=lambda header: header.at)
        return {header.repo.casefold(): header.run_id for header in ordered}

    def _known(self, repo_id: int) -> _People:
        return self._people.setdefault(repo_id, _People())


_OF_THE_REPOSITORY = (Standing.WRITER, Standing.AUTHOR)


def pages(log: EventLog) -> Iterator[list[Numbered]]:
    """Yield the whole log, page by page."""
    seq = 0
    while page := list(log.after(seq)):
        yield page
        seq = page[-1].seq
