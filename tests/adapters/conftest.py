"""Fixtures that tests of several adapters share."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bot.adapters.git_workspace import CheckoutBudget, GitWorkspace, Uncommitted, open_local
from tests.adapters.github_world import world  # noqa: F401 - a fixture of two modules
from tests.adapters.queue_processes import Queue
from tests.postgres import Cluster


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


@pytest.fixture(params=["sqlite", "postgresql"])
def queue_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind that the queue runs on."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state/pullwright.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_queue(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Queue]:
    """A queue with one running worker for all tests of a module; each names its jobs itself."""
    folder = tmp_path_factory.mktemp("queue")
    with ExitStack() as stack:
        url = f"sqlite:///{folder}/pullwright.db"
        if request.param == "postgresql":
            server: Cluster = request.getfixturevalue("postgres_cluster")
            url = stack.enter_context(server.database())
        opened = Queue(url, folder)
        stack.callback(opened.close)
        opened.start(slots=2, per_installation=1, starts=3, window_s=1, poll_s=0.02)
        yield opened


@pytest.fixture
def queue(queue_url: str, tmp_path: Path) -> Iterator[Queue]:
    """A queue whose worker processes are gone at the end."""
    opened = Queue(queue_url, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def local_queue(tmp_path: Path) -> Iterator[Queue]:
    """A queue in a file, for what has nothing to do with the kind of database."""
    opened = Queue(f"sqlite:///{tmp_path}/state/pullwright.db", tmp_path)
    yield opened
    opened.close()
