"""What a repository turned down, folded from its log; and what of a review is therefore quieter.

A pure function of the set of events. Nothing else is stored: who reads the log again, in whatever
order it came, finds the same rules quiet for the same reasons.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain import likeness
from bot.domain.event_forms import OUTCOME, Observed, sifted
from bot.domain.event_log import EventSource, LoggedEvent, Numbered
from bot.domain.findings import Category, Finding
from bot.domain.ledger import PullKey
from bot.domain.likeness import Vote
from bot.domain.markdown import code
from bot.domain.outcomes import Outcome, OutcomeRecord, Verdict
from bot.domain.pull_records import SuggestionId
from bot.domain.quiet import (
    UNWANTED,
    Loudness,
    Quieting,
    Source,
    Step,
    Tally,
    loudness,
    said_of,
    step,
)
from bot.domain.record_json import dump, load
from bot.domain.signals import event_id
from bot.domain.unreadable import Unreadable

DESCRIBED, UNMUTED = "described", "unmuted"
KINDS = (OUTCOME, DESCRIBED, UNMUTED)
"""What the fold reads of a repository's log."""
MOST_PER_DAY = 20
"""Outcomes of one person that count: who turns down more in a day is not a whole repository."""
VOTES_KEPT = 300
"""The newest ones: likeness is asked of each for every finding."""
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Described:
    """What a suggestion was about; its words cannot be read back."""

    suggestion: SuggestionId
    tool: str
    rule: str
    vector: Mapping[int, float] = field(default_factory=dict)
    """Only of what a person made something of: it is large, and nobody else votes."""


@dataclass(frozen=True, slots=True)
class Unmuted:
    """A person wants to hear of a rule, or of a tool, again."""

    word: str
    """The rule or the tool."""
    by: int


def vector_of(finding: Finding) -> likeness.Vector:
    """Return a finding as a point."""
    text = f"{finding.title}\n{finding.snippet}"
    return likeness.vector(rule=finding.rule, path=finding.location.path, text=text)


def described_event(
    pull: PullKey,
    suggestion: SuggestionId,
    finding: Finding,
    observed: Observed,
    *,
    has_voter: bool,
) -> LoggedEvent:
    """Return what a suggestion was about as the log keeps it."""
    weights = vector_of(finding) if has_voter else {}
    vector = {bucket: round(weight, _DIGITS) for bucket, weight in weights.items()}
    body = Described(suggestion, finding.source, finding.rule, vector)
    return LoggedEvent(
        event_id(DESCRIBED, suggestion, has_voter),
        DESCRIBED,
        pull,
        observed.at,
        observed.at,
        source=observed.source,
        body=dump(body),
        suggestion=suggestion,
        delivery=observed.delivery,
    )


def unmuted_event(pull: PullKey, word: str, *, by: int, job: str, at: datetime) -> LoggedEvent:
    """Return a person's word as the log keeps it; a job has the same id in every attempt."""
    body = dump(Unmuted(word, by))
    return LoggedEvent(
        event_id(UNMUTED, job), UNMUTED, pull, at, at, source=EventSource.COMMAND, body=body
    )


@dataclass(frozen=True, slots=True)
class RepoQuiet:
    """How loud the rules of one repository are, and what its people turned down."""

    repo_id: int
    levels: Mapping[Source, Quieting] = field(default_factory=dict)
    steps: Mapping[Source, Step] = field(default_factory=dict)
    """The last change of each, for its figures."""
    votes: Sequence[Vote] = ()
    left_out: tuple[Unreadable, ...] = ()
    """Events that could not be read: their suggestions count for nothing here."""

    def hush(self, finding: Finding) -> "Hush":
        """Return how quiet a finding is to be."""
        source = Source(self.repo_id, finding.source, finding.rule)
        how = loudness(source, finding.category, self.levels)
        is_pinned = self.levels.get(source, Quieting()).is_pinned
        if how is Loudness.INLINE and not is_pinned and self._is_held_back(finding):
            return Hush.HELD_BACK
        return _HUSHES[how]

    def cause(self, finding: Finding) -> Step | None:
        """Return the step by which a finding became quieter: that of its rule, or of its tool."""
        source = Source(self.repo_id, finding.source, finding.rule)
        quieted = [s for s in (source, source.of_tool) if self._level(s) is not Loudness.INLINE]
        steps = [self.steps[s] for s in quieted if s in self.steps]
        return max(steps, key=lambda made: list(Loudness).index(made.after), default=None)

    def named(self, word: str) -> tuple[Source, ...]:
        """Return what is quieter under the name of a rule or a tool."""
        found = (s for s in self.levels if word in (s.rule, s.tool if not s.rule else ""))
        return tuple(sorted(s for s in found if self._level(s) is not Loudness.INLINE))

    def knows(self, word: str) -> bool:
        """Tell whether people turned down a finding of this rule or tool."""
        return any(word in (source.rule, source.tool) for source in self.levels)

    def _level(self, source: Source) -> Loudness:
        return self.levels.get(source, Quieting()).loudness

    def _is_held_back(self, finding: Finding) -> bool:
        if not self.votes or finding.category is Category.SECURITY:
            return False
        vector = vector_of(finding)
        return likeness.is_held_back(vector, finding.category, self.votes, repo_id=self.repo_id)


class Hush(StrEnum):
    """How quiet one finding of a review is."""

    NONE = "none"
    SUMMARY = "summary"
    MUTED = "muted"
    HELD_BACK = "held back"

    @property
    def is_silent(self) -> bool:
        """It is counted, and not shown."""
        return self in (Hush.MUTED, Hush.HELD_BACK)


_HUSHES = {
    Loudness.INLINE: Hush.NONE,
    Loudness.SUMMARY: Hush.SUMMARY,
    Loudness.MUTED: Hush.MUTED,
}


def folded(repo_id: int, log: Iterable[Numbered]) -> RepoQuiet:
    """Fold a repository's log; events of other kinds say nothing here."""
    read = sifted(log, KINDS, _read)
    lost = {each.suggestion for each in read.left_out if each.suggestion}
    by_id = {event.event_id: (event, body) for event, body in read.found}
    ordered = sorted(by_id.values(), key=lambda pair: (pair[0].occurred_at, pair[0].event_id))
    bodies = [body for event, body in ordered if event.suggestion not in lost]
    about: dict[SuggestionId, Described] = {}
    for body in bodies:
        if isinstance(body, Described) and (body.vector or body.suggestion not in about):
            about[body.suggestion] = body
    fold = _Fold(repo_id, about)
    for body in bodies:
        match body:
            case OutcomeRecord():
                fold.take(body)
            case Unmuted(word):
                fold.pin(word)
            case _:
                pass
    return RepoQuiet(repo_id, fold.levels, fold.steps, fold.votes(), read.left_out)


def _read(event: LoggedEvent) -> tuple[LoggedEvent, OutcomeRecord | Described | Unmuted]:
    return event, load(_FORMS[event.kind], event.body)


_FORMS: Mapping[str, type[OutcomeRecord] | type[Described] | type[Unmuted]] = {
    OUTCOME: OutcomeRecord,
    DESCRIBED: Described,
    UNMUTED: Unmuted,
}


class _Fold:
    """The state between two events."""

    def __init__(self, repo_id: int, about: Mapping[SuggestionId, Described]) -> None:
        self._repo_id = repo_id
        self._about = about
        self._verdicts: dict[SuggestionId, Verdict] = {}
        self._tallies: dict[Source, Tally] = {}
        self._taught: Counter[tuple[int, int]] = Counter()
        self.levels: dict[Source, Quieting] = {}
        self.steps: dict[Source, Step] = {}

    def take(self, record: OutcomeRecord) -> None:
        """Count an outcome; a correction takes the place of the one before."""
        about, verdict = self._about.get(record.suggestion), record.verdict
        if about is None or not verdict.is_final or self._is_flood(record):
            return
        before = self._verdicts.pop(record.suggestion, None)
        self._verdicts[record.suggestion] = verdict
        rule = Source(self._repo_id, about.tool, about.rule)
        for source in dict.fromkeys((rule, rule.of_tool)):
            tally = self._tallies.get(source, Tally())
            if before is not None:
                tally = tally.without_one(before.outcome)
            self._tallies[source] = tally.with_one(verdict.outcome)
            self._judge(source)

    def pin(self, word: str) -> None:
        """Let a rule, or a tool, be heard next to the code whatever the figures say."""
        for source, tally in self._tallies.items():
            if word == (source.rule or source.tool):
                self.levels[source] = Quieting(Loudness.INLINE, tally, is_pinned=True)

    def votes(self) -> tuple[Vote, ...]:
        """Return what single people made of findings, the newest of many."""
        found = [
            Vote(self._about[name].vector, v.by, v.outcome in UNWANTED, self._repo_id)
            for name, v in self._verdicts.items()
            if v.by is not None and v.outcome is not Outcome.CENSORED and self._about[name].vector
        ]
        return tuple(found[-VOTES_KEPT:])

    def _judge(self, source: Source) -> None:
        tally = self._tallies[source]
        made = step(source, self.levels.setdefault(source, Quieting()), tally)
        if made is not None:
            self.levels[source] = Quieting(made.after, tally)
            self.steps[source] = made

    def _is_flood(self, record: OutcomeRecord) -> bool:
        if record.verdict.by is None or record.is_correction:
            return False
        day = (record.verdict.by, int(record.occurred_at.timestamp() // 86_400))
        self._taught[day] += 1
        return self._taught[day] > MOST_PER_DAY


@dataclass(frozen=True, slots=True)
class Quieted:
    """A finding that is quieter than others, and by which figures."""

    finding: Finding
    how: Hush
    cause: Step | None = None


def quieted(review: Iterable[Finding], quiet: RepoQuiet) -> tuple[Quieted, ...]:
    """Return the findings of a review that are quieter here than elsewhere."""
    found = (Quieted(one, quiet.hush(one), quiet.cause(one)) for one in review)
    return tuple(one for one in found if one.how is not Hush.NONE)


SUMMARY_ONLY = "findings like it were turned down here often, so it is in the summary only"


def said_of_quieted(found: Iterable[Quieted], trigger: str) -> tuple[str, ...]:
    """Say what is quieter in a review, why, and how to have it back; one line for each reason."""
    groups: dict[tuple[Hush, Source | None, str], list[Finding]] = {}
    causes: dict[Source, Step] = {}
    for one in found:
        cause = None if one.how is Hush.HELD_BACK else one.cause
        if cause is not None:
            causes[cause.source] = cause
        source, rule = (cause.source, "") if cause is not None else (None, one.finding.rule)
        groups.setdefault((one.how, source, rule), []).append(one.finding)
    lines = []
    for (_, source, rule), findings in groups.items():
        count = "1 finding" if len(findings) == 1 else f"{len(findings)} findings"
        if source is None:
            why = "three people turned down findings like it"
            lines.append(f"Held back: {count} of {code(rule)}: {why}. {_undo(rule, trigger)}")
        else:
            undo = _undo(source.rule or source.tool, trigger)
            lines.append(f"Quieted: {count}. {said_of(causes[source])} {undo}")
    return tuple(lines)


def listed(quiet: RepoQuiet, trigger: str) -> tuple[str, ...]:
    """Return a line for each rule and tool that is quieter here, or that a person unmuted."""
    lines = []
    for source, level in sorted(quiet.levels.items()):
        word = source.rule or source.tool
        if level.is_pinned:
            lines.append(f"{code(word)} is shown next to the code: somebody unmuted it.")
        elif level.loudness is not Loudness.INLINE:
            lines.append(f"{said_of(quiet.steps[source])} {_undo(word, trigger)}")
    return tuple(lines)


def _undo(word: str, trigger: str) -> str:
    return f"{code(f'{trigger} unmute {word}')} has them back next to the code."
