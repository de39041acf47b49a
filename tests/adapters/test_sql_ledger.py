from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.adapters.sql_ledger import open_ledger
from bot.domain.pull_records import Ledger
from tests.adapters.ledger_contract import CONTRACT, Clause


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state/pullwright.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    opened = open_ledger(url)
    yield opened
    opened.close()


@pytest.mark.parametrize("clause", CONTRACT, ids=lambda clause: clause.__name__)
def test_the_database_keeps_the_contract(clause: Clause, ledger: Ledger) -> None:
    clause(ledger)
