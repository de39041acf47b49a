"""Small real git repositories, named for the situation they are in.

A tree is a mapping from path to content; `Program`, `Link` and `Submodule` are bytes with another
file mode. Every object is made with fixed names and dates, so the SHAs are the same at every run.
"""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.domain.pull_request import Sha

Tree = Mapping[str, bytes | None]
"""Contents by path; on top of another tree, None removes the file."""

ENVIRONMENT = {
    "PATH": os.defpath,
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_AUTHOR_DATE": "1700000000 +0000",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_COMMITTER_DATE": "1700000000 +0000",
}
"""A git that knows nothing of the machine that runs the tests."""


class Program(bytes):
    """The content of an executable file."""


class Link(bytes):
    """The target of a symbolic link."""


class Submodule(bytes):
    """The hex SHA that a submodule points at."""


@dataclass(frozen=True, slots=True)
class RepoFixture:
    """A repository with a `main` branch and a checked-out `feature` branch on top of it."""

    path: Path
    base_sha: Sha
    head_sha: Sha
    base_branch: str = "main"
    head_branch: str = "feature"

    def git(self, *arguments: str | bytes | Path, stdin: bytes | None = None) -> str:
        """Run git in the repository and return its output without the last line feed."""
        return run_git(self.path, *arguments, stdin=stdin)

    def write(self, files: Tree) -> None:
        """Change files of the working tree without telling git."""
        for name, data in files.items():
            file = self.path / name
            if data is None:
                file.unlink()
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)

    def show(self, revision: str, path: str) -> bytes:
        """Return a file of a commit, byte for byte."""
        return _git(self.path, "cat-file", "blob", f"{revision}:{path}")


def repository(
    folder: Path,
    *,
    base: Tree,
    head: Tree,
    name: str = "project",
    upstream: Tree | None = None,
    head_branch: str = "feature",
    object_format: str = "sha1",
) -> RepoFixture:
    """Build `folder/name`: `main` holds `base`; `feature` holds `head` on top and is checked out.

    With `upstream`, `main` has gone on by these contents after `feature` left it, so that the merge
    base is older than the base.
    """
    path = empty_repository(folder, name=name, object_format=object_format)
    stream = [
        _commit("refs/heads/main", base, subject="Base"),
        _commit(f"refs/heads/{head_branch}", head, subject="Head", parent="refs/heads/main"),
    ]
    if upstream is not None:
        stream.append(_commit("refs/heads/main", upstream, subject="Upstream"))
    _git(path, "fast-import", "--quiet", "--force", stdin=b"".join(stream))
    _git(path, "symbolic-ref", "HEAD", f"refs/heads/{head_branch}")
    _git(path, "reset", "--quiet", "--hard")
    shas = run_git(path, "rev-parse", "refs/heads/main", f"refs/heads/{head_branch}").split()
    return RepoFixture(path, Sha(shas[0]), Sha(shas[1]), head_branch=head_branch)


def empty_repository(folder: Path, *, name: str = "project", object_format: str = "sha1") -> Path:
    """Build a repository without a commit."""
    path = folder / name
    path.mkdir(parents=True, exist_ok=True)
    _git(
        path, "init", "--quiet", "--template=", "--initial-branch=main",
        f"--object-format={object_format}",
    )  # fmt: skip
    return path


def shallow_clone(repo: RepoFixture, path: Path) -> Path:
    """Clone only the last commit of each branch, so that no merge base is known."""
    url = f"file://{repo.path}"
    run_git(repo.path, "clone", "-q", "--depth=1", "--no-single-branch", url, path)
    return path


def repository_of_a_million_files(folder: Path, *, name: str = "huge") -> Path:
    """Build a repository whose `feature` branch has 100 x 100 x 100 files, all of them one blob."""
    path = empty_repository(folder, name=name)
    sha = run_git(path, "hash-object", "-w", "--stdin", stdin=b"x\n")
    kind = "100644 blob"
    for _ in range(3):
        rows = "".join(f"{kind} {sha}\t{number}\n" for number in range(100))
        sha, kind = run_git(path, "mktree", stdin=rows.encode()), "040000 tree"
    empty = run_git(path, "mktree", stdin=b"")
    base = run_git(path, "commit-tree", "-m", "Base", empty)
    head = run_git(path, "commit-tree", "-m", "Head", "-p", base, sha)
    run_git(path, "update-ref", "refs/heads/main", base)
    run_git(path, "update-ref", "refs/heads/feature", head)
    run_git(path, "symbolic-ref", "HEAD", "refs/heads/feature")
    return path


def run_git(folder: Path, *arguments: str | bytes | Path, stdin: bytes | None = None) -> str:
    """Run git in a folder and return its output without the last line feed."""
    return os.fsdecode(_git(folder, *arguments, stdin=stdin)).removesuffix("\n")


def _git(folder: Path, *arguments: str | bytes | Path, stdin: bytes | None = None) -> bytes:
    done = subprocess.run(
        ["git", "-C", folder, *arguments],
        env=ENVIRONMENT,
        input=stdin,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, f"git {arguments[0]!r}: {os.fsdecode(done.stderr)}"
    return done.stdout


def _commit(ref: str, tree: Tree, *, subject: str, parent: str | None = None) -> bytes:
    """Return one commit for `git fast-import`."""
    person = b"Ada <ada@example.org> 1700000000 +0000\n"
    rows = [b"commit " + os.fsencode(ref) + b"\n", b"author " + person, b"committer " + person]
    rows.append(_data(subject.encode() + b"\n"))
    if parent is not None:
        rows.append(b"from " + os.fsencode(parent) + b"\n")
    rows.extend(_entry(path, data) for path, data in tree.items())
    return b"".join([*rows, b"\n"])


def _entry(path: str, data: bytes | None) -> bytes:
    name = os.fsencode(path).replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    match data:
        case None:
            return b'D "' + name + b'"\n'
        case Submodule():
            return b"M 160000 " + data + b' "' + name + b'"\n'
        case Program():
            mode = b"100755"
        case Link():
            mode = b"120000"
        case _:
            mode = b"100644"
    return b"M " + mode + b' inline "' + name + b'"\n' + _data(data)


def _data(data: bytes) -> bytes:
    return b"data %d\n" % len(data) + data + b"\n"
