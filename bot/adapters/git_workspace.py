"""The workspace over git: one change, read from a bare mirror; there is no checkout on the host.

Trees are streamed from objects, so no symlink is made, no attribute, filter, hook or submodule has
an effect, and code under test cannot reach the repository that we read from.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self, TypedDict

from bot.adapters.git_commit import Branch, check_commit, commit_files
from bot.adapters.git_local import BRANCHES, LocalRepository, find_local
from bot.adapters.git_mirror import Mirror, MirrorCache
from bot.adapters.git_objects import CheckoutBudget, ObjectReader
from bot.adapters.git_remote import fetch_change, parse_remote, same_commit
from bot.adapters.git_uncommitted import Uncommitted, commit_uncommitted
from bot.domain import fix_words
from bot.domain.diff import Diff
from bot.domain.diff_parser import DIFF_ARGUMENTS, parse_diff
from bot.domain.ports import CommitMessage, SourceFile, TreeEntry
from bot.domain.pull_request import PullRequest, Sha
from bot.errors import Refused, TooLarge

__all__ = ["CheckoutBudget", "GitWorkspace", "Uncommitted", "open_local", "open_remote"]

Describe = Callable[[Path, Sha, Mapping[str, str]], tuple[str, str] | None]
"""Reads author and subject of a commit, or None where it cannot."""

DIFF_LIMIT_BYTES = 256 << 20
PARTIAL_CLONE = Refused(
    "its content is not in this clone; for a partial clone run `git fetch --refetch --no-filter`"
)
READ_ONLY = "a repository on a server is only read: run this in a clone of it to commit"
OVER_LIMIT = TooLarge("its content alone is over the budget in bytes")


@dataclass
class GitWorkspace:
    """One change in one mirror; `close`, or leaving the `with` block, lets the mirror go."""

    change: PullRequest
    mirror: Mirror
    reader: ObjectReader
    branch: Branch | None = field(default=None, kw_only=True)
    """Where a commit goes; None where none can be made."""
    why_not: str = field(default="", kw_only=True)
    """What to tell a person who asks for a commit where there is no branch."""

    def diff(self) -> Diff:
        """Return the diff from merge base to head; the same object at every call."""
        return self._diff

    @cached_property
    def _diff(self) -> Diff:
        base, head = self.change.merge_base_sha, self.change.head_sha
        raw = self.mirror.git.run(
            *DIFF_ARGUMENTS, base, head, "--", output_limit_bytes=DIFF_LIMIT_BYTES
        )
        return parse_diff(raw, merge_base_sha=base, head_sha=head)

    def entries(self, sha: Sha) -> Sequence[TreeEntry]:
        """Return every file of a commit, sorted by path; submodules are left out."""
        blobs = self.reader.tree(sha).values()
        return [TreeEntry(blob.path, blob.mode, blob.size_bytes) for blob in blobs]

    def files(self, sha: Sha, paths: Iterable[str] | None = None) -> Iterator[SourceFile]:
        """Yield the files of a commit, or those of `paths` that it has, one at a time."""
        tree = self.reader.tree(sha)
        wanted = tree if paths is None else sorted(tree.keys() & set(paths))
        for path in wanted:
            blob = tree[path]
            yield SourceFile(path, self.reader.read(blob), blob.is_executable)

    def commit(self, files: Mapping[str, bytes], *, message: CommitMessage) -> Sha:
        """Commit the new contents of existing regular files on the head and move its branch."""
        if self.branch is None:
            raise Refused(self.why_not)
        head = self.reader.tree(self.change.head_sha)
        return commit_files(self.mirror, head, branch=self.branch, files=files, message=message)

    def check_commit(self) -> None:
        """Raise Refused where it is known already that no fix could be committed."""
        if self.branch is None:
            raise Refused(fix_words.or_no_commit(self.why_not))
        check_commit(self.mirror, self.branch, self.diff().by_path)

    def check(self) -> None:
        """Raise TooLarge or Refused where the head's tree is not one to work on."""
        self.reader.tree(self.change.head_sha)

    def close(self) -> None:
        """End the reading process and let the mirror be pruned; safe to call twice."""
        self.reader.close()
        self.mirror.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()


def open_local(  # noqa: PLR0913 one call of wiring names all that a checkout depends on
    path: Path, *, base: str | None, head: str | None, uncommitted: Uncommitted, cache: Path,
    budget: CheckoutBudget, describe: Describe | None = None,
) -> GitWorkspace:  # fmt: skip
    """Return the workspace for a repository of this machine; nothing of it is copied or changed.

    `describe` reads author and subject in this process; where it cannot, git is asked.

    Base is by default the remote's default branch, else main or master; for uncommitted work HEAD,
    so that only that work is under review. Raises Refused, or TooLarge over the budget.
    """
    mirrors = MirrorCache(cache, budget.seconds)
    repository = find_local(mirrors.git().at(path))
    base_sha, tip = _ends(repository, base, head, uncommitted)
    merge_base = _merge_base(repository, base_sha, tip, uncommitted)
    ref = repository.head_branch(head)
    with ExitStack() as stack:
        name, object_format = str(repository.common_dir), repository.object_format
        mirror = mirrors.open(name, object_format=object_format)
        stack.callback(mirror.close)
        mirror.borrow(repository.objects)
        head_sha = tip
        if uncommitted is not Uncommitted.NONE:
            head_sha = commit_uncommitted(
                repository, mirror, kind=uncommitted, parent=tip, budget=budget
            )
        why_not = _why_not(ref, uncommitted)
        change = PullRequest(
            repo=repository.name,
            number=None,
            base_sha=base_sha,
            merge_base_sha=merge_base,
            head_sha=head_sha,
            head_ref=ref.removeprefix(BRANCHES) if ref else head or "HEAD",
            can_push=not why_not,
            is_uncommitted=uncommitted is not Uncommitted.NONE,
            **_described(mirror, tip, describe),
        )
        branch = Branch(repository, ref, tip) if ref and not why_not else None
        reader = ObjectReader(mirror.git, budget, missing=PARTIAL_CLONE)
        workspace = GitWorkspace(change, mirror, reader, branch=branch, why_not=why_not)
        workspace.check()
        stack.pop_all()
    return workspace


def open_remote(  # noqa: PLR0913 - what names a change on a server, and the limits
    url: str, *, base: str | None, head: str | None, cache: Path, budget: CheckoutBudget,
    network: Mapping[str, str],
) -> GitWorkspace:  # fmt: skip
    """Return the workspace for a repository on a server (https), read without a history.

    `network` holds the operator's variables for proxies and certificates, as git reads them.

    Base is by default the server's default branch. A credential in the URL is used and never
    stored or shown. Raises Refused, TooLarge over the budget, Retryable while the network is down.
    """
    remote = parse_remote(url, network)
    mirrors = MirrorCache(cache, budget.seconds)
    mirror, fetched = fetch_change(remote, mirrors, base=base, head=head, budget=budget)
    with ExitStack() as stack:
        stack.callback(mirror.close)
        _refuse_empty(fetched.merge_base, fetched.head)
        change = PullRequest(
            repo=remote.name,
            number=None,
            base_sha=fetched.base,
            merge_base_sha=fetched.merge_base,
            head_sha=fetched.head,
            head_ref=fetched.head_ref,
            **_described(mirror, fetched.head),
        )
        reader = ObjectReader(mirror.git, budget, missing=OVER_LIMIT)
        workspace = GitWorkspace(change, mirror, reader, why_not=READ_ONLY)
        workspace.check()
        stack.pop_all()
    return workspace


def _ends(
    repository: LocalRepository, base: str | None, head: str | None, uncommitted: Uncommitted
) -> tuple[Sha, Sha]:
    """Return the base and the commit that the change ends in, or that uncommitted work lies on."""
    is_work = uncommitted is not Uncommitted.NONE
    if is_work and head not in (None, "HEAD"):
        raise Refused("uncommitted work lies on HEAD: leave out the head, or switch to its branch")
    base_name = base
    if base_name is None:
        base_name = "HEAD" if is_work else repository.default_base()
    base_sha = repository.resolve(base_name)
    tip = repository.resolve("HEAD" if head is None else head)
    if base_sha == tip and not is_work:
        raise Refused(f"{same_commit(base_name, tip)}, or `review --worktree` for uncommitted work")
    return base_sha, tip


def _merge_base(repository: LocalRepository, base: Sha, tip: Sha, uncommitted: Uncommitted) -> Sha:
    merge_base = repository.merge_base(base, tip)
    if uncommitted is Uncommitted.NONE:
        _refuse_empty(merge_base, tip)
    return merge_base


def _refuse_empty(merge_base: Sha, head: Sha) -> None:
    if merge_base == head:
        raise Refused(f"nothing to review: all of {head[:12]} is in the base already")


class Described(TypedDict):
    """What a commit says of itself."""

    author: str
    title: str


def _described(mirror: Mirror, sha: Sha, describe: Describe | None = None) -> Described:
    git = mirror.git
    known = describe(git.folder, sha, git.environment) if describe is not None else None
    if known is not None:
        return Described(author=known[0], title=known[1])
    answer = git.text("log", "-1", "--no-show-signature", "--format=%an%x00%s", sha)
    author, _, title = answer.partition("\0")
    return Described(author=author, title=title)


def _why_not(ref: str | None, uncommitted: Uncommitted) -> str:
    """Return why no commit can be made, or an empty string."""
    if uncommitted is not Uncommitted.NONE:
        return "a fix cannot be committed on uncommitted work: commit the work first, then fix"
    if ref is None:
        return "the head is not a branch: run `git switch --create NAME` to commit a fix to it"
    return ""
