"""The git side of one repository: a real bare repository with its refs known to Python.

Forks share the objects of their parent, as they do on GitHub, so that `refs/pull/N/head` of the
parent needs no transfer.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.situations import ENVIRONMENT, Link, Program, Submodule

Tree = Mapping[str, bytes | str | None]
"""Contents by path, on top of the parent's; None removes the file."""

ZERO = "0" * 40


@dataclass(frozen=True, slots=True)
class Person:
    """Author or committer of a commit."""

    name: str
    email: str

    def line(self, seconds: int) -> bytes:
        return f"{self.name} <{self.email}> {seconds} +0000".encode()


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit as git stored it."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    seconds: int
    message: str


WEB_FLOW = Person("GitHub", "noreply@github.com")


@dataclass(frozen=True, slots=True)
class NewCommit:
    """What a commit should be."""

    files: Tree
    message: str
    author: Person
    committer: Person
    seconds: int
    parents: Sequence[str] = ()
    tree: str | None = None
    """Take exactly this tree, and then `files` on top, instead of the first parent's."""


class GitStore:
    """A bare repository. Writes go through it, so `heads` is always the truth."""

    def __init__(self, path: Path, *, shares_with: "GitStore | None" = None) -> None:
        self.path = path
        self.refs: dict[str, str] = {}
        self._known: dict[tuple[str, ...], bytes] = {}
        path.mkdir(parents=True)
        (path / "refs" / "heads").mkdir(parents=True)
        (path / "HEAD").write_text("ref: refs/heads/main\n")
        (path / "config").write_text(
            "[core]\n\trepositoryformatversion = 0\n\tbare = true\n[gc]\n\tauto = 0\n"
            "[http]\n\treceivepack = false\n[uploadpack]\n\tallowAnySHA1InWant = true\n"
            "\tallowFilter = true\n"
        )
        if shares_with is None:
            (path / "objects" / "info").mkdir(parents=True)
            (path / "objects" / "pack").mkdir()
        else:
            (path / "objects").symlink_to(shares_with.path / "objects")

    def git(self, *arguments: str, stdin: bytes | None = None, may_fail: bool = False) -> bytes:
        """Run git in the repository and return its output."""
        done = self._ended(*arguments, stdin=stdin)
        if done.returncode and not may_fail:
            reason = os.fsdecode(done.stderr).strip()
            raise AssertionError(f"git {' '.join(arguments[:2])}: {reason}")
        return done.stdout

    def _ended(
        self, *arguments: str, stdin: bytes | None = None
    ) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            ["git", "--git-dir", self.path, *arguments],
            env=ENVIRONMENT,
            input=stdin,
            capture_output=True,
            check=False,
        )

    def recall(self, *arguments: str) -> bytes:
        """Run git once for arguments that name objects by SHA, so that the output never changes."""
        if arguments not in self._known:
            done = self._ended(*arguments)
            if done.returncode and not done.stdout:
                return done.stdout
            self._known[arguments] = done.stdout
        return self._known[arguments]

    def write_commit(self, ref: str, new: NewCommit) -> str:
        """Store a commit, point the ref at it and return its SHA."""
        rows = [
            b"commit refs/simulator/new\nmark :1\n",
            b"author " + new.author.line(new.seconds) + b"\n",
            b"committer " + new.committer.line(new.seconds) + b"\n",
            _data(new.message.encode()),
        ]
        rows += [
            (b"merge " if place else b"from ") + parent.encode() + b"\n"
            for place, parent in enumerate(new.parents)
        ]
        if new.tree is not None:
            rows.append(b"deleteall\n" + b"M 040000 " + new.tree.encode() + b' ""\n')
        rows += [_entry(path, data) for path, data in new.files.items()]
        stream = b"".join([*rows, b"\nget-mark :1\nreset refs/simulator/new\n\n"])
        output = self.git("fast-import", "--quiet", "--force", "--cat-blob-fd=1", stdin=stream)
        sha = output.decode().split()[0]
        self.update(ref, sha)
        return sha

    def update(self, ref: str, sha: str | None) -> None:
        """Point a ref at a commit, or remove it."""
        file = self.path / ref
        if sha is None:
            file.unlink()
            del self.refs[ref]
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        # Another process may read the ref while it is written, so it is replaced in one step.
        fresh = file.with_name(f"{file.name}.lock")
        fresh.write_text(f"{sha}\n")
        fresh.replace(file)
        self.refs[ref] = sha

    def head(self, branch: str) -> str | None:
        """Return the head of a branch."""
        return self.refs.get(f"refs/heads/{branch}")

    def commit(self, sha: str) -> Commit | None:
        """Return a commit by its full SHA."""
        raw = self.recall("cat-file", "commit", sha).decode()
        return _parse_commit(sha, raw) if raw else None

    def merge_base(self, one: str, other: str) -> str | None:
        """Return the merge base of two commits."""
        return self.recall("merge-base", one, other).decode().strip() or None

    def between(self, base: str, head: str) -> list[str]:
        """Return the commits of head that base lacks, the oldest first."""
        return (
            self.recall("rev-list", "--reverse", "--topo-order", f"{base}..{head}").decode().split()
        )

    def merged_tree(self, one: str, other: str) -> str | None:
        """Return the tree of a merge, or None for a conflict."""
        done = self.recall("merge-tree", "--write-tree", one, other).decode().split("\n")
        return done[0] if len(done) <= 2 else None

    def files(self, revision: str) -> dict[str, str]:
        """Return the blob SHA of every file."""
        return {path: sha for path, (_, sha) in self.entries(revision).items()}

    def entries(self, revision: str) -> dict[str, tuple[str, str]]:
        """Return mode and SHA of every file."""
        rows = self.recall("ls-tree", "-r", "-z", revision).decode().split("\0")
        found = [row.partition("\t")[::2] for row in rows if row]
        return {path: (head.split()[0], head.split()[2]) for head, path in found}

    def read(self, revision: str, path: str) -> bytes | None:
        """Return a file of a commit, or None."""
        sha = self.files(revision).get(path)
        return None if sha is None else self.git("cat-file", "blob", sha)


def _parse_commit(sha: str, raw: str) -> Commit:
    head, _, message = raw.partition("\n\n")
    fields = [row.partition(" ")[::2] for row in head.split("\n")]
    known = dict(fields)
    author, _ = _person(known["author"])
    committer, seconds = _person(known["committer"])
    parents = tuple(value for name, value in fields if name == "parent")
    return Commit(sha, known["tree"], parents, author, committer, seconds, message)


def _person(row: str) -> tuple[Person, int]:
    who, _, when = row.rpartition("> ")
    name, _, email = who.partition(" <")
    return Person(name, email), int(when.split()[0])


def _entry(path: str, data: bytes | str | None) -> bytes:
    name = os.fsencode(path).replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    match data:
        case None:
            return b'D "' + name + b'"\n'
        case Submodule():
            return b"M 160000 " + bytes(data) + b' "' + name + b'"\n'
        case Program():
            mode = b"100755"
        case Link():
            mode = b"120000"
        case _:
            mode = b"100644"
    content = data.encode() if isinstance(data, str) else bytes(data)
    return b"M " + mode + b' inline "' + name + b'"\n' + _data(content)


def _data(data: bytes) -> bytes:
    return b"data %d\n" % len(data) + data + b"\n"
