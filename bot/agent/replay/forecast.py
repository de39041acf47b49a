"""What a configuration would have changed in a run that was recorded under another one.

Nothing is asked anew: a tool answers with what it saw then, as far as the configuration lets it.
Where that would take an observation that nobody made, the forecast says so.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from bot.agent.earlier import with_known
from bot.agent.loop import Loop, Step
from bot.agent.replay.bundle import Bundle, CallTaken, StepTaken
from bot.agent.replay.playing import AGAIN, refuse_gaps
from bot.agent.replay.recorded import RecordedModel, RecordedWorkspace
from bot.agent.replay.stand_in import StandIn
from bot.agent.review import run_episode, start
from bot.agent.state import Observation, State
from bot.agent.tool import Tool
from bot.agent.tools.autofix import Autofix
from bot.agent.tools.bisect import Bisect
from bot.agent.tools.finish import Finish
from bot.agent.tools.lint import Lint
from bot.agent.tools.test import Test, reached
from bot.domain import replay_words as words
from bot.domain.findings import Finding
from bot.domain.ports import Analyzer
from bot.domain.publication import PublishContext, plan
from bot.domain.repo_config import Budget, RepoConfig
from bot.domain.review import Review
from bot.errors import BudgetSpent

_ALWAYS_AGAIN = (Autofix.name, Finish.name)


@dataclass(frozen=True, slots=True, order=True)
class CommentSeen:
    """One comment next to the code."""

    path: str
    line: int | None
    """None for a comment on the file."""
    title: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """What people would have met of one run under one configuration."""

    comments: tuple[CommentSeen, ...]
    check: str
    tokens: int
    usd: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """One run under both configurations."""

    run_id: str
    repo: str
    head_sha: str
    before: Outlook
    after: Outlook
    gaps: tuple[str, ...]
    """What the configuration asks for and nobody recorded."""

    @property
    def appear(self) -> tuple[CommentSeen, ...]:
        """Comments that there were none of."""
        return tuple(c for c in self.after.comments if c not in self.before.comments)

    @property
    def disappear(self) -> tuple[CommentSeen, ...]:
        """Comments that there would be no more."""
        return tuple(c for c in self.before.comments if c not in self.after.comments)


class Forecaster:
    """Runs one bundle under one configuration."""

    def __init__(self, bundle: Bundle, config: RepoConfig, catalog: Sequence[Analyzer]) -> None:
        refuse_gaps(bundle)
        self.bundle = bundle
        self.config = config
        self.workspace = RecordedWorkspace(bundle)
        self.model = RecordedModel(bundle, refused=tuple(_over(bundle.calls, config.budget)))
        self.gaps: dict[str, None] = {}
        self._wanted = tuple(a for a in catalog if _is_wanted(a.name, config))
        self._ours = frozenset(a.name for a in catalog)
        self._turns: Counter[str] = Counter()
        self._steps: dict[str, list[_Delta]] = defaultdict(list)
        known = bundle.known.findings
        for step in bundle.steps:
            self._steps[step.decision.tool].append(_Delta(step, known))
            known = step.observation.findings if step.observation.findings is not None else known

    def around(self, tool: Tool) -> Tool:
        """Return the tool as the loop is to meet it."""
        return _Foreseen(tool, self)

    def outlook(self, loop: Loop) -> Outlook:
        """Run the loop and return what people would have met."""
        first = with_known(start(self.workspace, self.config), self.bundle.known)
        may_say = self._may_say(first)
        first = replace(first, findings=tuple(filter(may_say, first.findings)))
        episode = run_episode(loop, first, run_id=self.bundle.run_id, record=self._recorder)
        return _outlook(episode.review, self.config)

    def next_step(self, tool: str, state: State) -> "_Delta | None":
        """Return what the tool saw then at its turn, or None where it had no such turn."""
        turns = self._steps[tool]
        turn = state.tools_run.count(tool)
        return turns[turn] if turn < len(turns) else None

    def may_run(self, tool: str, step: StepTaken) -> bool:
        """Tell whether a tool can do its work here."""
        is_complete = not (self.bundle.redactions or self.bundle.left_out)
        return tool in _ALWAYS_AGAIN or (tool in AGAIN and step.is_heard and is_complete)

    def adapted(self, delta: "_Delta", state: State) -> Observation:
        """Return what was seen then, without what the configuration leaves out."""
        seen, tool = delta.step.observation, delta.step.decision.tool
        hunks = seen.seen
        if tool == Lint.name:
            hunks = frozenset(key for key in hunks if self._understands(key[0]))
        elif tool == Test.name and seen.head_tests is not None:
            hunks = frozenset(reached(state, seen.head_tests))
        findings = delta.findings(state.findings, self._may_say(state))
        return replace(seen, seen=hunks, findings=findings)

    def _may_say(self, state: State) -> Callable[[Finding], bool]:
        exempt = {file.path for file in state.exempt}
        names = {a.name for a in self._wanted}

        def may_say(finding: Finding) -> bool:
            if finding.source in (Test.name, Bisect.name):
                return True
            is_muted = finding.source in self._ours and finding.source not in names
            return not is_muted and finding.location.path not in exempt

        return may_say

    def _understands(self, path: str) -> bool:
        is_ours = any(a.is_language_aware and a.understands(path) for a in self._wanted)
        return is_ours or path in self.bundle.read_elsewhere

    def _recorder(self, _index: int, work: Callable[[], Step]) -> Step:
        step = work()
        tool = step.decision.tool
        turn = self._turns[tool]
        self._turns[tool] += 1
        recorded = self._steps[tool]
        seconds = recorded[turn].step.decision.seconds if turn < len(recorded) else 0.0
        return Step(replace(step.decision, seconds=seconds), step.observation)


@dataclass(frozen=True)
class _Delta:
    """A step, and what it did to the findings that were known before it."""

    step: StepTaken
    before: tuple[Finding, ...]

    def findings(
        self, known: tuple[Finding, ...], may_say: Callable[[Finding], bool]
    ) -> tuple[Finding, ...] | None:
        """Do the same to other findings: leave out, replace, and add."""
        after = self.step.observation.findings
        if after is None:
            return None
        names = {_identity(f) for f in self.before}
        now = {_identity(f): f for f in after}
        kept = [f if f not in self.before else now.get(_identity(f)) for f in known]
        new = [f for f in after if _identity(f) not in names and may_say(f)]
        return (*(f for f in kept if f is not None), *new)


@dataclass(frozen=True)
class _Foreseen(StandIn):
    forecaster: Forecaster

    def run(self, state: State) -> Observation:
        told = self.forecaster
        delta = told.next_step(self.name, state)
        if delta is None:
            if self.name in _ALWAYS_AGAIN:
                return self.tool.run(state)
            told.gaps[words.tool_not_recorded(self.name)] = None
            return Observation(words.tool_not_recorded(self.name))
        if told.may_run(self.name, delta.step):
            strangers = told.model.strangers
            seen = self.tool.run(state)
            if told.model.strangers == strangers:
                return seen
            told.gaps[words.prompts_not_recorded(self.name)] = None
        return told.adapted(delta, state)


def forecast(
    bundle: Bundle,
    config: RepoConfig,
    catalog: Sequence[Analyzer],
    build: Callable[[Forecaster], Loop],
) -> Forecast:
    """Return what the configuration would change; raises Refused for a bundle that has gaps."""
    then = Forecaster(bundle, bundle.repo_config, catalog)
    now = Forecaster(bundle, config, catalog)
    before, after = then.outlook(build(then)), now.outlook(build(now))
    gaps = (*_gaps(bundle, config, catalog), *then.gaps, *now.gaps)
    return Forecast(
        bundle.run_id,
        bundle.change.repo,
        bundle.change.head_sha,
        before,
        after,
        tuple(dict.fromkeys(gaps)),
    )


def _outlook(told: Review, config: RepoConfig) -> Outlook:
    planned, cost = plan(told, config, PublishContext()), told.verdict.cost
    conclusion = planned.check.conclusion
    return Outlook(
        tuple(
            CommentSeen(p.comment.path, p.comment.line, p.findings[0].title)
            for p in planned.planned
        ),
        conclusion.value if conclusion is not None else "",
        cost.prompt_tokens + cost.completion_tokens,
        cost.usd,
        cost.seconds,
    )


def _gaps(bundle: Bundle, config: RepoConfig, catalog: Sequence[Analyzer]) -> Iterator[str]:
    """Name what the configuration asks for that no tool looked at then."""
    then = bundle.repo_config
    workspace = RecordedWorkspace(bundle)
    first = start(workspace, config)
    readable = first.head.keys() - {file.path for file in first.exempt}
    for analyzer in catalog:
        is_new = _is_wanted(analyzer.name, config) and not _is_wanted(analyzer.name, then)
        if is_new and any(analyzer.understands(path) for path in readable):
            yield words.analyzer_not_recorded(analyzer.name)
    for path in sorted(readable & {f.path for f in start(workspace, then).exempt}):
        yield words.file_not_recorded(path)
    ran = {step.decision.tool for step in bundle.steps}
    has_other_mutes = config.analyzers.use_repo_config != then.analyzers.use_repo_config
    unknown = (
        (Test.name in ran and config.tests != then.tests, words.tests_not_recorded()),
        (has_other_mutes, words.mutes_not_recorded()),
        (bundle.known.since is not None and config != then, words.earlier_not_looked_at()),
        (config.auto_review != then.auto_review, words.start_not_recorded()),
    )
    yield from (said for is_unknown, said in unknown if is_unknown)
    if _is_larger(config.budget, then.budget) and any(
        call.failed and call.failed.kind == BudgetSpent.__name__ for call in bundle.calls
    ):
        yield words.refused_calls_not_recorded()


def _over(calls: Sequence[CallTaken], budget: Budget) -> Iterator[int]:
    """Yield the calls that would go over the budget, in the order of the record."""
    tokens, usd = 0, 0.0
    for number, call in enumerate(calls):
        more, cost = call.spending.usage.tokens, call.spending.usd
        if tokens + more > budget.tokens or usd + cost > budget.usd:
            yield number
            continue
        tokens, usd = tokens + more, usd + cost


def _is_larger(budget: Budget, than: Budget) -> bool:
    return budget.tokens > than.tokens or budget.usd > than.usd


def _is_wanted(name: str, config: RepoConfig) -> bool:
    chosen: Collection[str] = config.analyzers.enable
    return name not in config.analyzers.disable and (not chosen or name in chosen)


def _identity(finding: Finding) -> tuple[object, ...]:
    """Return what stays of a finding while tools work on it: one of tests is moved to its cause."""
    place = finding.evidence or (finding.location.path, finding.location.start_line)
    return (finding.source, finding.rule, finding.title, place)
