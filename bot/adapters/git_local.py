"""The user's own repository: which commits are meant, answered without changing anything."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.git_process import Git
from bot.domain.pull_request import Sha, printable
from bot.errors import Refused

BRANCHES = "refs/heads/"
DEFAULT_BASES = ("refs/remotes/origin/HEAD", "main", "origin/main", "master", "origin/master")
REFS_CONSIDERED = 20_000
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class LocalRepository:
    """A repository of this machine, as `git rev-parse` describes it."""

    git: Git
    """Runs where the user pointed."""
    git_dir: Path
    common_dir: Path
    """Where the objects are; differs from `git_dir` in a linked worktree."""
    object_format: str
    is_shallow: bool
    is_bare: bool

    @property
    def objects(self) -> Path:
        """The folder of its objects."""
        return self.common_dir / "objects"

    @property
    def name(self) -> str:
        """The folder's name, for people."""
        folder = self.common_dir.parent if self.common_dir.name == ".git" else self.common_dir
        return folder.name.removesuffix(".git")

    @property
    def is_empty(self) -> bool:
        """True where there is no commit yet."""
        return self.find("HEAD") is None and not self._refs()

    @property
    def work_tree(self) -> Path:
        """The folder of the user's files; raises Refused in a bare repository."""
        if self.is_bare:
            raise Refused(f"{printable(str(self.git.folder))} is bare: it has no working tree")
        return Path(self.git.text("rev-parse", "--path-format=absolute", "--show-toplevel"))

    def resolve(self, name: str) -> Sha:
        """Return the commit that a ref or any other revision names; raises Refused."""
        sha = self.find(name)
        if sha is None:
            raise Refused(self._unknown(name))
        return sha

    def find(self, name: str) -> Sha | None:
        """Return the commit that a revision names, or None where it names none."""
        if not name or "\0" in name:
            return None
        # What a person typed is never an option: it stands behind --end-of-options.
        found = self.git.find(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
        )
        return Sha(found) if found is not None and _SHA.fullmatch(found) else None

    def default_base(self) -> str:
        """Return the name of the branch that changes are made against; raises Refused."""
        if self.is_empty:
            raise Refused(self._no_commit())
        for name in DEFAULT_BASES:
            if self.find(name) is not None:
                return name
        raise Refused("there is no branch origin/HEAD, main or master: pass the base to compare to")

    def head_branch(self, head: str | None) -> str | None:
        """Return the full name of the local branch that a head stands for, or None."""
        if head is None or head == "HEAD":
            return self.git.find("symbolic-ref", "--quiet", "HEAD")
        name = BRANCHES + head.removeprefix(BRANCHES)
        return name if self.find(name) is not None else None

    def merge_base(self, base: Sha, head: Sha) -> Sha:
        """Return the commit where head left base; raises Refused where there is none."""
        found = self.git.find("merge-base", base, head)
        if found is not None:
            return Sha(found)
        if self.is_shallow:
            raise Refused(
                f"this clone is too shallow to tell where {head[:12]} left {base[:12]}: "
                "run `git fetch --unshallow`"
            )
        raise Refused(f"{base[:12]} and {head[:12]} have no commit in common: pass another base")

    def _unknown(self, name: str) -> str:
        if self.is_empty:
            return self._no_commit()
        return unknown_ref(name, self._refs())

    def _no_commit(self) -> str:
        folder = printable(str(self.git.folder))
        return f"{folder} has no commit yet: make one on the branch that changes are made against"

    def _refs(self) -> list[str]:
        form = "--format=%(refname:lstrip=2)"
        return self.git.text("for-each-ref", f"--count={REFS_CONSIDERED}", form).split()


def find_local(git: Git) -> LocalRepository:
    """Return the repository that holds the folder git runs in; raises Refused."""
    answer = git.find(
        "rev-parse", "--path-format=absolute", "--show-object-format",
        "--is-shallow-repository", "--is-bare-repository", "--git-dir", "--git-common-dir",
    )  # fmt: skip
    place = printable(str(git.folder))
    if answer is None:
        raise Refused(f"{place} is not a git repository")
    rows = answer.split("\n")
    if len(rows) != 5:
        raise Refused(f"{place} has a line feed in its path: move the repository")
    return LocalRepository(
        git=git,
        git_dir=Path(rows[3]),
        common_dir=Path(rows[4]),
        object_format=rows[0],
        is_shallow=rows[1] == "true",
        is_bare=rows[2] == "true",
    )


def unknown_ref(name: str, known: list[str]) -> str:
    """Return the sentence for a ref that does not exist, with the nearest one that does."""
    nearest = difflib.get_close_matches(name, list(_spellings(known)), n=1, cutoff=0.5)
    hint = f": did you mean {printable(nearest[0])}" if nearest else ""
    return f"unknown ref {printable(name)}{hint}"


def _spellings(known: list[str]) -> Iterator[str]:
    for name in known:
        yield name
        yield name.removeprefix("origin/")
