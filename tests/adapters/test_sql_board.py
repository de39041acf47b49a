from contextlib import closing

import pytest

from bot.adapters.sql_board import open_board
from bot.adapters.sql_ledger import open_ledger
from tests.adapters.board_contract import BOARD_CONTRACT, BoardClause


@pytest.mark.parametrize("clause", BOARD_CONTRACT, ids=lambda clause: clause.__name__)
def test_the_database_keeps_the_contract_of_the_board(clause: BoardClause, sql_url: str) -> None:
    with closing(open_ledger(sql_url)) as ledger, closing(open_board(sql_url)) as board:
        clause(ledger, board)
