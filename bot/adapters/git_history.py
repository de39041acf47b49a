"""The port `CodeHistory` over git, in any repository that holds the commits."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.adapters.git_process import Git, GitFailed
from bot.domain.aftermath import MOST_COMMITS, FixPatch, HistoryCommit, Stretch
from bot.domain.diff import Diff
from bot.domain.diff_parser import DIFF_ARGUMENTS, parse_diff
from bot.domain.pull_request import Sha

_DIFF_LIMIT_BYTES = 256 << 20
_FORMAT = "--format=%H%x00%ct%x00%B%x00"
# Without `literal` a path such as `:(glob)**` would be a pattern.
_WALK = ("--literal-pathspecs", "log", "--topo-order", "--full-history", "--no-show-signature")
_PATCH = (
    "--patch",
    "--full-index",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--no-renames",
    "--diff-algorithm=myers",
    "--unified=3",
    "--src-prefix=a/",
    "--dst-prefix=b/",
)
"""Settings change a diff, and with it the id of a patch."""


class GitHistory:
    """Implements the port `CodeHistory`; nothing is written or fetched."""

    def __init__(self, git: Git) -> None:
        self._git = git

    def diff(self, old: Sha, new: Sha) -> Diff:
        raw = self._git.run(*DIFF_ARGUMENTS, old, new, "--", output_limit_bytes=_DIFF_LIMIT_BYTES)
        return parse_diff(raw, merge_base_sha=old, head_sha=new)

    def file(self, sha: Sha, path: str) -> bytes | None:
        name = path.encode("utf-8", "surrogateescape")
        try:
            return self._git.run("cat-file", "blob", sha.encode() + b":" + name)
        except GitFailed:
            # Only a commit that is there can lack a file.
            self._git.run("cat-file", "-e", f"{sha}^{{commit}}")
            return None

    def commits(self, stretch: Stretch, paths: Sequence[str] = ()) -> Sequence[HistoryCommit]:
        # Tip by tip: dates are no order, and what a later tip has was done later.
        known = [stretch.base]
        found: list[HistoryCommit] = []
        for tip in stretch.tips:
            found += self._walk(tip, known, paths)
            known.append(tip)
        return found

    def _walk(self, tip: Sha, known: Sequence[Sha], paths: Sequence[str]) -> list[HistoryCommit]:
        names = [path.encode("utf-8", "surrogateescape") for path in paths]
        limit = f"--max-count={MOST_COMMITS}"
        of: list[str | bytes] = [limit, tip, *(f"^{sha}" for sha in known), "--", *names]
        fields = self._git.run(*_WALK, "--no-patch", _FORMAT, *of).split(b"\0")[:-1]
        raw = self._git.run(
            *_WALK, "--no-merges", "--format=commit %H", *_PATCH, *of,
            output_limit_bytes=_DIFF_LIMIT_BYTES,
        )  # fmt: skip
        patches = self._patch_ids(raw)
        rows = [_commit(*fields[at : at + 3], patches=patches) for at in range(0, len(fields), 3)]
        return rows[::-1]

    def fix_patch(self, sha: Sha) -> FixPatch | None:
        if self._git.find("cat-file", "-e", f"{sha}^{{commit}}") is None:
            return None
        ids = []
        for direction in ((), ("-R",)):
            raw = self._git.run("diff-tree", "--root", "-r", *direction, *_PATCH, sha)
            ids.append(next(iter(self._patch_ids(raw).values()), ""))
        return FixPatch(sha, ids[0], ids[1])

    def _patch_ids(self, raw: bytes) -> dict[str, str]:
        """Return the ids of patches by their commit."""
        if not raw:
            return {}
        rows = self._git.text("patch-id", "--stable", stdin=raw).splitlines()
        return {sha: name for name, sha in (row.split() for row in rows)}


def _commit(
    sha: bytes, seconds: bytes, message: bytes, *, patches: dict[str, str]
) -> HistoryCommit:
    name = Sha(sha.strip().decode())
    return HistoryCommit(
        name,
        message.decode("utf-8", "replace"),
        datetime.fromtimestamp(int(seconds), UTC),
        patches.get(name, ""),
    )
