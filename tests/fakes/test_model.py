import pytest

from bot.domain.model_budget import Allowance
from tests.adapters.model_contract import CONTRACT, ENOUGH, Clause, Subject
from tests.fakes.model import ScriptedModel, seal
from tests.model_server.replies import Script


def make(
    script: Script, *, allowance: Allowance = ENOUGH, secrets: tuple[str, ...] = ()
) -> Subject:
    model = ScriptedModel(script, seal(*secrets), allowance)
    return Subject(model, lambda: [prompt.text for prompt in model.prompts])


@pytest.mark.parametrize("clause", CONTRACT, ids=lambda clause: clause.__name__)
def test_the_fake_keeps_the_contract(clause: Clause) -> None:
    clause(make)
