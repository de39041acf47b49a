"""Commits by GitHub itself: signed, atomic, and only where the branch is where we saw it.

`createCommitOnBranch` takes the head that we expect, so a commit can neither overwrite somebody's
push nor be made twice (rule R20, catalogue G12).
"""

import base64
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote

from github.Repository import Repository

from bot.adapters.github_errors import Invalid, NotFound, Uncertain
from bot.adapters.github_http import GitHubRequester, repo_path
from bot.adapters.github_trees import is_just, old_files
from bot.domain.commit_rules import (
    STACKED_PREFIX,
    OldFile,
    check_branch,
    check_kinds,
    check_own,
    check_paths,
    check_size,
)
from bot.domain.forge import FileChanges, HeadMoved, NewPullRequest, RepoId, Undoing
from bot.domain.markdown import cut
from bot.domain.ports import CommitMessage
from bot.domain.pull_request import Sha
from bot.domain.untrusted import one_line
from bot.errors import Refused

_COMMIT = """mutation Commit($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid } }
}"""
_RUN = "Pullwright-Run"

_Check = Callable[[Mapping[str, OldFile]], None]
"""Raises Refused for what the head holds at the paths that are to be written."""


@dataclass(frozen=True, slots=True)
class _Head:
    sha: Sha
    tree: str
    parents: tuple[str, ...]
    message: str
    is_protected: bool

    def says(self, message: CommitMessage, *, expected: Sha) -> bool:
        """Tell whether this claims to be our commit; anybody can write our run into theirs."""
        runs = [f"{key}: {value}" for key, value in message.trailers if key == _RUN]
        lines = self.message.splitlines()
        return self.parents == (expected,) and bool(runs) and all(run in lines for run in runs)


@dataclass(frozen=True, slots=True)
class _Wanted:
    branch: str
    expected: Sha
    files: FileChanges
    message: CommitMessage

    def as_input(self, repo: str) -> dict[str, object]:
        """Return the input of the mutation."""
        additions = [
            {"path": path, "contents": base64.b64encode(data).decode("ascii")}
            for path, data in sorted(self.files.items())
            if data is not None
        ]
        deletions = [{"path": path} for path, data in sorted(self.files.items()) if data is None]
        return {
            "branch": {"repositoryNameWithOwner": repo, "branchName": self.branch},
            "expectedHeadOid": self.expected,
            "message": {"headline": one_line(self.message.subject), "body": _body(self.message)},
            "fileChanges": {"additions": additions, "deletions": deletions},
        }


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
        wanted = _Wanted(branch, expected, files, message)
        return self._commit(wanted, self._head(branch), lambda before: check_size(files, before))

    def take_back(
        self, branch: str, *, expected: Sha, files: Mapping[str, Undoing], message: CommitMessage
    ) -> Sha:
        restored = {path: file.before for path, file in files.items()}
        check_kinds(restored)
        wanted = _Wanted(branch, expected, restored, message)
        return self._commit(wanted, self._head(branch), lambda before: check_own(files, before))

    def open_stacked(
        self, wanted: NewPullRequest, *, at: Sha, files: FileChanges, message: CommitMessage
    ) -> str:
        if not wanted.branch.startswith(STACKED_PREFIX):
            raise Refused(f"a stacked branch is {STACKED_PREFIX}*, not {one_line(wanted.branch)}")
        check_paths(files)
        self._commit(
            _Wanted(wanted.branch, at, files, message),
            self._created(wanted.branch, at),
            lambda before: check_size(files, before),
        )
        found = self._open_pull(wanted)
        if found is not None:
            return found
        try:
            return self._create_pull(wanted)
        except Uncertain:
            return self._open_pull(wanted) or self._create_pull(wanted)

    def _commit(self, wanted: _Wanted, head: _Head, check: _Check) -> Sha:
        if head.sha != wanted.expected:
            return self._ours(head, wanted)
        check_branch(wanted.branch, default=self._default(), is_protected=head.is_protected)
        paths = tuple(wanted.files)
        check(old_files(self.requester(), self.repo, tree=head.tree, paths=paths))
        try:
            return self._send(wanted)
        except (Uncertain, HeadMoved):
            head = self._head(wanted.branch)
            if head.sha != wanted.expected:
                return self._ours(head, wanted)
            return self._send(wanted)

    def _send(self, wanted: _Wanted) -> Sha:
        variables = {"input": wanted.as_input(self.repo.full_name)}
        data = self.requester().query(_COMMIT, variables)
        done = data["createCommitOnBranch"]
        if not done or not done["commit"]:
            raise Uncertain("GitHub does not say what it committed")
        return Sha(done["commit"]["oid"])

    def _ours(self, head: _Head, wanted: _Wanted) -> Sha:
        """Return the head where it is the commit that was asked for; else somebody pushed."""
        expected = wanted.expected
        if head.says(wanted.message, expected=expected) and self._is_whole(head, wanted):
            return head.sha
        there, seen = head.sha[:12], expected[:12]
        raise HeadMoved(f"nothing was committed: the branch is at {there}, not at {seen}")

    def _is_whole(self, head: _Head, wanted: _Wanted) -> bool:
        """Tell whether the head holds what we would commit, and nothing that we would not."""
        url = f"{repo_path(self.repo)}/git/commits/{wanted.expected}"
        _, seen = self.requester().requestJsonAndCheck("GET", url)
        before = seen["tree"]["sha"]
        return is_just(
            self.requester(), self.repo, before=before, after=head.tree, files=wanted.files
        )

    @property
    def _repository(self) -> Repository:
        return Repository(self.requester(), url=repo_path(self.repo))

    def _default(self) -> str:
        return self._repository.default_branch

    def _created(self, branch: str, at: Sha) -> _Head:
        """Return the head of a branch of our own, made where it is missing."""
        try:
            return self._head(branch)
        except NotFound:
            # It may be there by now all the same: the next look says so, or what is wrong.
            with suppress(Uncertain, Invalid):
                self._repository.create_git_ref(f"refs/heads/{branch}", at)
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


def _body(message: CommitMessage) -> str:
    trailers = "\n".join(f"{one_line(k)}: {one_line(v)}" for k, v in message.trailers)
    return "\n\n".join(part for part in (message.body.strip("\n"), trailers) if part)
