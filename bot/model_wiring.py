"""Builds the model from the operator's settings; the SDK is imported only where one is set."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from secrets import token_hex
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.agent.prompts import VERSION
from bot.domain.model import Model, Price
from bot.domain.model_budget import Allowance
from bot.domain.model_choice import PriceList, Wanted
from bot.domain.ports import Workspace
from bot.domain.prompt import Seal
from bot.domain.prompt_redaction import PromptRedactor
from bot.domain.repo_config import Budget, RepoConfig
from bot.settings import ModelSettings

if TYPE_CHECKING:
    from bot.adapters.cerebras_client import CerebrasClient
    from bot.adapters.doctor_check import Check

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@contextmanager
def open_model(
    settings: ModelSettings,
    budget: Budget,
    *,
    network: Mapping[str, str],
    secrets: Sequence[str] = (),
) -> Iterator[Model | None]:
    """Open the model for one run, or yield None where none is set.

    No connection is made before the first call. `secrets` never leave, and neither does the key.
    """
    if not settings.is_on:
        yield None
        return
    from bot.adapters.cerebras_model import CerebrasModel

    known = [*secrets, *([settings.api_key] if settings.api_key else [])]
    # Drawn anew for each run, so that no pull request can know it.
    seal = Seal(token_hex(8), PromptRedactor(known))
    allowance = Allowance(budget.tokens, budget.usd)
    client = _client(settings, network)
    try:
        yield CerebrasModel(client, seal, allowance, wanted=_wanted(settings))
    finally:
        client.close()


def guidance_of(workspace: Workspace, config: RepoConfig) -> dict[str, str]:
    """Return the maintainers' files at the base, where a pull request cannot write them."""
    files = workspace.files(workspace.change.base_sha, config.guidance)
    return {file.path: file.data.decode("utf-8", "replace") for file in files}


def model_basis(
    settings: ModelSettings | None, workspace: Workspace, config: RepoConfig
) -> tuple[str, ...]:
    """Return what decides what a model says of a file, besides the file."""
    if settings is None or not settings.is_on:
        return ()
    guidance = sorted(guidance_of(workspace, config).items())
    return (settings.base_url, settings.model, VERSION, repr(guidance))


def examine_model(network: Mapping[str, str], settings: ModelSettings) -> "Iterator[Check]":
    """Yield what `doctor` says of the model."""
    from bot.adapters import model_check

    if not settings.is_on:
        yield from model_check.without_model()
        return
    client = _client(settings, network)
    try:
        yield from model_check.examine_model(client, _wanted(settings))
    finally:
        client.close()


def _client(settings: ModelSettings, network: Mapping[str, str]) -> "CerebrasClient":
    from bot.adapters.cerebras_client import CerebrasClient, Server
    from bot.adapters.model_transport import Route

    route = Route(_proxy(settings.base_url, network), network.get("GIT_SSL_CAINFO"))
    return CerebrasClient(Server(settings.base_url, settings.api_key, route))


def _proxy(base_url: str, network: Mapping[str, str]) -> str | None:
    """Return the operator's proxy for a URL, unless the host is this machine or exempt."""
    url = urlsplit(base_url)
    host = url.hostname or ""
    named = network.get("no_proxy") or network.get("NO_PROXY") or ""
    exempt = {entry.strip().lower().lstrip(".") for entry in named.split(",")}
    parents = {host[start:] for start in (0, *(i + 1 for i, c in enumerate(host) if c == "."))}
    if host in _LOOPBACK or exempt & {"*", *parents}:
        return None
    return network.get(f"{url.scheme}_proxy") or network.get(f"{url.scheme.upper()}_PROXY")


def _wanted(settings: ModelSettings) -> Wanted:
    prices = {model: Price(*dollars) for model, dollars in settings.prices.items()}
    return Wanted(settings.model, PriceList(prices))
