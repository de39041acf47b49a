"""One attempt at one finding: where to look, what to try, and which of what passes to offer."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.agent.patience import Patient
from bot.agent.state import State
from bot.agent.suspicion import changed_lines, taken_away
from bot.agent.tools.test import red_finding
from bot.domain.edits import EditRefused, Patch, edits_between
from bot.domain.findings import Finding, Location, Rival, Suggestion
from bot.domain.gaming import refusal
from bot.domain.model import NOTHING, Spending
from bot.domain.test_files import is_test_file
from bot.errors import Interrupted
from bot.repair.aims import Aim, Checks, aim_at
from bot.repair.candidates import Candidate, Plausible, Spectrum
from bot.repair.generator import Generator, Given, Templates
from bot.repair.ingredients import Hints, diff_hints
from bot.repair.localise import Suspect, suspects, weighed
from bot.repair.parts import Part, parts
from bot.repair.ranking import Ranking, rank
from bot.repair.search import Budget, Found, Search, Watch
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

    origin: Finding
    """What was to be mended; it may turn out to be several bugs."""
    finding: Finding
    """The one that this attempt is about."""
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
    is_part: bool = False
    """It is about one of several bugs."""


def attempt(
    ground: Ground, state: State, finding: Finding, *, wanted: Sequence[str], budget: Budget
) -> tuple[Attempt, ...]:
    """Search for an edit that makes the wanted tests of a finding pass.

    Where no edit does, and several each make tests of their own pass, those are attempts at a
    finding each.
    """
    aim = aim_at(ground.spectrum, wanted)
    ranked = _suspects(ground.spectrum, aim, state)
    if not aim.targets or not ranked:
        return (Attempt(finding, finding, aim.targets, ranked),)
    texts = dict(ground.texts(list(dict.fromkeys(suspect.path for suspect in ranked))))
    ranked = weighed(ranked, texts)
    templates = Templates(texts, ranked, _hints(state, finding))
    lead = Lead(state, finding, texts, ranked)
    asked = ground.ask(lead)
    generators: list[Generator] = [Given(asked.candidates), templates, *ground.more(lead)]
    hunt = _Hunt(ground, state, texts, budget)
    found = hunt.search(aim, generators)
    made = Attempt(
        finding,
        # Who named some of the tests of a finding has those mended, and proved by those.
        replace(finding, evidence=tuple(wanted)),
        aim.targets,
        ranked,
        found,
        spending=asked.spending,
        model_note=asked.note,
        is_spent=found.is_out_of_budget and not ground.validator.is_over,
    )
    divided = () if found.plausible else parts(found.stones, Checks(aim, texts))
    if not divided:
        return (hunt.judged(made, aim),)
    return tuple(_in_parts(hunt, made, divided))


def _in_parts(hunt: "_Hunt", made: Attempt, divided: Sequence[Part]) -> Iterator[Attempt]:
    """Yield what comes of each of several bugs; what was paid for is paid once."""
    for number, part in enumerate(divided):
        own = replace(
            made,
            finding=_about(made.finding, part, hunt.state),
            targets=part.aim.targets,
            is_part=True,
        )
        if number:
            own = replace(own, found=Found(), spending=NOTHING, model_note="")
        if not part.candidates:
            yield own
            continue
        again = replace(hunt, ground=replace(hunt.ground, validator=hunt.ground.validator.anew()))
        found = again.search(part.aim, [Given(_likely(part.candidates, hunt.budget))])
        yield again.judged(replace(own, found=_added(own.found, found)), part.aim)


def _likely(candidates: Sequence[Candidate], budget: Budget) -> tuple[Candidate, ...]:
    """Return those that a search which had found the best of them would have tried too."""
    best = max(candidate.prior for candidate in candidates)
    return tuple(c for c in candidates if c.prior >= best * budget.share_of_best)


def _added(before: Found, found: Found) -> Found:
    return replace(found, tried=before.tried + found.tried)


def _about(finding: Finding, part: Part, state: State) -> Finding:
    """Return a finding about some of the tests of another one."""
    messages = state.head_tests.messages if state.head_tests is not None else {}
    said = red_finding(finding.rule, part.aim.targets, messages)
    if part.candidates:
        return said
    return replace(
        finding, title=said.title, body=said.body, snippet=said.snippet, evidence=said.evidence
    )


@dataclass(frozen=True)
class _Hunt:
    """Searches in the same files, and what is offered of what they find."""

    ground: Ground
    state: State
    texts: Mapping[str, str]
    budget: Budget

    def search(self, aim: Aim, generators: Sequence[Generator]) -> Found:
        """Return what a search comes to; a person may end it."""
        validator, watch = self.ground.validator, self.ground.watch
        search = Search(validator, generators, self.texts, self.budget, watch=watch)
        return validator.searched(lambda: search.run(aim))

    def judged(self, made: Attempt, aim: Aim) -> Attempt:
        """Return an attempt with the best of what it found."""
        validator, texts = self.ground.validator, self.texts
        ranking = _ranking(validator, made.found, texts, aim, self.state)
        ranking = _standing(validator, ranking, Checks(aim, texts))
        mended = _mended(made.finding, ranking, texts)
        return replace(made, ranking=ranking, mended=mended, contents=_edited(mended, texts))


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
    validator: Patient, found: Found, texts: Mapping[str, str], aim: Aim, state: State
) -> Ranking:
    protected = state.config.fix.protected_paths
    fit = [p for p in found.plausible if _patch(p, texts, protected) is not None]
    familiar = taken_away(state)
    ranked = rank(fit, texts, familiar=familiar)
    best = [row.plausible for row in ranked.patches[:_SHOWN_AT_MOST]]
    candidates: list[Candidate] = [p.candidate for p in best]
    if len(candidates) < 2:
        return ranked
    seen = validator.behaviour(candidates, targets=aim.targets, cpu_seconds=_BEHAVIOUR_SECONDS)
    return rank(best, texts, seen, familiar)


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
    plausible: Plausible, texts: Mapping[str, str], protected: Sequence[str] = ()
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


def _mended(finding: Finding, ranking: Ranking, texts: Mapping[str, str]) -> Finding | None:
    """Return the finding with the best patch, at the place that it mends."""
    if not ranking.patches or (patch := _patch(ranking.patches[0].plausible, texts)) is None:
        return None
    difference = ranking.difference
    suggestion = Suggestion(
        patch,
        source=SOURCE,
        is_ambiguous=ranking.is_ambiguous or ranking.is_far_fetched or ranking.is_hiding,
        distinguishing_input=difference.given if difference is not None else None,
        rival=_rival(ranking, texts),
    )
    if finding.suggestion is not None:
        return replace(finding, suggestion=suggestion)
    edit = patch.edits[0]
    place = Location(edit.path, edit.start_line, max(edit.start_line, edit.end_line))
    return replace(finding, location=place, suggestion=suggestion)


def _rival(ranking: Ranking, texts: Mapping[str, str]) -> Rival | None:
    if ranking.rival is None or (patch := _patch(ranking.rival.plausible, texts)) is None:
        return None
    difference = ranking.difference
    if difference is None:
        return Rival(patch)
    return Rival(patch, first_gives=difference.first, gives=difference.rival)


def _edited(mended: Finding | None, texts: Mapping[str, str]) -> dict[str, bytes]:
    if mended is None or mended.suggestion is None:
        return {}
    return {path: _bytes(texts[path]) for path in mended.suggestion.patch.paths}
