from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from bot.adapters.cerebras_client import CerebrasClient, Server
from bot.adapters.cerebras_model import CerebrasModel
from bot.domain.model_budget import Allowance
from tests.adapters.model_contract import CONTRACT, ENOUGH, Clause, Maker, Subject
from tests.fakes.model import seal
from tests.model_server.replies import Script
from tests.model_server.server import ModelServer, serving


@pytest.fixture
def make() -> Iterator[Maker]:
    with ExitStack() as stack:

        def opened(
            script: Script, *, allowance: Allowance = ENOUGH, secrets: tuple[str, ...] = ()
        ) -> Subject:
            server = stack.enter_context(serving(ModelServer(script)))
            client = CerebrasClient(Server(server.url))
            stack.callback(client.close)
            model = CerebrasModel(client, seal(*secrets), allowance)
            return Subject(model, lambda: [chat.text for chat in server.chats])

        yield opened


@pytest.mark.parametrize("clause", CONTRACT, ids=lambda clause: clause.__name__)
def test_the_sdk_in_front_of_a_server_keeps_the_contract(clause: Clause, make: Maker) -> None:
    clause(make)
