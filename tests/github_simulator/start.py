"""Starting and stopping the simulator."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.github_simulator.contract import Contract
from tests.github_simulator.gateway import Gateway
from tests.github_simulator.http_server import serving
from tests.github_simulator.world import GitHub


@contextmanager
def simulator(folder: Path, *, check_contract: bool = True) -> Iterator[GitHub]:
    """Run GitHub in a folder until the block ends; nothing is left running.

    Raises AssertionError at the end where an exchange did not fit GitHub's own description, and
    where the simulator itself broke on a request.
    """
    github = GitHub(folder / "github", contract=Contract(is_on=check_contract))
    with serving(Gateway(github).respond) as url:
        github.url = url
        try:
            yield github
        finally:
            github.webhooks.stop()
    found = github.contract.violations
    assert not found, "exchanges that GitHub does not know:\n" + "\n".join(found)
