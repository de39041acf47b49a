"""A workspace over dicts: the port's contract without git."""

import difflib
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain.diff import Diff, FileDiff, FileStatus, Hunk
from bot.domain.ports import CommitMessage, SourceFile, TreeEntry
from bot.domain.pull_request import PullRequest, Sha
from bot.errors import Refused
from tests.situations import Link, Program, Tree

MODES = {Program: "100755", Link: "120000"}
NO_NEWLINE = b"\\ No newline at end of file\n"


@dataclass(frozen=True)
class FakeCommit:
    """What was committed: the message and the whole tree."""

    sha: Sha
    parent: Sha
    message: CommitMessage
    tree: Mapping[str, bytes]


@dataclass
class FakeWorkspace:
    """`head` lies on top of `base`, as in `situations.repository`: None removes a file.

    Renames are not detected: a moved file is one deleted and one added. `branch_sha` is where the
    head branch is; setting it to something else is somebody else's push.
    """

    base: Tree
    head: Tree
    repo: str = "project"
    head_ref: str = "feature"
    title: str = "Head"
    commits: list[FakeCommit] = field(default_factory=list)
    trees: dict[Sha, dict[str, bytes]] = field(init=False)
    branch_sha: Sha = field(init=False)

    def __post_init__(self) -> None:
        base, head = _overlay({}, self.base), _overlay(_overlay({}, self.base), self.head)
        base_sha, head_sha = _sha("base", base), _sha("head", head)
        self.trees = {base_sha: base, head_sha: head}
        self.branch_sha = head_sha
        self._change = PullRequest(
            repo=self.repo,
            number=None,
            base_sha=base_sha,
            merge_base_sha=base_sha,
            head_sha=head_sha,
            head_ref=self.head_ref,
            can_push=True,
            title=self.title,
        )
        self._diff = Diff(base_sha, head_sha, tuple(_file_diffs(base, head)))

    @property
    def change(self) -> PullRequest:
        return self._change

    def diff(self) -> Diff:
        return self._diff

    def entries(self, sha: Sha) -> Sequence[TreeEntry]:
        tree = self._tree(sha)
        return [TreeEntry(path, _mode(tree[path]), len(tree[path])) for path in sorted(tree)]

    def files(self, sha: Sha, paths: Iterable[str] | None = None) -> Iterable[SourceFile]:
        tree = self._tree(sha)
        wanted = sorted(tree if paths is None else tree.keys() & set(paths))
        return (SourceFile(p, bytes(tree[p]), isinstance(tree[p], Program)) for p in wanted)

    def commit(self, files: Mapping[str, bytes], *, message: CommitMessage) -> Sha:
        if self.branch_sha != self._change.head_sha:
            raise Refused(f"{self.head_ref} moved to {self.branch_sha[:12]}: review it again")
        tree = dict(self.trees[self._change.head_sha])
        if all(path in tree and tree[path] == data for path, data in files.items()):
            raise Refused("nothing to commit: the head holds these contents already")
        for path, data in files.items():
            if path not in tree or isinstance(tree[path], Link):
                raise Refused(f"{path} is not a regular file of the head: only those are rewritten")
            tree[path] = type(tree[path])(data)
        sha = _sha(f"commit {len(self.commits)}", tree)
        self.commits.append(FakeCommit(sha, self._change.head_sha, message, tree))
        self.trees[sha] = tree
        self.branch_sha = sha
        return sha

    def _tree(self, sha: Sha) -> dict[str, bytes]:
        try:
            return self.trees[sha]
        except KeyError:
            raise Refused(f"{sha} is not a commit of this repository") from None


def _overlay(tree: dict[str, bytes], changed: Tree) -> dict[str, bytes]:
    merged = tree | {path: data for path, data in changed.items() if data is not None}
    return {path: data for path, data in merged.items() if changed.get(path, b"") is not None}


def _sha(label: str, tree: Mapping[str, bytes]) -> Sha:
    digest = hashlib.sha1(label.encode(), usedforsecurity=False)
    for path in sorted(tree):
        digest.update(repr((path, _mode(tree[path]), bytes(tree[path]))).encode())
    return Sha(digest.hexdigest())


def _mode(data: bytes | None) -> str:
    return "000000" if data is None else MODES.get(type(data), "100644")


def _file_diffs(base: Mapping[str, bytes], head: Mapping[str, bytes]) -> Iterator[FileDiff]:
    for path in sorted(base.keys() | head.keys()):
        old, new = base.get(path), head.get(path)
        if (old, _mode(old)) != (new, _mode(new)):
            is_binary = b"\0" in (old or b"") + (new or b"")
            hunks = () if is_binary else tuple(_hunks(old or b"", new or b""))
            status = _status(old, new)
            yield FileDiff(path, path, status, _mode(old), _mode(new), is_binary, hunks)


def _status(old: bytes | None, new: bytes | None) -> FileStatus:
    if old is None:
        return FileStatus.ADDED
    if new is None:
        return FileStatus.DELETED
    if isinstance(old, Link) is not isinstance(new, Link):
        return FileStatus.TYPE_CHANGED
    return FileStatus.MODIFIED


def _hunks(old: bytes, new: bytes) -> Iterator[Hunk]:
    """Cut as git does: three lines of context."""
    before, after = _lines(old), _lines(new)
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for group in matcher.get_grouped_opcodes(3):
        (_, i1, _, j1, _), (_, _, i2, _, j2) = group[0], group[-1]
        body = b"".join(row for step in group for row in _rows(step, before=before, after=after))
        # An empty range names the line before it (POSIX, "diff -u").
        yield Hunk(i1 + (i2 > i1), i2 - i1, j1 + (j2 > j1), j2 - j1, body)


def _rows(
    step: tuple[str, int, int, int, int], *, before: list[bytes], after: list[bytes]
) -> Iterator[bytes]:
    tag, i1, i2, j1, j2 = step
    if tag == "equal":
        yield from (_row(b" ", line) for line in before[i1:i2])
        return
    yield from (_row(b"-", line) for line in before[i1:i2])
    yield from (_row(b"+", line) for line in after[j1:j2])


def _row(sign: bytes, line: bytes) -> bytes:
    return sign + (line if line.endswith(b"\n") else line + b"\n" + NO_NEWLINE)


def _lines(data: bytes) -> list[bytes]:
    """Split at line feeds only, as git does."""
    return [row + b"\n" for row in data.split(b"\n")[:-1]] + (
        [data.rpartition(b"\n")[2]] if not data.endswith(b"\n") and data else []
    )
