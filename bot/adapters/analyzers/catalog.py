"""The analyzers that there are, in the order in which they look."""

from collections.abc import Collection, Mapping

from bot.adapters.analyzers.ast_grep import AstGrep
from bot.adapters.analyzers.base_config import MutedAnalyzer, read_mutes
from bot.adapters.analyzers.ruff import Ruff
from bot.adapters.analyzers.shellcheck import ShellCheck
from bot.adapters.analyzers.typos import Typos
from bot.adapters.analyzers.zizmor import Zizmor
from bot.domain.ports import Analyzer
from bot.errors import Refused

NAMES = (Ruff.name, AstGrep.name, ShellCheck.name, Zizmor.name, Typos.name)


def analyzers(
    disabled: Collection[str] = (),
    *,
    enabled: Collection[str] = (),
    base_files: Mapping[str, bytes] | None = None,
) -> tuple[Analyzer, ...]:
    """Return the analyzers that are enabled (none named means all) and not disabled.

    `base_files` holds the tools' own configuration at the base, where the repository wants it to
    count (`base_config.CONFIG_PATHS`). Raises Refused for a name that there is not.
    """
    for name in (*enabled, *disabled):
        if name not in NAMES:
            raise Refused(f"there is no analyzer {name}; there are: {', '.join(NAMES)}")
    every: tuple[Analyzer, ...] = (Ruff(), AstGrep(), ShellCheck(), Zizmor(), Typos())
    mutes = read_mutes(base_files or {})
    wanted = [a for a in every if a.name not in disabled and (not enabled or a.name in enabled)]
    return tuple(MutedAnalyzer(a, mutes[a.name]) if mutes.get(a.name) else a for a in wanted)
