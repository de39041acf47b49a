"""`repair`: search for a small edit that makes the red tests pass; no model is needed.

What it finds is a suggestion like any other: `verify` proves it with the whole suite, or not. A
repair takes the place of a revert, which gives the author's work up.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Protocol

from bot.agent.attempt import (
    SOURCE,
    Ask,
    Attempt,
    Ground,
    MoreGenerators,
    attempt,
    nobody,
    unasked,
)
from bot.agent.patience import Patient
from bot.agent.state import Observation, State
from bot.agent.suspicion import spoken_lines
from bot.agent.tools.test import RED_TEST, REGRESSION, Test, red_finding
from bot.domain import mending
from bot.domain.evidence import Grade
from bot.domain.findings import Doubt, Finding
from bot.domain.model import NOTHING
from bot.domain.ports import Clock
from bot.errors import Interrupted, Refused
from bot.policy.features import Features, cost
from bot.repair.candidates import Spectrum, Validator
from bot.repair.localise import spoken
from bot.repair.search import Budget, Progress, Watch, silent

CPU_SECONDS = 60.0
"""Of a search where nobody names another budget."""


class Bench(Protocol):
    """An open sandbox in which candidates for the head are tried."""

    @property
    def validator(self) -> Validator:
        """Tries them."""
        ...

    @property
    def spectrum(self) -> Spectrum:
        """Which test reaches what at the head."""
        ...

    @property
    def patience(self) -> int:
        """How many more candidates are worth their time after the first one that passes."""
        ...

    @property
    def at_once(self) -> int:
        """How many candidates make a first batch; Ctrl-C loses no more than the one that runs."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What is worth knowing of how they are tried."""
        ...

    def texts(self, paths: Iterable[str]) -> Mapping[str, str]:
        """Return the head's text of those of these files that it has."""
        ...


OpenBench = Callable[[State], AbstractContextManager[Bench]]


@dataclass(frozen=True)
class Wish:
    """What the person asked of the search."""

    budget: Budget = field(default_factory=lambda: Budget(CPU_SECONDS))
    failing: frozenset[str] = frozenset()
    """Only these tests are to be mended, also where they fail at the merge base; none named means
    all that this change made red."""
    progress: Progress = silent


class Repair:
    """Tries once per run, after what is cheaper and before a model is asked."""

    name = SOURCE

    def __init__(
        self,
        open_bench: OpenBench,
        clock: Clock,
        wish: Wish = Wish(),
        more: MoreGenerators = nobody,
        ask: Ask = unasked,
    ) -> None:
        self._open_bench = open_bench
        self._clock = clock
        self._wish = wish
        self._more = more
        self._ask = ask

    def is_eligible(self, state: State) -> bool:
        # Not by what the person wished: a stored run is played again without that.
        is_ready = Test.name in state.tools_run and self.name not in state.tools_run
        return is_ready and bool(_broken(state) or _old_red(state))

    def features(self, state: State) -> Features:
        # After the hunk is found that broke it, and before anybody proves the revert of that.
        return {"fixable": 0.75 if _broken(state) else 0.25, "seconds": cost(20)}

    def run(self, state: State) -> Observation:
        work = self._work(state)
        if not work.tasks:
            said = "; ".join(work.notes) or "no red test is left to mend"
            return Observation(said, notes=work.notes)
        started = self._clock.seconds()
        try:
            with self._open_bench(state) as bench:
                attempts = self._attempts(bench, state, work.tasks)
                notes = (*work.notes, *bench.notes)
        except Refused as error:
            said = mending.not_searched(str(error))
            return Observation(said, notes=(*work.notes, said))
        except Interrupted:
            return Observation(mending.STOPPED, notes=(*work.notes, mending.STOPPED))
        return _told(state, attempts, notes, seconds=self._clock.seconds() - started)

    def _work(self, state: State) -> "_Work":
        """Return what is to be mended, and why what is red beside that is not."""
        wanted, report = self._wish.failing, state.head_tests
        broken = _broken(state)
        tasks = [(f, tuple(t for t in f.evidence if not wanted or t in wanted)) for f in broken]
        notes: list[str] = []
        old = _old_red(state)
        named = tuple(test for test in old if test in wanted)
        if named and report is not None:
            finding = red_finding(RED_TEST, named, report.messages)
            tasks.append((replace(finding, title=mending.old_red_title(named)), named))
        elif old and not wanted:
            notes.append(mending.red_before(old))
        if report is not None:
            notes += [mending.not_red(t, report) for t in sorted(wanted - report.red)]
            why = {tests: mending.no_use(tests, report) for _, tests in tasks if tests}
            notes += [said for said in why.values() if said]
            tasks = [(f, tests) for f, tests in tasks if not why.get(tests)]
        return _Work(tuple(task for task in tasks if task[1]), tuple(notes))

    def _attempts(
        self, bench: Bench, state: State, tasks: Sequence[tuple[Finding, tuple[str, ...]]]
    ) -> list[Attempt]:
        made: list[Attempt] = []
        started = self._clock.seconds()
        for number, (finding, wanted) in enumerate(tasks):
            used, waiting = self._clock.seconds() - started, len(tasks) - number
            validator = Patient(bench.validator, patience=bench.patience)
            watch = Watch(self._wish.progress, self._clock.seconds)
            ground = Ground(bench.spectrum, validator, bench.texts, self._more, self._ask, watch)
            budget = self._budget(state, bench, used=used, waiting=waiting)
            made += attempt(ground, state, finding, wanted=wanted, budget=budget)
            if validator.is_interrupted:
                break
        return made

    def _budget(self, state: State, bench: Bench, *, used: float, waiting: int) -> Budget:
        """Return the share of one of the findings that wait; half of the run is for the proof."""
        wished = self._wish.budget
        seconds = (min(wished.cpu_seconds, state.seconds_left / 2) - used) / waiting
        return replace(
            wished,
            cpu_seconds=max(1.0, seconds),
            batch=min(wished.batch, bench.at_once),
            largest_batch=min(wished.largest_batch, 16 * bench.at_once),
        )


@dataclass(frozen=True)
class _Work:
    tasks: tuple[tuple[Finding, tuple[str, ...]], ...]
    notes: tuple[str, ...]


def _told(
    state: State, attempts: Sequence[Attempt], notes: Sequence[str], *, seconds: float
) -> Observation:
    """Return what all attempts came to."""
    attempts = [replace(a, mended=_doubted(a)) for a in attempts]
    mended = [a for a in attempts if a.mended is not None]
    tried = sum(a.found.tried for a in attempts)
    passing = sum(len(a.found.plausible) for a in attempts)
    said = mending.repaired(tried, passing, seconds=seconds) if mended else mending.no_repair(tried)
    ranked = next((a.ranked for a in attempts if a.ranked), ())
    return Observation(
        f"{said}; {mending.suspected(spoken(ranked, most=3))}",
        findings=tuple(_findings(state, attempts)),
        divided=tuple(_divided(attempts)),
        notes=(*notes, *dict.fromkeys(n for a in attempts for n in _notes(a))),
        spending=sum((a.spending for a in attempts), NOTHING),
        suspects=spoken_lines(ranked),
        head={path: data for a in attempts for path, data in a.contents.items()},
    )


def _findings(state: State, attempts: Sequence[Attempt]) -> Iterator[Finding]:
    """Yield all findings; one that turned out to be several bugs is told as these."""
    about: dict[int, list[Finding]] = {}
    for made in attempts:
        told = made.mended or (made.finding if made.is_part else made.origin)
        about.setdefault(id(made.origin), []).append(told)
    for finding in state.findings:
        yield from about.pop(id(finding), [finding])
    for rest in about.values():
        yield from rest


def _divided(attempts: Sequence[Attempt]) -> Iterator[str]:
    """Yield what came of another finding: of several bugs, all but the first."""
    known: set[int] = set()
    for made in attempts:
        if made.is_part and id(made.origin) in known:
            yield (made.mended or made.finding).fingerprint
        known.add(id(made.origin))


def _doubted(made: Attempt) -> Finding | None:
    """Return the mended finding with the reason why a person chooses, where one has to."""
    if made.mended is None or made.mended.suggestion is None:
        return made.mended
    ranking = made.ranking
    reasons = (
        (ranking.is_ambiguous and not ranking.is_compared, Doubt.NOT_COMPARED),
        (ranking.is_ambiguous, Doubt.ANOTHER_MEANING),
        (ranking.is_hiding, Doubt.HIDES_NAME),
        (ranking.is_far_fetched, Doubt.TWO_CHANGES),
    )
    doubt = next((doubt for is_so, doubt in reasons if is_so), Doubt.ANOTHER_MEANING)
    return replace(made.mended, suggestion=replace(made.mended.suggestion, doubt=doubt))


def _notes(made: Attempt) -> Iterator[str]:
    """Yield what a reader must know of one attempt."""
    yield from (note for note in (made.model_note, _outcome(made)) if note)


def _outcome(made: Attempt) -> str:
    title, places = made.finding.title, [f"{s.path}:{s.line}" for s in made.ranked[:3]]
    if made.mended is not None:
        return _doubt_of(title, made.mended)
    if not made.targets:
        return mending.passes_here(title)
    if not made.ranked:
        return mending.nowhere(title)
    return mending.unrepaired(title, made.found.tried, places, is_spent=made.is_spent)


def _doubt_of(title: str, mended: Finding) -> str:
    suggestion = mended.suggestion
    if suggestion is None or not suggestion.is_ambiguous:
        return ""
    match suggestion.doubt:
        case Doubt.NOT_COMPARED:
            return mending.not_compared(title)
        case Doubt.HIDES_NAME:
            return mending.hiding(title)
        case Doubt.TWO_CHANGES:
            return mending.far_fetched(title)
        case Doubt.ANOTHER_MEANING:
            return mending.ambiguous(title, suggestion)


def _broken(state: State) -> list[Finding]:
    """Return findings of red tests that have no proved mend, regressions first."""
    return [f for f in state.findings if f.rule in (REGRESSION, RED_TEST) and not _is_mended(f)]


def _old_red(state: State) -> tuple[str, ...]:
    """Return tests that are red at head and that no finding is about."""
    report = state.head_tests
    if report is None or not report.is_evidence:
        return ()
    told = {test for finding in state.findings for test in finding.evidence}
    return tuple(sorted(report.red - told))


def _is_mended(finding: Finding) -> bool:
    suggestion = finding.suggestion
    if suggestion is None or suggestion.proof is None or suggestion.source == "bisect":
        return False
    return suggestion.proof.grade is Grade.PROVED
