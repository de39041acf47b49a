"""The trees and files of commits, read from a mirror's objects; no file is ever checked out."""

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import IO, cast

from bot.adapters.git_process import Git, GitFailed, end
from bot.domain import git_names
from bot.domain.pull_request import Sha, printable
from bot.errors import Refused, TooLarge

SUBMODULE = "160000"
SYMLINK = "120000"
EXECUTABLE = "100755"
REGULAR = ("100644", "100755", "100664")
"""The last one is in old histories; git shows and treats it as the first."""


@dataclass(frozen=True, slots=True)
class CheckoutBudget:
    """What one checkout may cost; over it, the repository is refused as too large."""

    entries: int = 200_000
    """Files of one tree."""
    blob_bytes: int = 1 << 30
    """Their contents together."""
    seconds: float = 300.0
    """For each git command."""


@dataclass(frozen=True, slots=True)
class Blob:
    """One file of a tree and where its content is."""

    path: str
    mode: str
    sha: str
    size_bytes: int

    @property
    def is_executable(self) -> bool:
        """Its mode says so."""
        return self.mode == EXECUTABLE


@dataclass
class ObjectReader:
    """Reads commits from one mirror, within the budget. One thread at a time."""

    git: Git
    budget: CheckoutBudget
    missing: Refused
    """What to tell a person when an object is not there."""
    _trees: dict[Sha, Mapping[str, Blob]] = field(default_factory=dict)

    @cached_property
    def _batch(self) -> "subprocess.Popen[bytes]":
        """The reading process. GitPython would hand it our whole environment, secrets and all."""
        return self.git.start("cat-file", "--batch")

    def tree(self, sha: Sha) -> Mapping[str, Blob]:
        """Return the files of a commit by path, sorted; submodules are left out.

        Raises TooLarge over the budget, Refused for names that no checkout should ever write.
        """
        if sha not in self._trees:
            try:
                blobs = sorted(self._blobs(sha), key=lambda blob: blob.path)
            except GitFailed as error:
                if "promisor" in str(error):
                    raise self._lacks(f"a file of {sha[:12]}") from error
                raise
            _refuse_clashes(blobs)
            self._trees[sha] = {blob.path: blob for blob in blobs}
        return self._trees[sha]

    def read(self, blob: Blob) -> bytes:
        """Return the content of a file; all of them come from one `git cat-file --batch`."""
        asked, said = (cast("IO[bytes]", pipe) for pipe in (self._batch.stdin, self._batch.stdout))
        asked.write(f"{blob.sha}\n".encode())
        asked.flush()
        facts = said.readline().split()
        if len(facts) != 3 or facts[1] != b"blob":
            raise self._lacks(printable(blob.path))
        return said.read(int(facts[2]) + 1)[:-1]

    def close(self) -> None:
        """End the process that reads; safe to call twice."""
        batch = self.__dict__.pop("_batch", None)
        if batch is not None:
            end(batch)

    def _blobs(self, sha: Sha) -> Iterator[Blob]:
        self._check_count(sha)
        total_bytes = 0
        for record in _records(self.git, sha):
            facts, _, name = record.partition(b"\t")
            mode, _, blob_sha, size = facts.decode("ascii").split()
            if mode == SUBMODULE:
                continue
            if not size.isdecimal():
                raise self._lacks(_shown(name))
            total_bytes += int(size)
            if total_bytes > self.budget.blob_bytes:
                raise TooLarge(
                    f"commit {sha[:12]} holds over {self.budget.blob_bytes} bytes: "
                    "too large to review"
                )
            _refuse_unsafe(name)
            yield Blob(git_names.decode(name), mode, blob_sha, int(size))

    def _lacks(self, what: str) -> Refused:
        return type(self.missing)(f"{what} cannot be read: {self.missing}")

    def _check_count(self, sha: Sha) -> None:
        """Count apart, because finding out the sizes takes git thirty times as long."""
        count = 0
        for chunk in self.git.stream("ls-tree", "-r", "-z", "--name-only", "--full-tree", sha):
            count += chunk.count(b"\0")
            if count > self.budget.entries:
                raise TooLarge(
                    f"commit {sha[:12]} has over {self.budget.entries} files: too large to review"
                )


def _records(git: Git, sha: Sha) -> Iterator[bytes]:
    """Yield `mode type sha size<tab>name` of every file; stopping early stops git."""
    rest = b""
    for chunk in git.stream("ls-tree", "-r", "-l", "-z", "--full-tree", sha):
        *records, rest = (rest + chunk).split(b"\0")
        yield from records


def _refuse_unsafe(name: bytes) -> None:
    """Refuse a name that leads out of a folder or into a repository's own; git fsck says so too."""
    parts = name.lower().split(b"/")
    if any(part in (b"", b".", b"..", b".git") for part in parts):
        raise Refused(f"the tree holds the unsafe path {_shown(name)}, so it is not checked out")


def _refuse_clashes(blobs: list[Blob]) -> None:
    """Refuse a tree that names a file twice, or as a file and a folder; git makes neither."""
    paths = {blob.path for blob in blobs}
    folders = {blob.path.rpartition("/")[0] for blob in blobs}
    for folder in list(folders):
        parent = folder.rpartition("/")[0]
        while parent and parent not in folders:
            folders.add(parent)
            parent = parent.rpartition("/")[0]
    clash = next(iter(paths & folders), None)
    if len(paths) != len(blobs) or clash is not None:
        raise Refused("the tree names a path twice, so it is not checked out")


def _shown(name: bytes) -> str:
    return printable(git_names.decode(name))
