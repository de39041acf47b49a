"""Real git for property tests: two trees in, its diff out, and patches applied by `git apply`."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.domain.diff import Diff
from bot.domain.diff_parser import DIFF_ARGUMENTS, parse_diff
from bot.domain.pull_request import Sha

_ENV = os.environ | {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
Tree = Mapping[bytes, tuple[str, bytes]]
"""Modes and contents by name; of a submodule (mode 160000) the commit in hex."""


def regular(contents: Mapping[bytes, bytes]) -> dict[bytes, tuple[str, bytes]]:
    return {name: ("100644", data) for name, data in contents.items()}


class Repository:
    """A bare repository that commits two trees in one process and diffs them in another."""

    def __init__(self, path: Path, *, object_format: str = "sha1") -> None:
        self.path = path
        options = ["-q", "--bare", f"--object-format={object_format}"]
        run(["git", "init", *options, str(path)], cwd=path.parent)

    def commit(self, base: Tree, head: Tree) -> None:
        stream = _commit(base, mark=1) + _commit(head, mark=2, parent=1)
        run(["git", "fast-import", "--quiet", "--force"], cwd=self.path, stdin=stream)

    def raw_diff(self) -> bytes:
        return run(["git", *DIFF_ARGUMENTS, "base", "head", "--"], cwd=self.path)

    def diff(self) -> Diff:
        return parse_diff(self.raw_diff(), merge_base_sha=Sha("0" * 40), head_sha=Sha("1" * 40))

    def plain_diff(self) -> bytes:
        """Return what a person sees, for a model that knows nothing of our options."""
        return run(["git", "diff", "--no-renames", "base", "head"], cwd=self.path)


def apply(
    patch: bytes, files: Mapping[bytes, bytes], folder: Path, *options: str
) -> dict[bytes, bytes]:
    """Return what `git apply` makes of the files; it fails the test when git refuses the patch."""
    for name, data in files.items():
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(data)
    if patch:
        run(["git", "apply", "--whitespace=nowarn", *options, "-"], cwd=folder, stdin=patch)
    return {
        name: Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).read_bytes() for name in files
    }


def run(argv: Sequence[str], *, cwd: Path, stdin: bytes = b"") -> bytes:
    done = subprocess.run(argv, cwd=cwd, input=stdin, capture_output=True, env=_ENV, check=False)
    assert done.returncode == 0, (argv, done.stderr[-2000:])
    return done.stdout


def _commit(tree: Tree, *, mark: int, parent: int | None = None) -> bytes:
    name = b"head" if parent else b"base"
    rows = [b"commit refs/heads/%s\nmark :%d\ncommitter A <a@b> 0 +0000\ndata 0\n" % (name, mark)]
    if parent:
        rows.append(b"from :%d\n" % parent)
    rows.append(b"deleteall\n")
    for path, (mode, data) in tree.items():
        quoted = b'"%s"' % b"".join(b"\\%03o" % byte for byte in path)
        if mode == "160000":
            rows.append(b"M 160000 %s %s\n" % (data, quoted))
        else:
            rows.append(b"M %s inline %s\ndata %d\n%s\n" % (mode.encode(), quoted, len(data), data))
    return b"".join(rows)
