"""The past of a pull request on a server: the commits and files that tell what became of ours."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bot.adapters.git_history import GitHistory
from bot.adapters.git_mirror import MirrorCache
from bot.adapters.git_objects import CheckoutBudget
from bot.adapters.git_remote import fetch_commits, parse_remote
from bot.domain.aftermath import MOST_COMMITS
from bot.domain.pull_request import Sha


@contextmanager
def open_past(
    url: str, shas: frozenset[Sha], *, cache: Path, network: Mapping[str, str]
) -> Iterator[GitHistory]:
    """Fetch these commits with what led to them, as far back as a pull request may reach.

    Raises Refused where one of them is not there any more, TooLarge and Retryable.
    """
    budget = CheckoutBudget()
    remote = parse_remote(url, network)
    mirror = MirrorCache(cache, budget.seconds).open(f"{remote.url} past")
    try:
        depth, limit = f"--depth={MOST_COMMITS + 10}", f"--filter=blob:limit={budget.blob_bytes}"
        fetch_commits(mirror, remote, set(shas), depth, limit, budget=budget)
        yield GitHistory(mirror.git)
    finally:
        mirror.close()
