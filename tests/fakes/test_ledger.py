import pytest

from tests.adapters.ledger_contract import CONTRACT
from tests.adapters.ledger_values import (
    Clause,
)
from tests.fakes.ledger import fake_ledger


@pytest.mark.parametrize("clause", CONTRACT, ids=lambda clause: clause.__name__)
def test_the_fake_keeps_the_contract(clause: Clause) -> None:
    clause(fake_ledger())
