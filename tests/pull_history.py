"""A pull request in real git, and what people do to its branch and to its base."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from bot.adapters.git_objects import CheckoutBudget
from bot.adapters.git_workspace import GitWorkspace, Uncommitted, open_local
from tests.situations import empty_repository, run_git

Files = dict[str, bytes]


@dataclass
class PullHistory:
    """`main` and `feature`; whoever merges takes his own side where both changed a file."""

    folder: Path
    main: Files
    head: Files
    fork: Files = field(init=False)
    """The tree of the merge base."""

    def __post_init__(self) -> None:
        self.path = empty_repository(self.folder)
        self.fork = dict(self.main)
        self._main_sha = self._fork_sha = self._commit("main", self.main)
        self._head_sha = self._commit("feature", self.head, self._main_sha)

    def push(self, files: Files) -> None:
        self.head = files
        self._head_sha = self._commit("feature", files, self._head_sha)

    def force_push(self, files: Files) -> None:
        """Replace all commits of the branch by one."""
        self.head = files
        self._head_sha = self._commit("feature", files, self._fork_sha)

    def advance_main(self, files: Files) -> None:
        self.main = files
        self._main_sha = self._commit("main", files, self._main_sha)

    def merge_main(self) -> None:
        self._take_main()
        self._head_sha = self._commit("feature", self.head, self._head_sha, self._main_sha)

    def rebase(self) -> None:
        self._take_main()
        self._head_sha = self._commit("feature", self.head, self._main_sha)

    @property
    def is_empty(self) -> bool:
        """Nothing is left to review, which is refused elsewhere."""
        return self.head == self.fork

    def open(self) -> GitWorkspace:
        return open_local(
            self.path, base="main", head="feature", uncommitted=Uncommitted.NONE,
            cache=self.folder / "mirrors", budget=CheckoutBudget(),
        )  # fmt: skip

    def _take_main(self) -> None:
        paths = self.fork.keys() | self.main.keys() | self.head.keys()
        merged: Files = {}
        for path in paths:
            before, ours, theirs = (t.get(path) for t in (self.fork, self.head, self.main))
            data = theirs if ours == before else ours
            if data is not None:
                merged[path] = data
        self.head, self.fork, self._fork_sha = merged, dict(self.main), self._main_sha

    def _commit(self, branch: str, files: Files, *parents: str) -> str:
        rows = [b"commit refs/made/new\ncommitter A <a@b> 1700000000 +0000\ndata 1\n.\n"]
        words = ("from", "merge")
        rows += [f"{w} {sha}\n".encode() for w, sha in zip(words, parents, strict=False)]
        rows.append(b"deleteall\n")
        for path, data in files.items():
            rows.append(b"M 100644 inline %s\ndata %d\n%s\n" % (os.fsencode(path), len(data), data))
        run_git(self.path, "fast-import", "--quiet", "--force", stdin=b"".join(rows))
        sha = run_git(self.path, "rev-parse", "refs/made/new")
        run_git(self.path, "update-ref", "-d", "refs/made/new")
        run_git(self.path, "update-ref", f"refs/heads/{branch}", sha)
        return sha


Edit = Callable[[Files, Random], Files]


def disturb(pull: PullHistory, edit: Edit, random: Random) -> None:
    """Let something happen to the pull request."""
    acts: list[Callable[[], None]] = [
        lambda: pull.push(edit(pull.head, random)),
        lambda: pull.push(edit(pull.head, random)),
        lambda: pull.push(renamed(pull.head, random)),
        lambda: pull.push(without_one(pull.head, random)),
        lambda: pull.force_push(edit(pull.head, random)),
        lambda: pull.force_push(renamed(pull.head, random)),
        lambda: pull.advance_main(edit(pull.main, random)),
        pull.merge_main,
        pull.rebase,
    ]
    random.choice(acts)()


def renamed(files: Files, random: Random) -> Files:
    """Give a file a new name and leave its ending, by which tools know what it is."""
    path = random.choice(sorted(files))
    stem, dot, ending = path.partition(".")
    rest = {name: data for name, data in files.items() if name != path}
    return rest | {f"{stem}{random.randrange(100)}{dot}{ending}": files[path]}


def without_one(files: Files, random: Random) -> Files:
    """Delete a file, unless it is one of the last."""
    path = random.choice(sorted(files))
    return {n: d for n, d in files.items() if n != path or len(files) < 4}
