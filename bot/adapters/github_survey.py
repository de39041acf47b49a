"""What is open in one installation, read with a token that can only read.

One GraphQL request tells of a hundred pull requests which check runs of ours are on their heads;
over REST it would be one request for each.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.adapters.github_access import GitHubHost, revoke
from bot.adapters.github_auth import SURVEY, AppIdentity, InstallationToken
from bot.adapters.github_http import GitHubRequester
from bot.adapters.github_nodes import nodes_of
from bot.adapters.github_opinions import GitHubOpinions
from bot.domain.app_forge import HeadCheck, OpenPull, RepoPage
from bot.domain.forge import CheckStatus, RepoId
from bot.domain.opinions import Count
from bot.domain.pull_request import Sha
from bot.domain.verdict_check import CHECK_NAME

REPOS_PER_PAGE = 20
"""Few, so that the job which looks at one page is short."""
PULLS_PER_PAGE = 100
_MOST_PAGES = 3
_QUERY = """query OpenPulls($owner: String!, $name: String!, $app: Int!, $check: String!,
  $first: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequests(states: [OPEN], first: $first, after: $after,
      orderBy: {field: UPDATED_AT, direction: DESC}) {
      pageInfo { hasNextPage endCursor }
      nodes {
        number title isDraft baseRefName headRefOid updatedAt
        labels(first: 50) { nodes { name } }
        commits(last: 1) { nodes { commit {
          oid
          checkSuites(first: 5, filterBy: {appId: $app}) { nodes {
            checkRuns(first: 20, filterBy: {checkName: $check}) { nodes { externalId status } }
          } }
        } } }
      }
    }
  }
}"""


@dataclass(frozen=True, slots=True)
class GitHubSurvey:
    """`Survey`."""

    requester: GitHubRequester
    app_id: int
    installation_id: int

    def repos(self, page: int) -> RepoPage:
        _, answer = self.requester.requestJsonAndCheck(
            "GET", "/installation/repositories", {"per_page": REPOS_PER_PAGE, "page": page}
        )
        rows = answer["repositories"]
        found = [RepoId(self.installation_id, row["id"], row["full_name"]) for row in rows]
        return RepoPage(tuple(found), has_more=page * REPOS_PER_PAGE < answer["total_count"])

    def open_pulls(self, repo: RepoId) -> Sequence[OpenPull]:
        return tuple(_open_pull(node) for node in self._nodes(repo))

    def thumbs(self, repo: RepoId, number: int) -> Mapping[int, Count]:
        return GitHubOpinions(self.requester, repo, most_pages=1).counts(number)

    def _nodes(self, repo: RepoId) -> Iterator[Mapping[str, Any]]:
        owner, _, name = repo.full_name.partition("/")
        after: str | None = None
        for _ in range(_MOST_PAGES):
            variables = {
                "owner": owner,
                "name": name,
                "app": self.app_id,
                "check": CHECK_NAME,
                "first": PULLS_PER_PAGE,
                "after": after,
            }
            repository = self.requester.query(_QUERY, variables)["repository"]
            # A repository that was deleted meanwhile has nothing that is open.
            if not repository:
                return
            yield from nodes_of(repository["pullRequests"])
            info = repository["pullRequests"]["pageInfo"]
            if not info["hasNextPage"]:
                return
            after = info["endCursor"]


@contextmanager
def open_survey(host: GitHubHost, app: AppIdentity, installation_id: int) -> Iterator[GitHubSurvey]:
    """Open an installation to look at; the token is for all its repositories, and only reads."""
    signer = host.requester(app, installation_id=installation_id)
    token = InstallationToken(signer, RepoId(installation_id, 0, ""), SURVEY, is_for_all=True)
    requester = host.requester(token, installation_id=installation_id)
    try:
        yield GitHubSurvey(requester, int(app.app_id), installation_id)
    finally:
        revoke(requester, token)
        requester.close()
        signer.close()


def _open_pull(node: Mapping[str, Any]) -> OpenPull:
    head = node["headRefOid"]
    return OpenPull(
        number=node["number"],
        title=node["title"],
        is_draft=node["isDraft"],
        labels=tuple(label["name"] for label in nodes_of(node["labels"])),
        base_ref=node["baseRefName"],
        head_sha=Sha(head),
        changed_at=datetime.fromisoformat(node["updatedAt"]),
        checks=tuple(
            HeadCheck(run["externalId"] or "", _status(run["status"]))
            for last in nodes_of(node["commits"])
            if last["commit"]["oid"] == head
            for suite in nodes_of(last["commit"]["checkSuites"])
            for run in nodes_of(suite["checkRuns"])
        ),
    )


def _status(word: str) -> CheckStatus:
    """Return the status; GitHub has more words for a run that waits than we ever write."""
    try:
        return CheckStatus(word.lower())
    except ValueError:
        return CheckStatus.QUEUED
