"""The steps of a run, recorded so that any host can go on where another one died.

A step is one tool call. Its observation and decision are in the ledger, and the job engine keeps
only its number, so nothing large is stored twice. The state is always folded from what the record
says, also on the host that made it, so that a resumed run meets exactly the same state.
"""

from collections.abc import Callable

from bot.agent.loop import Step
from bot.agent.state import Observation
from bot.domain.jobs import JobContext, Json
from bot.domain.ledger import RunId, Runs, StepRecord
from bot.domain.record_json import dump, load
from bot.domain.review import Decision


class DurableSteps:
    """A `Recorder` over the job engine and the ledger."""

    def __init__(self, context: JobContext, runs: Runs, run_id: RunId) -> None:
        self._context = context
        self._runs = runs
        self._run_id = run_id

    def __call__(self, index: int, work: Callable[[], Step]) -> Step:
        """Run the step once, whatever dies; a second run of it returns what the first recorded."""

        def once() -> Json:
            if self._recorded(index) is None:
                self._runs.record_step(self._run_id, _record(index, work()))
            return {"run": self._run_id, "step": index}

        self._context.step(f"step {index}", once)
        found = self._recorded(index)
        if found is None:
            raise LostStep(f"step {index} of run {self._run_id} was finished and is not recorded")
        return Step(load(Decision, found.decision), load(Observation, found.observation))

    def _recorded(self, index: int) -> StepRecord | None:
        steps = self._runs.steps(self._run_id)
        return next((step for step in steps if step.index == index), None)


class LostStep(AssertionError):
    """The ledger lost what the engine says was recorded: a bug, or a restored old backup."""


def _record(index: int, step: Step) -> StepRecord:
    return StepRecord(
        index=index,
        tool=step.decision.tool,
        observation=dump(step.observation),
        decision=dump(step.decision),
        seconds=step.decision.seconds,
    )
