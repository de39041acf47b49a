"""`repair`: search for a small edit that makes the red tests pass; no model is needed.

What it finds is a suggestion like any other: `verify` proves it with the whole suite, or not. A
repair takes the place of a revert, which gives the author's work up.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Protocol

from bot.agent.state import Observation, State
from bot.agent.tools.test import RED_TEST, REGRESSION, Test
from bot.domain import mending
from bot.domain.edits import EditRefused, Patch, edits_between
from bot.domain.evidence import Grade
from bot.domain.findings import Finding, Location, Suggestion
from bot.domain.gaming import refusal
from bot.domain.ports import Clock
from bot.domain.test_files import is_test_file
from bot.errors import Refused
from bot.policy.features import Features, cost
from bot.repair.candidates import Candidate, Spectrum, Validator
from bot.repair.generator import Generator, Templates
from bot.repair.ingredients import Hints, diff_hints
from bot.repair.localise import Changed, Suspect, spoken, suspects
from bot.repair.ranking import Ranking, rank
from bot.repair.search import Aim, Budget, Found, Plausible, Progress, Search, Watch, silent
from bot.repair.source import applied

_MOST_CHECKED = 500
"""Green tests that a candidate may not break; `verify` runs the whole suite afterwards."""
_BEHAVIOUR_SECONDS = 5.0
_SHOWN_AT_MOST = 30


class Bench(Protocol):
    """An open sandbox in which candidates for the head are tried."""

    @property
    def validator(self) -> Validator:
        """Tries them."""
        ...

    def texts(self, paths: Iterable[str]) -> dict[str, str]:
        """Return the head's text of those of these files that it has."""
        ...


OpenBench = Callable[[State], AbstractContextManager[Bench]]


@dataclass(frozen=True)
class Lead:
    """What is known when candidates are to be proposed."""

    state: State
    finding: Finding
    texts: Mapping[str, str]
    """The head's files with a suspicious line, by path."""
    ranked: Sequence[Suspect]


MoreGenerators = Callable[[Lead], Sequence[Generator]]
"""Who else proposes: a parser of another language, a model where there is one."""


def nobody(_lead: Lead) -> Sequence[Generator]:
    """Propose nothing beside the templates."""
    return ()


@dataclass(frozen=True)
class Wish:
    """What the person asked of the search."""

    budget: Budget = field(default_factory=Budget)
    failing: frozenset[str] = frozenset()
    """Only these tests are to be mended; none named means all that are red."""
    progress: Progress = silent


class Repair:
    """Tries once per run, after what is cheaper and before a model is asked."""

    name = "repair"

    def __init__(
        self,
        open_bench: OpenBench,
        clock: Clock,
        wish: Wish = Wish(),
        more: MoreGenerators = nobody,
    ) -> None:
        self._open_bench = open_bench
        self._clock = clock
        self._wish = wish
        self._more = more

    def is_eligible(self, state: State) -> bool:
        is_ready = Test.name in state.tools_run and not state.unproved
        return self.name not in state.tools_run and is_ready and bool(self._broken(state))

    def features(self, state: State) -> Features:
        return {"fixable": 0.5 if self._broken(state) else 0.0, "seconds": cost(20)}

    def _broken(self, state: State) -> list[Finding]:
        """Return findings of red tests that have no proved mend, regressions first."""
        found = [
            f for f in state.findings if f.rule in (REGRESSION, RED_TEST) and not _is_mended(f)
        ]
        return [f for f in found if not self._wish.failing or self._targets(f)]

    def _targets(self, finding: Finding) -> tuple[str, ...]:
        wanted = self._wish.failing
        return tuple(t for t in finding.evidence if not wanted or t in wanted)

    def run(self, state: State) -> Observation:
        started = self._clock.seconds()
        try:
            with self._open_bench(state) as bench:
                attempts = [self._attempt(bench, state, f) for f in self._broken(state)]
        except Refused as error:
            return Observation(str(error), notes=(str(error),))
        mended = {id(a.finding): a.mended for a in attempts if a.mended is not None}
        seconds = self._clock.seconds() - started
        tried, plausible = sum(a.tried for a in attempts), sum(a.plausible for a in attempts)
        said = (
            mending.repaired(tried, plausible, seconds=seconds)
            if mended
            else mending.no_repair(tried)
        )
        places = mending.suspected(attempts[0].places if attempts else ())
        return Observation(
            f"{said}; {places}",
            findings=tuple(mended.get(id(f), f) for f in state.findings),
            notes=tuple(note for a in attempts if (note := a.note)),
        )

    def _attempt(self, bench: Bench, state: State, finding: Finding) -> "_Attempt":
        spectrum = bench.validator.spectrum(())
        aim = _aim(spectrum, self._targets(finding))
        ranked = _suspects(spectrum, aim, state)
        if not aim.targets or not ranked:
            return _Attempt(finding, places=spoken(ranked, most=3))
        texts = bench.texts(dict.fromkeys(suspect.path for suspect in ranked))
        templates = Templates(texts, ranked, _hints(state, finding))
        generators = [templates, *self._more(Lead(state, finding, texts, ranked))]
        budget = self._budget(state)
        search = Search(
            bench.validator,
            generators,
            texts,
            budget,
            watch=Watch(self._wish.progress, self._clock.seconds),
        )
        found = search.run(aim)
        ranking = _ranking(bench.validator, found, texts, aim, state)
        return _Attempt(
            finding,
            tried=found.tried,
            plausible=len(found.plausible),
            ranking=ranking,
            mended=_mended(finding, ranking, texts),
            places=spoken(ranked, most=3),
        )

    def _budget(self, state: State) -> Budget:
        """Leave time for the proof."""
        seconds = min(self._wish.budget.cpu_seconds, state.seconds_left / 2)
        return replace(self._wish.budget, cpu_seconds=max(1.0, seconds))


@dataclass(frozen=True)
class _Attempt:
    finding: Finding
    tried: int = 0
    plausible: int = 0
    ranking: Ranking = field(default_factory=lambda: Ranking(()))
    mended: Finding | None = None
    places: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """What a reader must know of the repair, or nothing."""
        if self.mended is None or not self.ranking.is_ambiguous:
            return ""
        return mending.ambiguous(self.finding.title, self.ranking.distinguishing_input)


def _is_mended(finding: Finding) -> bool:
    suggestion = finding.suggestion
    if suggestion is None or suggestion.proof is None or suggestion.source == "bisect":
        return False
    return suggestion.proof.grade is Grade.PROVED


def _aim(spectrum: Spectrum, wanted: Sequence[str]) -> Aim:
    targets = tuple(test for test in wanted if test in spectrum.red)
    reached = _reached_with(spectrum, frozenset(targets))
    checked = sorted(spectrum.green, key=lambda test: (test not in reached, test))
    return Aim(targets, tuple(checked[:_MOST_CHECKED]))


def _reached_with(spectrum: Spectrum, targets: frozenset[str]) -> frozenset[str]:
    """Return tests that share a line with a target: those a candidate is most likely to break."""
    rows = (tests for lines in spectrum.reach.values() for tests in lines.values())
    return frozenset(test for tests in rows if tests & targets for test in tests)


def _suspects(spectrum: Spectrum, aim: Aim, state: State) -> tuple[Suspect, ...]:
    own = replace(spectrum, red=frozenset(aim.targets))
    ranked = suspects(own, _changed(state))
    return tuple(s for s in ranked if not is_test_file(s.path))


def _changed(state: State) -> Changed:
    """Return the lines that the pull request added."""
    return {
        file.path: frozenset(
            line.new_number
            for hunk in file.hunks
            for line in hunk.lines
            if line.new_number is not None and line.old_number is None
        )
        for file in state.diff.files
    }


def _hints(state: State, finding: Finding) -> Hints:
    lines = (
        line.text
        for file in state.diff.files
        if file.path.endswith(".py") and not is_test_file(file.path)
        for hunk in file.hunks
        for line in hunk.lines
        if line.old_number is None or line.new_number is None
    )
    report = state.head_tests
    said = [report.messages.get(test, "") for test in finding.evidence] if report else []
    words = [word.strip(":'\"()") for text in said for word in text.split()]
    names = [w.rpartition(".")[2] for w in words if w.endswith(("Error", "Exception"))]
    return diff_hints(lines, tuple(dict.fromkeys(name for name in names if name.isidentifier())))


def _ranking(
    validator: Validator, found: Found, texts: dict[str, str], aim: Aim, state: State
) -> Ranking:
    protected = state.config.fix.protected_paths
    fit = [p for p in found.plausible if _patch(p, texts, protected) is not None]
    best = [row.plausible for row in rank(fit, texts).patches[:_SHOWN_AT_MOST]]
    candidates: list[Candidate] = [p.candidate for p in best]
    if len(candidates) < 2:
        return rank(best, texts)
    seen = validator.behaviour(candidates, targets=aim.targets, cpu_seconds=_BEHAVIOUR_SECONDS)
    return rank(best, texts, seen)


def _patch(
    plausible: Plausible, texts: dict[str, str], protected: Sequence[str] = ()
) -> Patch | None:
    """Return a candidate as a patch, or None where it may not be offered."""
    edits = plausible.candidate.edits
    lines = [
        line
        for path in dict.fromkeys(edit.path for edit in edits)
        for line in edits_between(
            path,
            texts[path].encode("utf-8", "surrogateescape"),
            applied(texts[path], [e for e in edits if e.path == path]).encode("utf-8", "replace"),
        )
    ]
    try:
        patch = Patch(tuple(lines))
    except EditRefused:
        return None
    return patch if lines and refusal(patch, protected) is None else None


def _mended(finding: Finding, ranking: Ranking, texts: dict[str, str]) -> Finding | None:
    """Return the finding with the best patch, at the place that it mends."""
    if not ranking.patches or (patch := _patch(ranking.patches[0].plausible, texts)) is None:
        return None
    suggestion = Suggestion(
        patch,
        source=Repair.name,
        is_ambiguous=ranking.is_ambiguous,
        distinguishing_input=ranking.distinguishing_input,
    )
    if finding.suggestion is not None:
        return replace(finding, suggestion=suggestion)
    edit = patch.edits[0]
    place = Location(edit.path, edit.start_line, max(edit.start_line, edit.end_line))
    return replace(finding, location=place, suggestion=suggestion)
