"""The commits of a pull request on GitHub, and our stacked pull requests on top of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from github.PullRequest import PullRequest
from github.Repository import Repository

from bot.adapters.github_http import PER_PAGE, GitHubRequester, repo_path
from bot.domain.commit_rules import STACKED_PREFIX
from bot.domain.forge import PullCommit, RepoId
from bot.domain.pull_request import Sha
from bot.errors import Refused

_MOST = 250
"""GitHub lists no more commits of a pull request than these, the oldest ones."""


@dataclass(frozen=True, slots=True)
class GitHubHistory:
    """`History` for one repository."""

    requester: GitHubRequester
    repo: RepoId

    def commits(self, number: int) -> Sequence[PullCommit]:
        found: list[PullCommit] = []
        for page in range(1, 1 + -(-_MOST // PER_PAGE)):
            rows = self._page(number, page)
            found.extend(rows)
            if len(rows) < PER_PAGE:
                break
        if len(found) >= _MOST:
            raise Refused(f"GitHub lists no more than {_MOST} commits of a pull request")
        return tuple(found)

    def stacked_on(self, branch: str) -> Sequence[str]:
        repository = Repository(self.requester, url=repo_path(self.repo))
        pulls = repository.get_pulls(state="open", base=branch)
        return tuple(pull.html_url for pull in pulls if self._is_stacked(pull))

    def _is_stacked(self, pull: PullRequest) -> bool:
        owner = self.repo.full_name.partition("/")[0]
        return pull.head.label.startswith(f"{owner}:{STACKED_PREFIX}")

    def _page(self, number: int, page: int) -> list[PullCommit]:
        url = f"{repo_path(self.repo)}/pulls/{number}/commits"
        _, rows = self.requester.requestJsonAndCheck(
            "GET", url, {"per_page": PER_PAGE, "page": page}
        )
        return [
            PullCommit(
                Sha(row["sha"]),
                tuple(Sha(parent["sha"]) for parent in row["parents"]),
                row["commit"]["message"],
            )
            for row in rows
        ]
