"""The adapter in front of a scripted server, as test modules need it."""

from collections.abc import Iterator
from contextlib import contextmanager

from bot.adapters.cerebras_client import CerebrasClient, Server
from bot.adapters.cerebras_model import CerebrasModel, Waiting
from bot.domain.model_budget import Allowance
from bot.domain.model_choice import Wanted
from bot.domain.prompt import Seal
from tests.adapters.model_contract import ENOUGH
from tests.fakes.model import seal
from tests.model_server.server import ModelServer, serving

AT_ONCE = Waiting(sleep=lambda seconds: None)
"""For waits between tries; those on the network are real."""


@contextmanager
def connected(
    server: ModelServer,
    *,
    key: str | None = None,
    wanted: Wanted | None = None,
    allowance: Allowance = ENOUGH,
    sealed_by: Seal | None = None,
    waiting: Waiting = AT_ONCE,
) -> Iterator[CerebrasModel]:
    """Serve, and yield a model that asks the server."""
    with serving(server):
        client = CerebrasClient(Server(server.url, key))
        try:
            yield CerebrasModel(
                client, sealed_by or seal(), allowance, wanted=wanted, waiting=waiting
            )
        finally:
            client.close()
