"""The loop: pick the eligible tool of greatest utility, run it, fold what it saw, until the end."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from bot.agent.state import Observation, State
from bot.agent.tool import Tool
from bot.agent.turns import Turns, nobody_waits
from bot.domain import policy_words
from bot.domain.ports import Clock
from bot.domain.review import Decision, ProgressListener
from bot.errors import Retryable, SandboxUnavailable
from bot.policy.features import Features
from bot.policy.selection import Choice


class Policy(Protocol):
    """pi: picks one of the eligible tools."""

    def pick(self, eligible: Mapping[str, Features]) -> Choice:
        """Return the choice with everything that explains it."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """One turn of the loop: the choice, and what the tool returned."""

    decision: Decision
    observation: Observation


Pick = Callable[[State, Mapping[str, Features]], Choice]
"""Chooses among the eligible tools in a state."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How a loop chooses."""

    pick: Pick
    turns: Turns = nobody_waits


Recorder = Callable[[int, Callable[[], Step]], Step]
"""Is given the number of a step and the work, and returns the step: the work's, or the one that a
host recorded before it died."""


def forgetful(_index: int, work: Callable[[], Step]) -> Step:
    """Do the work and record nothing."""
    return work()


class Loop:
    """Runs one episode; `finish` must be among the tools, and is always eligible."""

    def __init__(
        self,
        tools: Sequence[Tool],
        policy: Policy,
        clock: Clock,
        listener: ProgressListener,
        *,
        ways: Ways | None = None,
    ) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._policy = policy
        self._clock = clock
        self._listener = listener
        self._ways = ways or Ways(lambda _state, eligible: policy.pick(eligible))

    def picking(self, around: Callable[[Pick], Pick]) -> "Loop":
        """Return the same loop with another way to choose, made from its own."""
        return self._with(replace(self._ways, pick=around(self._ways.pick)))

    def taking_turns(self, turns: Turns) -> "Loop":
        """Return the same loop, in which somebody says who mends a finding first."""
        return self._with(replace(self._ways, turns=turns))

    def _with(self, ways: Ways) -> "Loop":
        tools = tuple(self._tools.values())
        return Loop(tools, self._policy, self._clock, self._listener, ways=ways)

    def run(self, state: State, record: Recorder = forgetful) -> State:
        """Return the last state: final, or out of steps or seconds with that as a limit."""
        while not state.is_final and not (limit := _limit(state)):
            step = record(len(state.decisions) + 1, partial(self.step, state))
            state = state.after(step.decision, step.observation)
        return state if state.is_final else replace(state, limits=(*state.limits, limit))

    def step(self, state: State) -> Step:
        """Pick a tool and run it."""
        eligible = {n: t.features(state) for n, t in self._tools.items() if t.is_eligible(state)}
        choice = self._ways.pick(state, eligible)
        self._listener.step_started(choice.tool)
        started = self._clock.seconds()
        seen = self._observe(choice.tool, state)
        seconds = self._clock.seconds() - started
        weighed = {name: eligible[name] for name in choice.utilities}
        decision = self._decision(state, weighed, choice, seen, seconds)
        step = self._with_turns(Step(decision, seen), state)
        self._listener.step_finished(step.decision)
        return step

    def _with_turns(self, step: Step, state: State) -> Step:
        """Return the step with who mends first what it found.

        It is part of what was seen, so whoever goes on from the record does the same.
        """
        decision, seen = step.decision, step.observation
        after = state.after(decision, seen)
        # What is played back has it, and says so.
        first = {} if seen.first else self._ways.turns(after, tuple(self._tools))
        if not first:
            return step
        told = f"{seen.summary}; {policy_words.going_first(first, after.findings)}"
        return Step(replace(decision, observation=told), replace(seen, summary=told, first=first))

    def _observe(self, tool: str, state: State) -> Observation:
        try:
            return self._tools[tool].run(state)
        except (SandboxUnavailable, Retryable) as error:
            # Rule R26: what could not run makes the verdict partial, and the rest goes on.
            return Observation(
                f"could not run: {error}", limits=(f"{tool} could not run: {error}",)
            )

    def _decision(
        self,
        state: State,
        eligible: Mapping[str, Features],
        choice: Choice,
        seen: Observation,
        seconds: float,
    ) -> Decision:
        return Decision(
            step=len(state.decisions) + 1,
            tool=choice.tool,
            eligible={name: name in eligible for name in self._tools},
            features=eligible,
            utilities=choice.utilities,
            contributions=choice.contributions,
            propensities=choice.propensities,
            policy_version=choice.policy_version,
            seconds=seconds,
            observation=seen.summary,
        )


def _limit(state: State) -> str:
    """Name the limit that ends the run now, or nothing."""
    if state.steps_left <= 0:
        return f"the run ended after {len(state.decisions)} steps, its limit"
    if state.seconds_left <= 0:
        return "the run ended at its time limit"
    return ""
