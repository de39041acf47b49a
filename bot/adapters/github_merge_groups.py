"""What a merge queue's group holds on GitHub, told by its commits and not by their words.

The queue puts one merge commit for each pull request on the base, or squashes and rebases them. A
merge commit names the head it merges; of other commits only GitHub's own lists are believed, and
where these are silent a group is only what cannot be anything else. Whoever writes a pull request
chooses the messages of its commits, so no number in a message makes a member.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.adapters.github_errors import Invalid, NotFound
from bot.adapters.github_http import GitHubRequester, repo_path
from bot.domain.forge import RepoId
from bot.domain.merge_group import MOST_COMMITS, GroupMember, MergeGroup, named_pull
from bot.domain.pull_request import Sha
from bot.domain.requests import MergeGroupRequest


@dataclass(frozen=True, slots=True)
class _Commit:
    sha: Sha
    parents: tuple[Sha, ...]
    message: str

    @property
    def merged(self) -> Sha:
        """The head of the pull request: merged, or rewritten as this commit."""
        return self.parents[1] if len(self.parents) == 2 else self.sha


@dataclass(frozen=True, slots=True)
class GitHubMergeGroups:
    """Implements `MergeGroups` for one repository."""

    requester: GitHubRequester
    repo: RepoId

    def read(self, request: MergeGroupRequest) -> MergeGroup:
        chain = list(self._chain(request))
        members: list[GroupMember] = []
        left: list[_Commit] = []
        for commit in chain:
            member = self._member(commit, request)
            if member is None:
                left.append(commit)
            elif member not in members:
                members.append(member)
        is_whole = bool(chain) and request.base_sha in chain[0].parents[:1]
        named = self._named(request, left) if left and left == chain and is_whole else None
        if named is not None:
            return MergeGroup((named,))
        return MergeGroup(tuple(members), tuple(commit.sha for commit in left), is_whole)

    def _chain(self, request: MergeGroupRequest) -> Sequence[_Commit]:
        """Return what the queue put on the base, oldest first, or the last of it."""
        chain: list[_Commit] = []
        sha = request.head_sha
        while sha != request.base_sha and len(chain) < MOST_COMMITS:
            data = self._fetched(f"git/commits/{sha}")
            parents = tuple(Sha(parent["sha"]) for parent in data["parents"])
            chain.append(_Commit(sha, parents, data["message"]))
            if not parents:
                break
            sha = parents[0]
        return chain[::-1]

    def _member(self, commit: _Commit, request: MergeGroupRequest) -> GroupMember | None:
        """Return the open pull request that GitHub names for what was merged."""
        try:
            found = self._fetched(f"commits/{commit.merged}/pulls")
        except (NotFound, Invalid):
            return None
        base = request.base_ref.removeprefix("refs/heads/")
        pulls = [p for p in found if p["state"] == "open" and p["base"]["ref"] == base]
        exact = [p for p in pulls if p["head"]["sha"] == commit.merged]
        is_merge = commit.merged != commit.sha
        # Several may have the same head: each is asked of the ledger under the first number.
        for pull in sorted(exact or pulls, key=lambda p: int(p["number"])):
            head = commit.merged if is_merge else Sha(pull["head"]["sha"])
            return GroupMember(int(pull["number"]), head)
        return None

    def _named(self, request: MergeGroupRequest, chain: Sequence[_Commit]) -> GroupMember | None:
        """Return the pull request of the branch's name, where the whole group can only be it.

        That is one commit, or its own commits rebased one by one.
        """
        number = named_pull(request.head_ref)
        if number is None or any(len(commit.parents) != 1 for commit in chain):
            return None
        if len(chain) > 1:
            own = self._fetched(f"pulls/{number}/commits?per_page=100")
            if list(_messages(own)) != [commit.message for commit in chain]:
                return None
        return GroupMember(number, Sha(self._fetched(f"pulls/{number}")["head"]["sha"]))

    def _fetched(self, path: str) -> Any:
        _, data = self.requester.requestJsonAndCheck("GET", f"{repo_path(self.repo)}/{path}")
        return data


def _messages(commits: Iterable[dict[str, Any]]) -> Iterator[str]:
    return (commit["commit"]["message"] for commit in commits)
