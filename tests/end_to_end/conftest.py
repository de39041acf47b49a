"""The command, and small repositories to run it in."""

from pathlib import Path

import pytest

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
