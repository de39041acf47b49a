"""The command and small repositories to run it in; the App and a hostile world around it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.arena import Arena, arena_of, witnessed_app
from tests.end_to_end.canaries import Oracle
from tests.end_to_end.command import Command, command
from tests.situations import RepoFixture, repository

BASE = {
    "app.py": b"def total(prices):\n    return sum(prices)\n",
    "test_app.py": b"from app import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n",
}
LINT_BUG = {"app.py": b"import os\n\n\ndef total(prices):\n    return sum(prices)\n"}


@pytest.fixture
def pullwright(tmp_path: Path) -> Command:
    return command(tmp_path / "home")


@pytest.fixture
def lint_bug(tmp_path: Path) -> RepoFixture:
    """A branch with an unused import, whose tests pass."""
    return repository(tmp_path / "project", base=BASE, head=LINT_BUG)


@pytest.fixture(scope="session")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oracle]:
    with witnessed_app(tmp_path_factory.mktemp("arena")) as opened:
        yield opened


@pytest.fixture
def arena(oracle: Oracle) -> Iterator[Arena]:
    with arena_of(oracle) as opened:
        yield opened
