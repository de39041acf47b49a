"""Pull requests that were closed, merged or not, and which commits they ended in."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.adapters.github_http import PER_PAGE, GitHubRequester, repo_path
from bot.domain.feedback import ClosedPull
from bot.domain.forge import RepoId
from bot.domain.pull_request import Sha


def closed_pull(requester: GitHubRequester, repo: RepoId, number: int) -> ClosedPull | None:
    """Return a pull request, or None where it is open again."""
    _, row = requester.requestJsonAndCheck("GET", f"{repo_path(repo)}/pulls/{number}")
    return _closed(row)


def closed_pulls(
    requester: GitHubRequester, repo: RepoId, *, since: datetime, most: int
) -> Sequence[ClosedPull]:
    """Return those that were closed since then, the one that changed last first."""
    wanted = {"state": "closed", "sort": "updated", "direction": "desc", "per_page": PER_PAGE}
    _, rows = requester.requestJsonAndCheck("GET", f"{repo_path(repo)}/pulls", wanted)
    found = (_closed(row) for row in rows)
    return [one for one in found if one is not None and one.closed_at >= since][:most]


def _closed(row: Mapping[str, Any]) -> ClosedPull | None:
    if row["closed_at"] is None:
        return None
    is_merged = row["merged_at"] is not None
    return ClosedPull(
        number=row["number"],
        author_id=row["user"]["id"] if row["user"] else 0,
        base_sha=Sha(row["base"]["sha"]),
        head_sha=Sha(row["head"]["sha"]),
        merge_sha=Sha(row["merge_commit_sha"]) if is_merged else None,
        closed_at=datetime.fromisoformat(row["closed_at"]),
    )
