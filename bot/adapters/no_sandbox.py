"""For where no code of a repository may run: analyzers only, and a sentence instead of tests."""

from bot.domain.fix_words import NO_CODE_RUNS
from bot.domain.ports import Dependencies, Purpose, Sandbox, Sandboxes
from bot.errors import SandboxUnavailable


class ToolsOnly:
    """Implements `Sandboxes`: opens what analyzers need, and refuses the tests with the reason."""

    def __init__(self, tools: Sandboxes, *, reason: str) -> None:
        self._tools = tools
        self._reason = reason

    def open(self, purpose: Purpose, dependencies: Dependencies | None = None) -> Sandbox:
        if purpose is Purpose.TESTS:
            raise SandboxUnavailable(f"{NO_CODE_RUNS}: {self._reason}")
        return self._tools.open(purpose, dependencies)
