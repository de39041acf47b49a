"""A small shop as a real git repository, with a pull request to review.

The branch `feature/savings` brings a regression (one hunk of `discounts.py`), an unused import with
a safe fix, a shell command built from a name, and changes that deserve no finding. Its files are in
`demo_project/`, each with `.txt` at the end of its name so that no tool takes them for ours.
"""

import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from bot.domain.pull_request import Sha
from bot.errors import Refused

BASE_REF = "main"
HEAD_REF = "feature/savings"
_AUTHOR = "Ada Shopkeeper <ada@shop.example>"
_FIRST_COMMIT_AT = 1_772_438_400
_HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class DemoRepository:
    """A repository whose SHAs are the same wherever it is built; the feature is checked out."""

    path: Path
    base_sha: Sha
    head_sha: Sha
    base_ref: str = BASE_REF
    head_ref: str = HEAD_REF


def build_demo(folder: Path, *, search_path: str = os.defpath) -> DemoRepository:
    """Make the repository in a folder that does not exist yet, or is empty.

    `search_path` is where git is looked for. Raises Refused where the folder is in use.
    """
    if folder.exists() and any(folder.iterdir()):
        raise Refused(f"{folder} is not empty: name a new folder for the demo")
    folder.mkdir(parents=True, exist_ok=True)
    git = _Git(folder, search_path)
    git.run("init", "--quiet", f"--initial-branch={BASE_REF}", "--object-format=sha1")
    git.run("fast-import", "--quiet", "--done", stdin=b"".join(_history()))
    git.run("config", "user.name", "Ada Shopkeeper")
    git.run("config", "user.email", "ada@shop.example")
    git.run("checkout", "--quiet", HEAD_REF)
    base, head = (Sha(git.run("rev-parse", ref)) for ref in (BASE_REF, HEAD_REF))
    return DemoRepository(folder, base, head)


class _Git:
    """Git in one folder, deaf to the configuration of the machine."""

    def __init__(self, folder: Path, search_path: str) -> None:
        self._folder = folder
        self._environment = {
            "PATH": search_path,
            "HOME": os.devnull,
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TEMPLATE_DIR": "",
        }

    def run(self, *arguments: str, stdin: bytes = b"") -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=self._folder,
            env=self._environment,
            input=stdin,
            capture_output=True,
            check=True,
        )
        return done.stdout.decode("ascii").strip()


def _history() -> Iterator[bytes]:
    """Yield the stream for `git fast-import`: one commit, then one more on each branch."""
    yield _commit(1, BASE_REF, "Sell pencils, notebooks and lamps", _folder("main"))
    yield _commit(2, HEAD_REF, "Show savings on receipts", _folder("feature"))
    yield _commit(3, BASE_REF, "Say where prices are explained", _folder("later"))
    yield b"done\n"


def _commit(order: int, branch: str, subject: str, tree: Mapping[str, bytes]) -> bytes:
    """Return a commit that puts the files on top of the first one, which has no parent."""
    when = _FIRST_COMMIT_AT + order * _HOUR_S
    parts = [
        f"commit refs/heads/{branch}\nmark :{order}\n".encode(),
        f"committer {_AUTHOR} {when} +0000\n".encode(),
        _data(f"{subject}\n".encode()),
        b"" if order == 1 else b"from :1\n",
    ]
    for path, content in sorted(tree.items()):
        mode = "100755" if path.endswith(".sh") else "100644"
        parts.append(f"M {mode} inline {path}\n".encode() + _data(content))
    return b"".join(parts)


def _data(content: bytes) -> bytes:
    return b"data %d\n" % len(content) + content + b"\n"


def _folder(name: str) -> dict[str, bytes]:
    root = files("bot").joinpath("demo_project", name)
    return {path.removesuffix(".txt"): data for path, data in _walk(root, "")}


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        else:
            yield f"{prefix}{entry.name}", entry.read_bytes()
