"""The past of a repository on a server, in a mirror of its own: a review needs no history."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bot.adapters.git_history import GitHistory
from bot.adapters.git_mirror import MirrorCache
from bot.adapters.git_objects import CheckoutBudget
from bot.adapters.git_remote import fetch_past, parse_remote
from bot.domain.aftermath import CodeHistory
from bot.domain.pull_request import Sha


@contextmanager
def open_past(
    url: str, shas: Collection[Sha], *, cache: Path, network: Mapping[str, str]
) -> Iterator[CodeHistory]:
    """Open what the server has of these commits and of what came before them.

    A credential in the URL is used and never stored or shown. Raises Refused, TooLarge, Retryable.
    """
    budget = CheckoutBudget()
    mirrors = MirrorCache(cache, budget.seconds)
    mirror = fetch_past(parse_remote(url, network), mirrors, shas, budget=budget)
    try:
        yield GitHistory(mirror.git)
    finally:
        mirror.close()
