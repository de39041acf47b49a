"""What one job may do on GitHub, and the end of it: tokens are revoked whatever happened.

A job starts with a token to read, comment and report. The one that may write contents is made when
the first commit is, so it does not exist while code of the pull request runs (rule R4).
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

import bot
from bot.adapters.github_auth import (
    COMMENTS,
    CONTENTS,
    AppIdentity,
    InstallationToken,
    PlainToken,
)
from bot.adapters.github_checks import CheckRuns
from bot.adapters.github_client import GitHubForge
from bot.adapters.github_commits import GitHubCommitter
from bot.adapters.github_conversation import Conversations
from bot.adapters.github_history import GitHubHistory
from bot.adapters.github_http import GitHubRequester
from bot.adapters.github_merge_groups import GitHubMergeGroups
from bot.adapters.github_opinions import GitHubOpinions
from bot.adapters.github_pacing import Pacer
from bot.adapters.github_publisher import GitHubPublisher
from bot.adapters.github_pull_states import GitHubPullStates
from bot.adapters.github_transport import ApiAddress, Credential, EtagCache, Network, Transport
from bot.domain.forge import RepoId
from bot.errors import Refused, Retryable

USER_AGENT = f"pullwright/{bot.__version__}"


@dataclass(slots=True)
class GitHubHost:
    """One GitHub, for the whole process: its pace and what it said are shared by all jobs."""

    address: ApiAddress
    network: Network = field(default_factory=Network)
    new_pacer: Callable[[int], Pacer] = lambda _installation_id: Pacer()
    """Without a database, each process keeps the turns for itself."""
    _pacers: dict[int, Pacer] = field(default_factory=dict)
    _caches: dict[int, EtagCache] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def requester(self, credential: Credential, *, installation_id: int) -> GitHubRequester:
        """Return a client with this credential; clients of one installation go in turn."""
        transport = self.transport(credential, installation_id=installation_id)
        return GitHubRequester(self.address, transport, user_agent=USER_AGENT)

    def transport(self, credential: Credential, *, installation_id: int) -> Transport:
        """Return what sends single requests with this credential, in turn like the others."""
        with self._lock:
            if installation_id not in self._pacers:
                self._pacers[installation_id] = self.new_pacer(installation_id)
            pacer = self._pacers[installation_id]
            cache = self._caches.setdefault(installation_id, EtagCache())
        return Transport(self.address, credential, pacer, cache=cache, network=self.network)


@dataclass(frozen=True, slots=True)
class GitHubAccess:
    """The ports of one job on one repository."""

    forge: GitHubForge
    publisher: GitHubPublisher
    """Comments, checks and reactions."""
    history: GitHubHistory
    merge_groups: GitHubMergeGroups
    open_checks: CheckRuns
    states: GitHubPullStates
    opinions: GitHubOpinions
    committer: GitHubCommitter
    """Its token is made by its first use, so use it once no sandbox is left."""
    clone_url: str
    """Without a credential."""
    web_url: str
    """Of the repository, for links."""
    token: Callable[[], str]
    """Return the token for fetching, as the password of `x-access-token`."""

    @contextmanager
    def committing(self) -> Iterator[GitHubCommitter]:
        """Open the write side of contents; only once no sandbox is left."""
        yield self.committer

    @property
    def reactions(self) -> GitHubPublisher:
        """Reactions to comments of people."""
        return self.publisher


@contextmanager
def app_access(host: GitHubHost, app: AppIdentity, repo: RepoId) -> Iterator[GitHubAccess]:
    """Open what the App may do for one job; both tokens are revoked at the end."""
    installation = repo.installation_id
    with ExitStack() as stack:
        signer = host.requester(app, installation_id=installation)
        stack.callback(signer.close)
        comments = InstallationToken(signer, repo, COMMENTS)
        contents = InstallationToken(signer, repo, CONTENTS)
        requesters = [host.requester(t, installation_id=installation) for t in (comments, contents)]
        for token, requester in zip((comments, contents), requesters, strict=True):
            stack.callback(requester.close)
            stack.callback(revoke, requester, token)
        yield _access(host, repo, requesters[0], lambda: requesters[1], comments.token)


@contextmanager
def token_access(host: GitHubHost, token: PlainToken, repo: RepoId) -> Iterator[GitHubAccess]:
    """Open what a token that we were given may do; it is not ours to revoke."""
    requester = host.requester(token, installation_id=repo.installation_id)
    try:
        yield _access(host, repo, requester, lambda: requester, lambda: token.token)
    finally:
        requester.close()


def _access(
    host: GitHubHost,
    repo: RepoId,
    requester: GitHubRequester,
    writer: Callable[[], GitHubRequester],
    token: Callable[[], str],
) -> GitHubAccess:
    conversations = Conversations(requester, repo)
    checks = CheckRuns(requester, repo)
    web_url = f"{host.address.web_url}/{repo.full_name}"
    return GitHubAccess(
        forge=GitHubForge(requester, repo, conversations),
        publisher=GitHubPublisher(requester, repo, conversations, checks, resolving=writer),
        open_checks=checks,
        history=GitHubHistory(requester, repo),
        merge_groups=GitHubMergeGroups(requester, repo),
        states=GitHubPullStates(requester, repo),
        opinions=GitHubOpinions(requester, repo),
        committer=GitHubCommitter(writer, repo),
        clone_url=f"{web_url}.git",
        web_url=web_url,
        token=token,
    )


def revoke(requester: GitHubRequester, token: InstallationToken) -> None:
    """Revoke a token that was made; one that cannot be is gone within the hour."""
    if not token.is_made:
        return
    token.close()
    with suppress(Refused, Retryable):
        requester.requestJsonAndCheck("DELETE", "/installation/token")
