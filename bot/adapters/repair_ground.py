"""Where the problems of a benchmark are run: a sandbox for the search, a fresh tree to judge."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from bot.domain.evidence import StopReason
from bot.domain.ports import Purpose, Sandbox, Sandboxes, SourceFile, TestPlan
from bot.repair.candidates import Validator
from bot.repair.measuring import HIDDEN, MODULE, Ground, Problem

MakeValidator = Callable[[Sandbox, Iterable[SourceFile], TestPlan], Validator]
_JUDGED_WITHIN_S = 20.0
_TESTED_WITHIN_S = 600.0


@dataclass(frozen=True)
class SandboxGround(Ground):
    """Runs every problem in a sandbox of its own."""

    sandboxes: Sandboxes
    make: MakeValidator
    seed: int = 0

    @contextmanager
    def validator(self, problem: Problem) -> Iterator[Validator]:
        # The problems need no plugins, which take longer to import than their tests to run.
        command = ("{python}", "-m", "pytest", "--disable-plugin-autoload")
        plan = TestPlan("pytest", command, "junit.xml", "a benchmark", _TESTED_WITHIN_S)
        files = [SourceFile(path, data) for path, data in problem.files.items()]
        with closing(self.sandboxes.open(Purpose.TESTS)) as sandbox:
            yield self.make(sandbox, files, plan)

    def is_right(self, problem: Problem, text: str) -> bool:
        files = {MODULE: text, HIDDEN: problem.hidden}
        with closing(self.sandboxes.open(Purpose.TESTS)) as sandbox:
            sandbox.put(SourceFile(path, data.encode()) for path, data in files.items())
            argv = ("env", f"PYTHONHASHSEED={self.seed}", "{python}", HIDDEN)
            ended = sandbox.run(argv, timeout_s=_JUDGED_WITHIN_S)
        return ended.stop is StopReason.EXITED and ended.exit_code == 0
