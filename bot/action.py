"""The Action: one step of a workflow reads its event, does what that asks for, and says so.

What others wrote is printed only where the runner takes no commands (rule R23): from the first line
on until the annotations, which are escaped.
"""

import secrets
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from bot.action_events import FeedbackTask, Task, read_task
from bot.action_feedback import feedback
from bot.action_settings import ActionSettings, Runner, load_action_settings, load_runner
from bot.action_work import work
from bot.adapters.runner_files import read_event, write_outputs, write_summary
from bot.app_wiring import refuse_process_sandbox
from bot.domain.action_report import StepReport, broken, job_summary, nothing, outputs
from bot.domain.action_words import GIVEN_UP
from bot.domain.redaction import Redactor
from bot.domain.workflow_commands import annotations, error, resume, stop
from bot.errors import PullwrightError, Refused
from bot.guard import Exit, guarded
from bot.settings import environment, state_dir


@dataclass
class Step:
    """One step, from its environment to its end."""

    env: Mapping[str, str]
    lines: list[str] = field(default_factory=list)
    """Commands for the runner."""
    is_told: bool = False
    """What can be written of the job summary and the outputs is written."""

    def run(self) -> None:
        """Do the step; raises SystemExit with its exit code, or what went wrong."""
        runner: Runner | None = None
        redactor = Redactor()
        try:
            runner = load_runner(self.env)
            settings = load_action_settings(self.env, runner)
            redactor = Redactor(settings.secrets)
            report = _done(settings)
        except PullwrightError as trouble:
            message = redactor.clean(str(trouble))
            self.lines.append(error(message))
            if runner is not None:
                # Where the files cannot be written either, the first error is the one to raise.
                with suppress(Refused):
                    self._tell(runner, broken(message), redactor)
            raise
        self.lines += map(redactor.clean, annotations(report.annotations))
        self._tell(runner, report, redactor)
        sys.stdout.write(f"{redactor.clean(report.headline)}\n")
        raise SystemExit(Exit.FINDINGS if report.is_failure else Exit.CLEAN)

    def give_up(self) -> None:
        """Say of a step that was cancelled, or that met a bug, that it has no result."""
        with suppress(Refused):
            self._tell(load_runner(self.env), broken(GIVEN_UP), Redactor())

    def _tell(self, runner: Runner, report: StepReport, redactor: Redactor) -> None:
        """Write both, whether or not the other can be; each that cannot has a line of its own."""
        self.is_told = True
        clean = {name: redactor.clean(text) for name, text in outputs(report).items()}
        summary = redactor.clean(job_summary(report))
        troubles: list[Refused] = []
        for write in (
            partial(write_outputs, runner.output_file, clean),
            partial(write_summary, runner.summary_file, summary),
        ):
            try:
                write()
            except Refused as trouble:
                self.lines.append(error(redactor.clean(str(trouble))))
                troubles.append(trouble)
        if troubles:
            raise troubles[0]


def main() -> None:
    """Run the step of this process's environment."""
    step = Step(environment())
    token = secrets.token_hex(16)
    _say(stop(token))
    code = guarded(step.run, bug_folder=state_dir() / "bugs")
    if not step.is_told:
        step.give_up()
    sys.stderr.flush()
    _say(resume(token))
    for line in step.lines:
        _say(line)
    sys.exit(code)


def _done(settings: ActionSettings) -> StepReport:
    refuse_process_sandbox(settings.settings)
    runner = settings.runner
    try:
        runner.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as trouble:
        raise Refused(f"cannot write {runner.folder}: {trouble.strerror}") from trouble
    task = read_task(runner, settings.inputs, read_event(runner.event_file))
    match task:
        case str():
            return nothing(task)
        case FeedbackTask(repo=repo):
            return feedback(settings, repo, None)
        case Task(is_feedback=True, repo=repo, number=number):
            return feedback(settings, repo, number)
        case _:
            return work(settings, task)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
