"""The analyzers that there are, in the order in which they look."""

from collections.abc import Collection

from bot.adapters.analyzers.ast_grep import AstGrep
from bot.adapters.analyzers.ruff import Ruff
from bot.adapters.analyzers.shellcheck import ShellCheck
from bot.adapters.analyzers.typos import Typos
from bot.adapters.analyzers.zizmor import Zizmor
from bot.domain.ports import Analyzer

NAMES = (Ruff.name, AstGrep.name, ShellCheck.name, Zizmor.name, Typos.name)


def analyzers(disabled: Collection[str] = ()) -> tuple[Analyzer, ...]:
    """Return every analyzer but those that are named."""
    every: tuple[Analyzer, ...] = (Ruff(), AstGrep(), ShellCheck(), Zizmor(), Typos())
    return tuple(analyzer for analyzer in every if analyzer.name not in disabled)
