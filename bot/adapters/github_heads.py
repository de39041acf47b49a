"""Which open pull requests have a branch as their head, in a fork too."""

from collections.abc import Sequence

from bot.adapters.github_http import PER_PAGE, GitHubRequester, repo_path
from bot.domain.forge import RepoId
from bot.domain.pull_request import Sha


def open_pulls_of(
    requester: GitHubRequester, repo: RepoId, *, owner: str, branch: str, head: Sha
) -> Sequence[int]:
    """Return the numbers of those that are at this commit, the newest first."""
    wanted = {"state": "open", "head": f"{owner}:{branch}", "per_page": PER_PAGE}
    _, rows = requester.requestJsonAndCheck("GET", f"{repo_path(repo)}/pulls", wanted)
    return [row["number"] for row in rows if row["head"]["sha"] == head]
