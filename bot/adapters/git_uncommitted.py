"""Staged and unstaged work as a commit in our mirror; the user's repository stays as it is."""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path

from bot.adapters.git_isolated import isolated
from bot.adapters.git_local import LocalRepository
from bot.adapters.git_mirror import Mirror
from bot.adapters.git_objects import SUBMODULE, CheckoutBudget
from bot.adapters.git_process import Git
from bot.domain.pull_request import Sha, printable
from bot.errors import Refused, TooLarge

EPOCH = "@0 +0000"
"""The same work on the same commit is the same commit of ours, so a verdict on it still holds."""


class Uncommitted(StrEnum):
    """Which work that is not committed yet is under review."""

    NONE = "none"
    STAGED = "staged"
    """What `git commit` would take."""
    WORKTREE = "worktree"
    """What `git add --all` and `git commit` would take."""


def commit_uncommitted(
    repository: LocalRepository,
    mirror: Mirror,
    *,
    kind: Uncommitted,
    parent: Sha,
    budget: CheckoutBudget,
) -> Sha:
    """Return the commit of ours that holds the work on top of `parent`.

    Raises Refused where there is nothing, or where conflicts are not resolved.
    """
    with isolated(repository, mirror) as git:
        if kind is Uncommitted.WORKTREE:
            _add_all(git, repository.work_tree, budget)
        if git.run("ls-files", "-z", "--unmerged"):
            raise Refused("there are unresolved conflicts: resolve them and `git add` the files")
        tree = git.text("write-tree")
        if tree == git.text("rev-parse", "--verify", f"{parent}^{{tree}}"):
            what = "staged" if kind is Uncommitted.STAGED else "changed"
            raise Refused(f"nothing to review: nothing is {what} on top of {parent[:12]}")
        person = {"GIT_AUTHOR_NAME": "Pullwright", "GIT_AUTHOR_EMAIL": "pullwright@localhost"}
        dates = {"GIT_AUTHOR_DATE": EPOCH, "GIT_COMMITTER_DATE": EPOCH}
        ours = mirror.git.inside(mirror.path, **person, **dates)
        return Sha(ours.text("commit-tree", "-p", parent, "-m", f"Uncommitted work ({kind})", tree))


def _add_all(git: Git, work_tree: Path, budget: CheckoutBudget) -> None:
    """Bring the copy of the index up to the files.

    Not `git add --all`: for a submodule that asks `git status` inside it, under the submodule's own
    config, which may name a program as its file monitor.
    """
    listed = git.run(
        "ls-files", "-z", "--others", "--modified", "--deleted", "--exclude-standard"
    ).split(b"\0")
    submodules = set(_submodules(git))
    # A nested repository is listed as a folder, with a slash at the end.
    names = [n for n in dict.fromkeys(listed) if n and n not in submodules and n[-1:] != b"/"]
    sizes = _sizes(names, work_tree)
    _check_budget(sizes, budget)
    gone = b"".join(name + b"\0" for name in names if name not in sizes)
    there = b"".join(name + b"\0" for name in sizes)
    git.run("update-index", "--force-remove", "-z", "--stdin", stdin=gone)
    git.run("update-index", "--add", "--replace", "-z", "--stdin", stdin=there)


def _submodules(git: Git) -> Iterator[bytes]:
    for record in git.run("ls-files", "-z", "--stage", output_limit_bytes=1 << 30).split(b"\0"):
        facts, _, name = record.partition(b"\t")
        if facts.startswith(SUBMODULE.encode()):
            yield name


def _sizes(names: Sequence[bytes], work_tree: Path) -> dict[bytes, int]:
    """Return the sizes of those that are files or symlinks, and not behind a symlink."""
    root = os.path.realpath(os.fsencode(work_tree))
    is_plain = cache(lambda folder: os.path.realpath(folder) == folder)
    sizes = {}
    for name in names:
        path = os.path.join(root, name)  # noqa: PTH118 a name is bytes
        try:
            found = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            continue
        if not stat.S_ISDIR(found.st_mode) and is_plain(path.rpartition(b"/")[0]):
            sizes[name] = found.st_size
    return sizes


def _check_budget(sizes: Mapping[bytes, int], budget: CheckoutBudget) -> None:
    """Refuse a forgotten disk image before it is read."""
    total_bytes = 0
    for name, size in sizes.items():
        total_bytes += size
        if total_bytes > budget.blob_bytes:
            raise TooLarge(
                f"{printable(os.fsdecode(name))} brings the uncommitted work over "
                f"{budget.blob_bytes} bytes: ignore it in .gitignore"
            )
