"""One commit on the branch under review, made in the mirror and brought into the user's repository.

Nothing of the user's is overwritten: the branch moves only from the commit that was reviewed, and
files that carry uncommitted work are never touched (a two-tree `read-tree`, as in a fast-forward).
"""

import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bot.adapters.git_isolated import isolated
from bot.adapters.git_local import BRANCHES, LocalRepository
from bot.adapters.git_mirror import Mirror
from bot.adapters.git_objects import EXECUTABLE, REGULAR, Blob
from bot.adapters.git_process import Git, GitFailed
from bot.domain import fix_words, git_names
from bot.domain.ports import CommitMessage
from bot.domain.pull_request import Sha, printable
from bot.errors import Refused

UNDERWAY = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply")
"""Files in the repository's folder while one of git's own longer operations waits for its user."""

FALLBACK_NAME = "Pullwright"
FALLBACK_EMAIL = "pullwright@localhost"
_OVERLAP = re.compile(r"[Ee]ntry '(?P<path>.*)' (?:not uptodate|would be overwritten)")


@dataclass(frozen=True, slots=True)
class Branch:
    """A local branch whose head was reviewed."""

    repository: LocalRepository
    ref: str
    """Full name, `refs/heads/...`."""
    head: Sha

    @property
    def name(self) -> str:
        """As people say it."""
        return printable(self.ref.removeprefix(BRANCHES))


def commit_files(
    mirror: Mirror, head: Mapping[str, Blob], *, branch: Branch, files: Mapping[str, bytes],
    message: CommitMessage,
) -> Sha:  # fmt: skip
    """Commit new contents of regular files that `head` has, move the branch, return the commit.

    Raises Refused, with everything as it was, when the branch moved, another operation is under
    way, or files to change carry uncommitted work.
    """
    modes = {path: _mode(path, head) for path in files}
    is_here = _check_branch(branch)
    stream = _import_stream(branch, files, modes=modes, message=message)
    new = _make(mirror, stream)
    if _tree(mirror.git, new) == _tree(mirror.git, branch.head):
        raise Refused("nothing to commit: the head holds these contents already")
    pack = mirror.git.run(
        "pack-objects", "--revs", "--stdout", "-q", stdin=f"{new}\n^{branch.head}\n".encode()
    )
    branch.repository.git.run("unpack-objects", "-q", stdin=pack)
    if is_here:
        _move_with_files(branch, mirror, new)
    else:
        _move(branch, new)
    return new


def check_commit(mirror: Mirror, branch: Branch, paths: Collection[str]) -> None:
    """Raise Refused where no commit could be made now, or over work in these files of the user's.

    It changes nothing. Both may be otherwise when it comes to the commit, which asks again.
    """
    if not _check_branch(branch):
        return
    with isolated(branch.repository, mirror) as git:
        git.find("update-index", "-q", "--refresh", "--ignore-submodules")
        listed = git.run("diff-index", "-z", "--name-only", "--ignore-submodules", branch.head)
    changed = {git_names.decode(name) for name in listed.split(b"\0") if name}
    if mine := sorted(changed & set(paths)):
        raise Refused(fix_words.uncommitted_work(mine))


def render_message(message: CommitMessage) -> str:
    """Return the message as git keeps it: trailers are the last paragraph, one line each."""
    trailers = "\n".join(f"{_line(key)}: {_line(value)}" for key, value in message.trailers)
    parts = [_line(message.subject), message.body.replace("\0", "").strip("\n"), trailers]
    return "\n\n".join(part for part in parts if part) + "\n"


def _line(text: str) -> str:
    return " ".join(text.replace("\0", "").split())


def _mode(path: str, head: Mapping[str, Blob]) -> str:
    blob = head.get(path)
    if blob is None or blob.mode not in REGULAR:
        shown = printable(path)
        raise Refused(f"{shown} is not a regular file of the head: only those are rewritten")
    return "755" if blob.mode == EXECUTABLE else "644"


def _check_branch(branch: Branch) -> bool:
    """Tell whether the branch is checked out where the user is; raises Refused if unwritable."""
    repository = branch.repository
    found = repository.find(branch.ref)
    if found != branch.head:
        where = f"moved to {found[:12]}" if found else "is gone"
        raise Refused(f"{branch.name} {where} meanwhile: review it again")
    if repository.is_bare:
        return False
    if repository.git.find("symbolic-ref", "--quiet", "HEAD") == branch.ref:
        busy = next((name for name in UNDERWAY if (repository.git_dir / name).exists()), None)
        if busy is not None:
            raise Refused(f"git has an operation under way ({busy}): finish or abort it first")
        if repository.git.text("rev-parse", "--shared-index-path"):
            raise Refused("the index is split: run `git update-index --no-split-index` first")
        return True
    elsewhere = _checked_out_at(branch)
    if elsewhere is not None:
        raise Refused(f"{branch.name} is checked out in {printable(elsewhere)}: commit from there")
    return False


def _checked_out_at(branch: Branch) -> str | None:
    listing = branch.repository.git.text("worktree", "list", "--porcelain", "-z")
    for block in listing.split("\0\0"):
        rows = block.split("\0")
        if f"branch {branch.ref}" in rows:
            return rows[0].removeprefix("worktree ")
    return None


def _import_stream(
    branch: Branch, files: Mapping[str, bytes], *, modes: Mapping[str, str], message: CommitMessage
) -> bytes:
    settings = branch.repository.git.settings()
    name = re.sub(r"[<>\n]", "", settings.get("user.name", "")).strip() or FALLBACK_NAME
    email = re.sub(r"[<>\n]", "", settings.get("user.email", "")).strip() or FALLBACK_EMAIL
    # A name of its own for each commit: two runs may use one mirror.
    ref = f"refs/pullwright/commit-{secrets.token_hex(8)}"
    head = f"commit {ref}\nmark :1\nauthor {name} <{email}> now\ncommitter {name} <{email}> now\n"
    rows = [head.encode("utf-8", "surrogateescape")]
    rows.append(_data(render_message(message).encode("utf-8", "surrogateescape")))
    rows.append(f"from {branch.head}\n".encode())
    for path, data in files.items():
        quoted = git_names.header_name(git_names.encode(path))
        rows.extend([b"M %s inline %s\n" % (modes[path].encode(), quoted), _data(data)])
    # The commit is reached by its SHA; the name is taken away again.
    rows.append(f"get-mark :1\nreset {ref}\nfrom {'0' * len(branch.head)}\n\n".encode())
    return b"".join(rows)


def _data(data: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(data), data)


def _make(mirror: Mirror, stream: bytes) -> Sha:
    return Sha(
        mirror.git.text("fast-import", "--quiet", "--force", "--date-format=now", stdin=stream)
    )


def _tree(git: Git, sha: Sha) -> str:
    return git.text("rev-parse", "--verify", f"{sha}^{{tree}}")


def _move_with_files(branch: Branch, mirror: Mirror, new: Sha) -> None:
    """Move the branch and the files and index that stand for it, or none of them."""
    index = branch.repository.git_dir / "index"
    with isolated(branch.repository, mirror, index=index) as git:
        # Exit code 1 means that some file differs, which the next command judges.
        git.find("update-index", "-q", "--refresh", "--ignore-submodules")
        try:
            git.run("read-tree", "-m", "-u", branch.head, new)
        except GitFailed as error:
            raise Refused(_in_the_way(str(error))) from error
        try:
            _move(branch, new)
        except GitFailed:
            git.run("read-tree", "-m", "-u", new, branch.head)
            raise


def _move(branch: Branch, new: Sha) -> None:
    order = git_names.encode(f"update {branch.ref}\0{new}\0{branch.head}\0")
    branch.repository.git.run("update-ref", "-m", "pullwright: fix", "-z", "--stdin", stdin=order)


def _in_the_way(message: str) -> str:
    found = _OVERLAP.search(message)
    if found is None:
        return f"{message}; nothing was changed"
    return (
        f"{found['path']} has uncommitted work in the way: commit or stash it, then fix again; "
        "nothing was changed"
    )
