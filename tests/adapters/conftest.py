"""Fixtures of the git adapters' tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bot.adapters.git_workspace import CheckoutBudget, GitWorkspace, Uncommitted, open_local


@pytest.fixture
def open_git(tmp_path: Path) -> Iterator[Callable[..., GitWorkspace]]:
    """Open workspaces with a cache of their own, and close them at the end."""
    with ExitStack() as stack:

        def opened(
            path: Path,
            *,
            base: str | None = None,
            head: str | None = None,
            uncommitted: Uncommitted = Uncommitted.NONE,
            budget: CheckoutBudget | None = None,
        ) -> GitWorkspace:
            workspace = open_local(
                path, base=base, head=head, uncommitted=uncommitted, cache=tmp_path / "cache",
                budget=budget or CheckoutBudget(),
            )  # fmt: skip
            stack.callback(workspace.close)
            return workspace

        yield opened
