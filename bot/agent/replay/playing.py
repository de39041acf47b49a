"""Plays a run again: the same loop over what was recorded, and the same result bit for bit.

What needs a sandbox or an analyzer is played back from its observation. What only thinks, or asks
the model, runs again: a prompt that is built otherwise now finds no reply, and that is said.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.agent.earlier import with_known
from bot.agent.fix import fix
from bot.agent.loop import Loop, Pick, Step
from bot.agent.prove import Candidate
from bot.agent.replay.bundle import Bundle, StepTaken
from bot.agent.replay.making import Render
from bot.agent.replay.recorded import RecordedModel, RecordedWorkspace
from bot.agent.replay.stand_in import StandIn
from bot.agent.review import Episode, run_episode, start
from bot.agent.state import Observation, State
from bot.agent.tool import Tool
from bot.agent.tools.autofix import Autofix
from bot.agent.tools.critique import Critique
from bot.agent.tools.finish import Finish
from bot.agent.tools.review import Review as ReviewTool
from bot.domain import replay_words as words
from bot.domain.evidence import Together
from bot.domain.record_json import dump
from bot.domain.review import Decision, FixOutcome, Review
from bot.errors import Refused
from bot.policy.features import Features
from bot.policy.selection import Choice, is_drawn

AGAIN = (Autofix.name, Critique.name, Finish.name, ReviewTool.name)
"""Tools that need nothing but the change, the state and the model's replies."""
_SHOWN = 200


class Strayed(Refused):
    """The run goes another way than the recorded one, where nothing is recorded."""


@dataclass(frozen=True)
class Played:
    """What became of a run that was played again."""

    outcome: Review | FixOutcome | None
    """None where the run went another way."""
    report: str
    differences: tuple[str, ...]
    """What is not as it was recorded, the first one first."""
    notes: tuple[str, ...]


def refuse_gaps(bundle: Bundle) -> None:
    """Raise Refused where a bundle cannot be played: the change itself is not in it."""
    if not bundle.is_whole:
        raise Refused(words.cannot_replay(bundle.run_id, "; ".join(bundle.left_out)))


class Player:
    """Plays one bundle."""

    def __init__(self, bundle: Bundle) -> None:
        refuse_gaps(bundle)
        self.bundle = bundle
        self.workspace = RecordedWorkspace(bundle)
        self.model = RecordedModel(bundle)
        self.differences: list[str] = []
        self.again = 0
        self.played = 0

    def around(self, tool: Tool) -> Tool:
        """Return the tool as the loop is to meet it."""
        return _Replayed(tool, self)

    def step_for(self, tool: str, state: State) -> StepTaken:
        """Return what was recorded of the step that comes next; raises Strayed."""
        index, steps = len(state.decisions), self.bundle.steps
        if index >= len(steps):
            raise Strayed(words.steps_missing(len(steps), index + 1))
        if steps[index].decision.tool != tool:
            raise Strayed(words.other_tool(index + 1, steps[index].decision.tool, tool))
        return steps[index]

    def runs_again(self, step: StepTaken) -> bool:
        """Tell whether the tool of a step has all that it needs."""
        is_complete = not (self.bundle.redactions or self.bundle.left_out)
        return step.decision.tool in AGAIN and step.is_heard and is_complete

    def play(self, loop: Loop, render: Render) -> Played:
        """Run the loop and compare all that comes out with the record."""
        try:
            outcome = self._outcome(loop.picking(self._choosing).taking_turns(self._turns))
        except Strayed as error:
            self.differences.append(str(error))
            self._compare_prompts()
            return Played(None, "", tuple(self.differences), self._notes())
        self._compare_prompts()
        report = render(outcome)
        if report != self.bundle.report:
            self.differences.append(_first_difference(self.bundle.report, report))
        return Played(outcome, report, tuple(self.differences), self._notes())

    def _choosing(self, greedy: Pick) -> Pick:
        """Return what was drawn where the run drew its tools: a draw is no result of the run."""

        def pick(state: State, eligible: Mapping[str, Features]) -> Choice:
            chosen, steps = greedy(state, eligible), self.bundle.steps
            index = len(state.decisions)
            made = steps[index].decision if index < len(steps) else None
            if made is None or not is_drawn(made.policy_version):
                return chosen
            is_open = made.utilities.keys() <= eligible.keys()
            return drawn_before(made) if is_open else chosen

        return pick

    def _turns(self, state: State, _tools: Collection[str]) -> Mapping[str, str]:
        """Return who was drawn to mend first after the step that was just done."""
        index, steps = len(state.decisions) - 1, self.bundle.steps
        return steps[index].observation.first if index < len(steps) else {}

    def _outcome(self, loop: Loop) -> Review | FixOutcome:
        config = self.bundle.repo_config
        first = with_known(start(self.workspace, config), self.bundle.known)
        episode = run_episode(loop, first, run_id=self.bundle.run_id, record=self._recorder)
        if len(episode.state.decisions) != len(self.bundle.steps):
            told = words.steps_missing(len(self.bundle.steps), len(episode.state.decisions))
            self.differences.append(told)
        return self._fixed(episode)

    def _fixed(self, episode: Episode) -> Review | FixOutcome:
        taken = self.bundle.fix
        if taken is None:
            return episode.review
        try:
            return fix(self.workspace, _SaidBefore(taken.said), episode, taken.asked)
        except Refused as error:
            raise Strayed(str(error)) from error

    def _recorder(self, index: int, work: Callable[[], Step]) -> Step:
        step = work()
        if index > len(self.bundle.steps):
            raise Strayed(words.steps_missing(len(self.bundle.steps), index))
        recorded = self.bundle.steps[index - 1]
        tool = step.decision.tool
        if tool != recorded.decision.tool:
            raise Strayed(words.other_tool(index, recorded.decision.tool, tool))
        # Time is the one thing that no replay can repeat.
        decision = replace(step.decision, seconds=recorded.decision.seconds)
        self.again += self.runs_again(recorded)
        self.played += 1
        for what, then, now in (
            ("decision", recorded.decision, decision),
            ("observation", recorded.observation, step.observation),
        ):
            if dump(then) != dump(now):
                self.differences.append(words.other_step(index, tool, what))
        return Step(decision, step.observation)

    def _compare_prompts(self) -> None:
        """Put first which prompts were others: the cause stands before what it has led to."""
        owners = [
            (index < self.played and self.runs_again(step), step.decision.tool, call)
            for index, step in enumerate(self.bundle.steps)
            for call in step.calls
        ]
        found = [(number, *owners[number]) for number in self.model.unasked]
        told = [
            words.other_prompt(number + 1, tool, call.schema, call.prompt_bytes)
            for number, is_due, tool, call in found
            if is_due
        ]
        if self.model.strangers > len(told):
            told.append(words.more_prompts(self.model.strangers - len(told)))
        self.differences[:0] = told

    def _notes(self) -> tuple[str, ...]:
        notes = list(self.bundle.left_out)
        if self.bundle.redactions:
            notes.append(words.played_back(self.bundle.redactions))
        notes.append(words.steps_played(self.again, self.played - self.again))
        return tuple(notes)


@dataclass(frozen=True)
class _Replayed(StandIn):
    player: Player

    def run(self, state: State) -> Observation:
        step = self.player.step_for(self.name, state)
        return self.tool.run(state) if self.player.runs_again(step) else step.observation


@dataclass(frozen=True)
class _SaidBefore:
    said: Together | None

    def holds_together(self, state: State, candidates: Sequence[Candidate]) -> Together:  # noqa: ARG002 - the port's signature
        if self.said is None:
            raise Strayed("the patches are to be proved as one, and no such proof is recorded")
        return self.said


def drawn_before(made: Decision) -> Choice:
    """Return a recorded choice."""
    return Choice(
        made.tool, made.utilities, made.contributions, made.propensities, made.policy_version
    )


def _first_difference(recorded: str, now: str) -> str:
    then_lines, now_lines = recorded.splitlines(), now.splitlines()
    for number in range(max(len(then_lines), len(now_lines))):
        then = then_lines[number] if number < len(then_lines) else ""
        new = now_lines[number] if number < len(now_lines) else ""
        if then != new:
            return words.other_line(number + 1, then.strip()[:_SHOWN], new.strip()[:_SHOWN])
    return words.other_line(len(then_lines), "its end", "another end")
