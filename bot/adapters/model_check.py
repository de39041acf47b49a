"""What `doctor` says of the model: none, which one, or what to change."""

from collections.abc import Iterator

from bot.adapters.cerebras_client import CerebrasClient
from bot.adapters.doctor_check import Check
from bot.adapters.reply_parser import parse_served
from bot.domain.model import ModelCard
from bot.domain.model_choice import AUTO, Wanted, card, pick
from bot.errors import ModelFailed, ModelRefused

SECONDS = 20.0
_NAME = "model"


def without_model() -> Iterator[Check]:
    """Say that there is none, which is fine."""
    yield Check(_NAME, False, "CEREBRAS_API_KEY is not set; reviews work without it", False)


def examine_model(client: CerebrasClient, wanted: Wanted) -> Iterator[Check]:
    """Ask the server what it serves; no prompt is sent and nothing is spent.

    A model that was set and cannot be asked is bad: somebody counts on it.
    """
    try:
        found = _card(client, wanted)
    except ModelFailed as error:
        yield Check(_NAME, False, f"{error}; until then reviews go without it")
        return
    price = f"${found.price.prompt_usd:g} and ${found.price.completion_usd:g} a million tokens"
    yield Check(_NAME, True, f"{found.id} at {client.host} ({found.reason}), {price}")


def _card(client: CerebrasClient, wanted: Wanted) -> ModelCard:
    served = parse_served(client.served(timeout_s=SECONDS))
    if wanted.model == AUTO:
        picked = pick(served, host=client.host)
        return card(picked, f"auto, of {len(served)} served", wanted.prices)
    if wanted.model not in served:
        raise ModelRefused(
            f"{client.host} does not serve {wanted.model}, to this key or any more: "
            "set PULLWRIGHT_MODEL to auto, or to one that it serves"
        )
    return card(wanted.model, "PULLWRIGHT_MODEL names it", wanted.prices)
