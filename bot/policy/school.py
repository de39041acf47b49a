"""Learns from the ledger's log, tries what was learned at the gate, and takes back what fails.

Everything here may be done twice: weights are a function of the log, a version is stored once by
its hash, and what was decided is noted before it is acted on.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.domain.event_forms import Sifted
from bot.domain.event_log import EventLog, PolicyStatus, PolicyVersions
from bot.domain.event_log import PolicyVersion as Stored
from bot.domain.unreadable import EventUnreadable, Unreadable, refusal
from bot.errors import Refused
from bot.policy.choosing import (
    EPISODE_SETTINGS,
    FIXERS,
    FIXERS_BY_HAND,
    FIXERS_SETTINGS,
    PLACES,
    PLACES_SETTINGS,
    fixers_by,
    placing_by,
)
from bot.policy.credit import of_episodes, of_fixers
from bot.policy.event_log import DecisionLogged, Event
from bot.policy.gate import GateRecord, GateSettings, Incumbent, attempt, too_soon
from bot.policy.journal import (
    Drifted,
    Note,
    TakenBack,
    Trained,
    Tried,
    note_event,
    notes_of,
    readable_notes,
    statuses,
    versions,
)
from bot.policy.kept import Kept, read_kept
from bot.policy.learning import Learned, learn, rows_of
from bot.policy.ledger_log import Replayed, replayed
from bot.policy.promotion import NotPromoted, Record, Versions, reason_to_roll_back
from bot.policy.rewards import Rewarded, rewards
from bot.policy.training import trainer
from bot.policy.weights import WeightsUnreadable

ALGORITHM = "softmax-ucb"
EACH = 50
"""New rewards after which everything is learned anew."""
NIGHTLY = timedelta(days=1)
BROKEN = 2 * 0.2 - 1
"""The feature `quality` of a patch that broke a test: Q is at most .2 then."""


class NoPolicy(Refused):
    """A version was asked for that nobody stored, or that does not serve."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What was learned of each kind of decision from one log."""

    places: Learned
    episodes: Learned
    fixers: Learned
    events: tuple[Event, ...]
    seq: int
    """Of the last event."""
    left_out: tuple[Unreadable, ...] = ()
    """What could not be read: the same log leaves out the same, so its weights are the same."""

    @property
    def version(self) -> str:
        """The hash of the weights by which findings are placed."""
        return self.places.weights.version

    @property
    def made(self) -> tuple[DecisionLogged, ...]:
        """The decisions about places."""
        found = (event for event in self.events if isinstance(event, DecisionLogged))
        return tuple(each for each in found if each.layout_version == PLACES.version)


@dataclass(frozen=True, slots=True)
class Mending:
    """The weights of who mends first that a candidate brings, and why these."""

    blob: bytes
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Beside:
    """What is stored and said of a candidate beside its weights of places."""

    state: bytes
    told: tuple[str, ...]
    read: Replayed
    """What it was folded from."""


@dataclass(frozen=True)
class School:
    """Learning over one ledger."""

    events: EventLog
    policies: PolicyVersions
    now: Callable[[], datetime]
    seed: int = 0
    gate: GateSettings = field(default_factory=GateSettings)

    def notes(self) -> tuple[Note, ...]:
        """Return what was done so far; raises EventUnreadable."""
        return notes_of(self.events)

    def readable_notes(self) -> Sifted[Note]:
        """Return what is known of what was done so far."""
        return readable_notes(self.events)

    def versions(self) -> Versions:
        """Return who serves, and who did."""
        return versions(self.policies.all(), self.notes())

    def lesson(self, *, after: int = 0, upto: int | None = None) -> Lesson:
        """Learn from the log between two places in it; the same log gives the same bytes."""
        read = replayed(self.events, after=after, upto=upto)
        places = learn(read.events, PLACES_SETTINGS, self.seed)
        fixers = learn(of_fixers(read.events), FIXERS_SETTINGS, self.seed)
        episodes = self._episodes(read.events)
        return Lesson(places, episodes, fixers, read.events, read.seq, read.left_out)

    def _episodes(self, events: Sequence[Event]) -> Learned:
        told = of_episodes(events, EPISODE_SETTINGS.rewards)
        return learn(told, EPISODE_SETTINGS, self.seed)

    def store(self, lesson: Lesson) -> Stored:
        """Store what was learned as a shadow, and return what stands under its name.

        Raises EventUnreadable where a newer version wrote a part of the log: it is no damage that
        a few events are lost to, and whoever wrote it learns from all of it.
        """
        if newer := _newer(lesson.left_out):
            raise EventUnreadable(refusal(newer))
        weights = lesson.places.weights
        shadow = Stored(
            version=lesson.version,
            parent=self.versions().serving.version,
            algorithm=ALGORITHM,
            theta=weights.blob(),
            state=Kept(lesson.episodes.weights.blob(), lesson.fixers.weights.blob()).blob(),
            config_hash=weights.configuration,
            log_seq=lesson.seq,
            created_at=self.now(),
            status=PolicyStatus.SHADOW,
        )
        return self.policies.record(shadow)

    def train(self) -> Trained | None:
        """Learn anew where enough was said since the last time, and note it; else return None.

        A new alarm of drift is noted too: the past counts for less then, and nothing else happens.
        """
        lesson, notes = self.lesson(), self.notes()
        told = len(lesson.places.rewards.rewarded)
        last = next((n for n in reversed(notes) if isinstance(n, Trained)), None)
        if not _is_due(last, told, version=lesson.version, now=self.now()):
            return None
        self.store(lesson)
        alarms, now = lesson.places.drift.alarms, self.now()
        done = Trained(
            lesson.version,
            now,
            told,
            lesson.seq,
            phase=lesson.places.phase,
            alarms=alarms,
            left_out=len(lesson.left_out),
        )
        before = max((n.alarms for n in notes if isinstance(n, Drifted)), default=0)
        warned = [Drifted(now, alarms, told)] if alarms > before else []
        said: list[Note] = [done, *warned]
        self.events.append([note_event(note) for note in said])
        return done

    def why_no_attempt(self, rewarded: int) -> str | None:
        """Return why the gate may not be tried now, or None."""
        notes = self.readable_notes()
        if notes.left_out:
            return refusal(notes.left_out)
        if rewarded < self.gate.least_rows:
            return f"{rewarded} rewards of {self.gate.least_rows}"
        records = [note.record for note in notes.found if isinstance(note, Tried)]
        return too_soon(records, at=self.now(), rewards=rewarded, settings=self.gate)

    def attempt(self) -> Tried | str:
        """Try at the gate what the older half of the log teaches; return why not, where not."""
        read = replayed(self.events)
        rows = rows_of(rewards(read.events, PLACES_SETTINGS.rewards).rewarded, PLACES)
        if (reason := self.why_no_attempt(len(rows))) is not None:
            return reason
        if newer := _newer(read.left_out):
            return refusal(newer)
        known = self.versions()
        try:
            incumbent = placing_by(known.serving.blob)
        except WeightsUnreadable as error:
            return f"what serves cannot be compared with: {error}"
        kept: list[Learned] = []
        record = attempt(
            rows,
            trainer(read.events, PLACES_SETTINGS, self.seed, kept),
            Incumbent(known.serving.version, incumbent.probabilities),
            at=self.now(),
            settings=self.gate,
        )
        # No gate judges these, so nothing has to be held out: the whole log teaches them.
        tools = self._episodes(read.events).weights.blob()
        mending = self._mending(read.events, known) if record.is_promoted else Mending(b"")
        beside = Beside(Kept(tools, mending.blob).blob(), mending.told, read)
        return self._decide(record, kept[0], known, beside)

    def _mending(self, events: Sequence[Event], known: Versions) -> Mending:
        """Judge who mends first by itself: what does not pass stays as it serves now."""
        stored = self.policies.find(known.serving.version)
        try:
            now = read_kept(stored.state).fixers if stored is not None else b""
            incumbent = fixers_by(stored)
        except WeightsUnreadable:
            now, incumbent = b"", FIXERS_BY_HAND
        told = of_fixers(events)
        rows = rows_of(rewards(told, FIXERS_SETTINGS.rewards).rewarded, FIXERS)
        if len(rows) < self.gate.least_rows:
            said = f"who mends first stays: {len(rows)} rewards of {self.gate.least_rows}"
            return Mending(now, (said,))
        kept: list[Learned] = []
        record = attempt(
            rows,
            trainer(told, FIXERS_SETTINGS, self.seed, kept),
            Incumbent(incumbent.version, incumbent.probabilities),
            at=self.now(),
            settings=self.gate,
        )
        verdict = "changes" if record.is_promoted else "stays"
        why = tuple(f"who mends first {verdict}: {said}" for said in record.why)
        return Mending(kept[0].weights.blob() if record.is_promoted else now, why)

    def _decide(
        self, record: GateRecord, learned: Learned, known: Versions, beside: Beside
    ) -> Tried:
        """Store the candidate, note what the gate said, and let it serve where it passed."""
        weights = learned.weights
        blob, tried = weights.blob(), Tried.of(record, left_out=len(beside.read.left_out))
        tried = replace(tried, why=(*tried.why, *beside.told))
        if record.is_promoted:
            try:
                known.promoted(blob, record)
            except NotPromoted as error:
                tried = replace(tried, is_promoted=False, why=(str(error),))
        self.policies.record(
            Stored(
                version=record.candidate,
                parent=record.incumbent,
                algorithm=ALGORITHM,
                theta=blob,
                state=beside.state,
                config_hash=weights.configuration,
                log_seq=beside.read.seq,
                created_at=record.at,
                status=PolicyStatus.CANDIDATE,
            )
        )
        self.events.append([note_event(tried)])
        self.settle()
        return tried

    def settle(self) -> None:
        """Give each stored version the status that the notes say it has."""
        stored = self.policies.all()
        became = statuses(self.notes(), stored)
        for each in stored:
            wanted = became.get(each.version, each.status)
            if wanted is not each.status:
                self.policies.mark(each.version, wanted)

    def watch(self) -> TakenBack | None:
        """Take back what serves where it cannot be read any more, or is liked less than before."""
        known = self.versions()
        if known.parent is None:
            return None
        try:
            placing_by(known.serving.blob)
        except WeightsUnreadable as error:
            return self.take_back(known.serving.version, str(error))
        read = replayed(self.events)
        told = rewards(read.events, PLACES_SETTINGS.rewards).rewarded
        new, old = (
            record_of(version, told, read.events)
            for version in (known.serving.version, known.parent.version)
        )
        reason = reason_to_roll_back(new, old)
        return self.take_back(known.serving.version, reason) if reason is not None else None

    def take_back_here(self, version: str, reason: str, *, by: str, repo_id: int) -> TakenBack:
        """Let the parent of a version decide in one repository; the others keep what they have."""
        note = TakenBack(version, self.now(), reason, by, repo_id)
        self.events.append([note_event(note)])
        return note

    def take_back(self, version: str, reason: str, *, by: str = "") -> TakenBack:
        """Let the parent of what serves decide again, everywhere."""
        known = self.versions()
        if version != known.serving.version:
            raise NoPolicy(f"{version} does not serve; {known.serving.version} does")
        if known.parent is None:
            raise NoPolicy(f"{version} has no parent to go back to")
        note = TakenBack(version, self.now(), reason, by)
        self.events.append([note_event(note)])
        self.settle()
        return note

    def named(self, name: str) -> Stored:
        """Return a stored version by the beginning of its name; raises NoPolicy."""
        found = [each for each in self.policies.all() if each.version.startswith(name)]
        if len(found) != 1 or not name:
            count = "no" if not found else f"{len(found)}"
            raise NoPolicy(f"{count} stored policy begins with {name}: `pullwright policy show`")
        return found[0]


def _newer(left_out: Iterable[Unreadable]) -> tuple[Unreadable, ...]:
    return tuple(each for each in left_out if each.is_newer)


def record_of(version: str, told: Sequence[Rewarded], events: Iterable[Event]) -> Record:
    """Return what became of the findings that a version placed."""
    own = [each for each in told if _is_placed_by(each.decision, version)]
    made = [e for e in events if isinstance(e, DecisionLogged) and _is_placed_by(e, version)]
    broken = {_run(each) for each in made if _has_broken(each)}
    return Record(
        rewards=len(own),
        total=sum(each.reward for each in own),
        squares=sum(each.reward**2 for each in own),
        unwanted=sum(each.is_unwanted for each in own),
        runs=len({_run(each) for each in made}),
        broken=len(broken),
    )


def _run(made: DecisionLogged) -> str:
    return made.decision_id.partition(".")[0]


def _is_placed_by(made: DecisionLogged, version: str) -> bool:
    return made.policy_version == version and made.layout_version == PLACES.version


def _has_broken(made: DecisionLogged) -> bool:
    column = PLACES.places["quality"]
    return any(row[column] <= BROKEN + 1e-9 for row in made.features)


def _is_due(last: Trained | None, told: int, *, version: str, now: datetime) -> bool:
    """Tell whether enough was said; a night later, whatever was said or corrected is enough."""
    if last is None:
        return told > 0
    is_late = now - last.at >= NIGHTLY
    return version != last.version and (told - last.rewards >= EACH or is_late)
