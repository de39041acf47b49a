"""One attempt at one finding: where to look, what to try, and which of what passes to offer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.agent.patience import Patient
from bot.agent.state import State
from bot.agent.suspicion import changed_lines
from bot.domain.edits import EditRefused, Patch, edits_between
from bot.domain.findings import Finding, Location, Suggestion
from bot.domain.gaming import refusal
from bot.domain.model import NOTHING, Spending
from bot.domain.test_files import is_test_file
from bot.errors import Interrupted
from bot.repair.aims import Aim, Checks, aim_at
from bot.repair.candidates import Candidate, Spectrum
from bot.repair.generator import Generator, Given, Templates
from bot.repair.ingredients import Hints, diff_hints
from bot.repair.localise import Suspect, suspects, weighed
from bot.repair.ranking import Ranking, rank
from bot.repair.search import Budget, Found, Plausible, Search, Watch
from bot.repair.source import applied
from bot.repair.whole_suite import standing

SOURCE = "repair"
_BEHAVIOUR_SECONDS = 5.0
_WHOLE_SUITE_SECONDS = 30.0
"""`verify` runs the whole suite again of the patch that is shown."""
_SHOWN_AT_MOST = 30

Texts = Callable[[Sequence[str]], Mapping[str, str]]
"""Reads those of these files that the head has."""


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


@dataclass(frozen=True)
class Proposed:
    """What was proposed by somebody who had to be asked and paid."""

    candidates: tuple[Candidate, ...] = ()
    spending: Spending = NOTHING
    note: str = ""
    """Why nothing was proposed, where that is the model's fault."""


Ask = Callable[[Lead], Proposed]
"""Asks a model what it would try."""


def unasked(_lead: Lead) -> Proposed:
    """Propose nothing: there is no model."""
    return Proposed()


def nobody(_lead: Lead) -> Sequence[Generator]:
    """Propose nothing beside the templates."""
    return ()


@dataclass(frozen=True)
class Ground:
    """What an attempt works with."""

    spectrum: Spectrum
    validator: Patient
    texts: Texts
    more: MoreGenerators
    ask: Ask
    watch: Watch


@dataclass(frozen=True)
class Attempt:
    """What became of one finding."""

    finding: Finding
    targets: tuple[str, ...] = ()
    ranked: tuple[Suspect, ...] = ()
    found: Found = field(default_factory=Found)
    ranking: Ranking = field(default_factory=lambda: Ranking(()))
    mended: Finding | None = None
    contents: Mapping[str, bytes] = field(default_factory=dict)
    """The head's files that the patch edits."""
    spending: Spending = NOTHING
    model_note: str = ""
    is_spent: bool = False
    """The budget ended the search, and not the end of the candidates."""


def attempt(
    ground: Ground, state: State, finding: Finding, *, wanted: Sequence[str], budget: Budget
) -> Attempt:
    """Search for an edit that makes the wanted tests of a finding pass."""
    aim = aim_at(ground.spectrum, wanted)
    ranked = _suspects(ground.spectrum, aim, state)
    if not aim.targets or not ranked:
        return Attempt(finding, aim.targets, ranked)
    texts = dict(ground.texts(list(dict.fromkeys(suspect.path for suspect in ranked))))
    ranked = weighed(ranked, texts)
    templates = Templates(texts, ranked, _hints(state, finding))
    lead = Lead(state, finding, texts, ranked)
    asked = ground.ask(lead)
    generators: list[Generator] = [Given(asked.candidates), templates, *ground.more(lead)]
    search = Search(ground.validator, generators, texts, budget, watch=ground.watch)
    found = ground.validator.searched(lambda: search.run(aim))
    ranking = _ranking(ground.validator, found, texts, aim, state)
    ranking = _standing(ground.validator, ranking, Checks(aim, texts))
    # Who named some of the tests of a finding has those mended, and proved by those.
    mended = _mended(replace(finding, evidence=tuple(wanted)), ranking, texts)
    return Attempt(
        finding,
        aim.targets,
        ranked,
        found,
        ranking,
        mended,
        contents=_edited(mended, texts),
        spending=asked.spending,
        model_note=asked.note,
        is_spent=found.is_out_of_budget and not ground.validator.is_over,
    )


def _suspects(spectrum: Spectrum, aim: Aim, state: State) -> tuple[Suspect, ...]:
    own = replace(spectrum, red=frozenset(aim.targets))
    ranked = suspects(own, changed_lines(state))
    return tuple(s for s in ranked if not is_test_file(s.path))


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
    validator: Patient, found: Found, texts: dict[str, str], aim: Aim, state: State
) -> Ranking:
    protected = state.config.fix.protected_paths
    fit = [p for p in found.plausible if _patch(p, texts, protected) is not None]
    best = [row.plausible for row in rank(fit, texts).patches[:_SHOWN_AT_MOST]]
    candidates: list[Candidate] = [p.candidate for p in best]
    if len(candidates) < 2:
        return rank(best, texts)
    seen = validator.behaviour(candidates, targets=aim.targets, cpu_seconds=_BEHAVIOUR_SECONDS)
    return rank(best, texts, seen)


def _standing(validator: Patient, ranking: Ranking, checks: Checks) -> Ranking:
    """Ask the rest of a large suite of what would be shown, unless a person wants no more."""
    if validator.is_interrupted:
        return ranking
    try:
        return standing(validator.within, ranking, checks, cpu_seconds=_WHOLE_SUITE_SECONDS)
    except Interrupted:
        validator.is_interrupted = True
        return ranking


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
            _bytes(texts[path]),
            _bytes(applied(texts[path], [e for e in edits if e.path == path])),
        )
    ]
    try:
        patch = Patch(tuple(lines))
    except EditRefused:
        return None
    return patch if lines and refusal(patch, protected) is None else None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _mended(finding: Finding, ranking: Ranking, texts: dict[str, str]) -> Finding | None:
    """Return the finding with the best patch, at the place that it mends."""
    if not ranking.patches or (patch := _patch(ranking.patches[0].plausible, texts)) is None:
        return None
    suggestion = Suggestion(
        patch,
        source=SOURCE,
        is_ambiguous=ranking.is_ambiguous or ranking.is_far_fetched or ranking.is_hiding,
        distinguishing_input=ranking.distinguishing_input,
    )
    if finding.suggestion is not None:
        return replace(finding, suggestion=suggestion)
    edit = patch.edits[0]
    place = Location(edit.path, edit.start_line, max(edit.start_line, edit.end_line))
    return replace(finding, location=place, suggestion=suggestion)


def _edited(mended: Finding | None, texts: Mapping[str, str]) -> dict[str, bytes]:
    if mended is None or mended.suggestion is None:
        return {}
    return {path: _bytes(texts[path]) for path in mended.suggestion.patch.paths}
