"""Commits by GitHub itself: signed, atomic, and only where the branch is where we saw it.

`createCommitOnBranch` takes the head that we expect, so a commit can neither overwrite somebody's
push nor be made twice (rule R20, catalogue G12).
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from github.Repository import Repository

from bot.adapters.github_errors import Invalid, NotFound, Uncertain
from bot.adapters.github_http import GitHubRequester, repo_path
from bot.adapters.github_trees import old_files
from bot.domain.commit_rules import STACKED_PREFIX, check_branch, check_paths, check_size
from bot.domain.forge import FileChanges, HeadMoved, NewPullRequest, RepoId
from bot.domain.markdown import cut
from bot.domain.ports import CommitMessage
from bot.domain.pull_request import Sha
from bot.domain.untrusted import one_line
from bot.errors import Refused

_COMMIT = """mutation Commit($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid } }
}"""
_RUN = "Pullwright-Run"


@dataclass(frozen=True, slots=True)
class _Head:
    sha: Sha
    tree: str
    parents: tuple[str, ...]
    message: str
    is_protected: bool

    def is_of(self, message: CommitMessage, *, expected: Sha) -> bool:
        """Tell whether this is the commit that we would make: its run on top of what we saw."""
        runs = [f"{key}: {value}" for key, value in message.trailers if key == _RUN]
        lines = self.message.splitlines()
        return self.parents == (expected,) and bool(runs) and all(run in lines for run in runs)


@dataclass(frozen=True, slots=True)
class GitHubCommitter:
    """`Committer` for one repository."""

    requester: Callable[[], GitHubRequester]
    """Makes the token that may write contents, when it is asked for first."""
    repo: RepoId

    def commit(
        self, branch: str, *, expected: Sha, files: FileChanges, message: CommitMessage
    ) -> Sha:
        check_paths(files)
        head = self._branch(branch, created_at=expected)
        if head.sha != expected:
            return _ours(head, message, expected=expected)
        check_branch(branch, default=self._default(), is_protected_branch=head.is_protected)
        requester = self.requester()
        check_size(files, old_files(requester, self.repo, tree=head.tree, paths=tuple(files)))
        wanted = self._input(branch, expected, files, message)
        try:
            return _created(requester, wanted)
        except (Uncertain, HeadMoved):
            head = self._head(branch)
            if head.sha != expected:
                return _ours(head, message, expected=expected)
            return _created(requester, wanted)

    def open_stacked(self, wanted: NewPullRequest, *, at: Sha) -> str:
        if not wanted.branch.startswith(STACKED_PREFIX):
            raise Refused(f"a stacked branch is {STACKED_PREFIX}*, not {one_line(wanted.branch)}")
        if self._head(wanted.branch).sha != at:
            raise HeadMoved(f"{one_line(wanted.branch)} is no longer at {at[:12]}")
        found = self._open_pull(wanted)
        if found is not None:
            return found
        try:
            return self._create_pull(wanted)
        except Uncertain:
            return self._open_pull(wanted) or self._create_pull(wanted)

    @property
    def _repository(self) -> Repository:
        return Repository(self.requester(), url=repo_path(self.repo))

    def _default(self) -> str:
        return self._repository.default_branch

    def _branch(self, branch: str, *, created_at: Sha) -> _Head:
        """Return the head of a branch; one of our own names is created where it is missing."""
        try:
            return self._head(branch)
        except NotFound:
            if not branch.startswith(STACKED_PREFIX):
                raise
        try:
            self._repository.create_git_ref(f"refs/heads/{branch}", created_at)
        except (Uncertain, Invalid):
            # It is there already, made by us a moment ago, or the next line says what is wrong.
            return self._head(branch)
        return self._head(branch)

    def _head(self, branch: str) -> _Head:
        url = f"{repo_path(self.repo)}/branches/{quote(branch, safe='')}"
        _, data = self.requester().requestJsonAndCheck("GET", url)
        commit = data["commit"]
        return _Head(
            sha=Sha(commit["sha"]),
            tree=commit["commit"]["tree"]["sha"],
            parents=tuple(parent["sha"] for parent in commit["parents"]),
            message=commit["commit"]["message"],
            is_protected=bool(data["protected"]),
        )

    def _input(
        self, branch: str, expected: Sha, files: FileChanges, message: CommitMessage
    ) -> dict[str, object]:
        additions = [
            {"path": path, "contents": base64.b64encode(data).decode("ascii")}
            for path, data in sorted(files.items())
            if data is not None
        ]
        deletions = [{"path": path} for path, data in sorted(files.items()) if data is None]
        return {
            "branch": {"repositoryNameWithOwner": self.repo.full_name, "branchName": branch},
            "expectedHeadOid": expected,
            "message": {"headline": one_line(message.subject), "body": _body(message)},
            "fileChanges": {"additions": additions, "deletions": deletions},
        }

    def _open_pull(self, wanted: NewPullRequest) -> str | None:
        owner = self.repo.full_name.partition("/")[0]
        pulls = self._repository.get_pulls(
            state="open", base=wanted.base_ref, head=f"{owner}:{wanted.branch}"
        )
        return next((pull.html_url for pull in pulls), None)

    def _create_pull(self, wanted: NewPullRequest) -> str:
        made = self._repository.create_pull(
            wanted.base_ref, wanted.branch, title=one_line(wanted.title), body=cut(wanted.body)
        )
        return made.html_url


def _created(requester: GitHubRequester, wanted: dict[str, object]) -> Sha:
    data = requester.query(_COMMIT, {"input": wanted})
    return Sha(data["createCommitOnBranch"]["commit"]["oid"])


def _ours(head: _Head, message: CommitMessage, *, expected: Sha) -> Sha:
    """Return the head where it is the commit that was asked for; else somebody pushed."""
    if head.is_of(message, expected=expected):
        return head.sha
    raise HeadMoved(
        f"nothing was committed: the branch is at {head.sha[:12]}, not at {expected[:12]}"
    )


def _body(message: CommitMessage) -> str:
    trailers = "\n".join(f"{one_line(k)}: {one_line(v)}" for k, v in message.trailers)
    return "\n\n".join(part for part in (message.body.strip("\n"), trailers) if part)
