import pytest

from tests.adapters.validator_contract import CONTRACT, FILES, Clause
from tests.fakes.validator import FakeValidator


@pytest.mark.parametrize("clause", CONTRACT, ids=lambda clause: clause.__name__)
def test_the_fake_keeps_the_contract(clause: Clause) -> None:
    clause(FakeValidator(FILES))
