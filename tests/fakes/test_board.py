import pytest

from tests.adapters.board_contract import BOARD_CONTRACT, BoardClause
from tests.fakes.board import fake_board
from tests.fakes.ledger import fake_ledger


@pytest.mark.parametrize("clause", BOARD_CONTRACT, ids=lambda clause: clause.__name__)
def test_the_fake_keeps_the_contract_of_the_board(clause: BoardClause) -> None:
    ledger = fake_ledger()

    clause(ledger, fake_board(ledger))
