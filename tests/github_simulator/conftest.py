"""What the tests of the simulator share: GitHub with one repository, and a bot signed in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.github_simulator import GitHub, PullRequest, simulator
from tests.github_simulator.bot import Bot

BASE = {"shop.py": "".join(f"line {n}\n" for n in range(1, 61)), "old.txt": "old\n"}
HEAD = {
    "shop.py": "".join(f"line {n}{'!' if n in (10, 40) else ''}\n" for n in range(1, 61)),
    "new.py": "x = 1\n",
    "old.txt": None,
}


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHub]:
    """GitHub with an App on octo/shop; every exchange has to fit the OpenAPI description."""
    with simulator(tmp_path) as github:
        github.app()
        github.repo("octo/shop", base=BASE)
        yield github


@pytest.fixture
def lenient(tmp_path: Path) -> Iterator[GitHub]:
    """The same, for tests that send on purpose what no client of ours may send."""
    with simulator(tmp_path, check_contract=False) as github:
        github.app()
        github.repo("octo/shop", base=BASE)
        yield github


@pytest.fixture
def pr(github: GitHub) -> PullRequest:
    """Pull request 1: lines 10 and 40 of shop.py, a new file, a removed one."""
    return github.repos[0].open_pull_request(HEAD, author="ada", branch="feature")


@pytest.fixture
def bot(github: GitHub) -> Iterator[Bot]:
    """The App with a token for everything it has."""
    yield from signed_in(github)


@pytest.fixture
def rude(lenient: GitHub) -> Iterator[Bot]:
    """A bot whose requests need not fit the description."""
    lenient.repos[0].open_pull_request(HEAD, author="ada", branch="feature")
    yield from signed_in(lenient)


def signed_in(github: GitHub) -> Iterator[Bot]:
    bot = Bot(github, github.apps[0])
    bot.sign_in()
    yield bot
    bot.session.close()
