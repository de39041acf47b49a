"""What no commit of ours may touch, whoever asked for it (rule R20).

The last wall before the forge: the agent refuses the same things earlier, with better words.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain import gaming
from bot.domain.edits import edits_between
from bot.domain.forge import FileChanges, Undoing
from bot.domain.pull_request import printable
from bot.domain.untrusted import one_line
from bot.errors import Refused

MAX_FILES, MAX_LINES = 10, 400
STACKED_PREFIX = "pullwright/"
REGULAR_FILE = "100644"


@dataclass(frozen=True, slots=True)
class OldFile:
    """A file of the head that a commit rewrites."""

    mode: str
    data: bytes


def check_paths(files: FileChanges) -> None:
    """Raise Refused for a file that no commit of ours may touch, or for too many files."""
    if len(files) > MAX_FILES:
        raise Refused(f"nothing was committed: {len(files)} files, the limit is {MAX_FILES}")
    check_kinds(files)


def check_kinds(files: FileChanges) -> None:
    """Raise Refused for a file that no commit of ours may touch, however many there are."""
    if not files:
        raise Refused("nothing was committed: there is nothing to commit")
    for path, data in files.items():
        if not _is_inside(path) or _steers(path):
            raise Refused(f"nothing was committed: no commit of ours touches {_shown(path)}")
        if data is not None and not _is_text(data):
            raise Refused(f"nothing was committed: {_shown(path)} would not be text")


def check_size(files: FileChanges, before: Mapping[str, OldFile]) -> None:
    """Raise Refused where the commit is too large or a file is no plain text file."""
    _check_old(before)
    lines = 0
    for path, data in files.items():
        old_data = before[path].data if path in before else b""
        edits = edits_between(path, old_data, data or b"")
        lines += sum(_count(edit.old_text) + _count(edit.new_text) for edit in edits)
    if lines > MAX_LINES:
        raise Refused(f"nothing was committed: {lines} lines, the limit is {MAX_LINES}")


def check_own(files: Mapping[str, Undoing], before: Mapping[str, OldFile]) -> None:
    """Raise Refused where taking our work back would take anything else with it."""
    _check_old(before)
    for path, file in files.items():
        there = before[path].data if path in before else None
        if there != file.written:
            raise Refused(f"nothing was committed: {_shown(path)} is not as we left it")


def check_branch(branch: str, *, default: str, is_protected: bool) -> None:
    """Raise Refused for a branch that only people write to."""
    if branch == default:
        raise Refused(f"nothing was committed: {one_line(branch)} is the default branch")
    if is_protected:
        raise Refused(f"nothing was committed: {one_line(branch)} is protected")


def _check_old(before: Mapping[str, OldFile]) -> None:
    for path, old in before.items():
        if old.mode != REGULAR_FILE or not _is_text(old.data):
            raise Refused(f"nothing was committed: {_shown(path)} is no plain text file")


def _is_inside(path: str) -> bool:
    parts = path.split("/")
    is_plain = path.isprintable() and "\\" not in path
    return is_plain and all(part not in ("", ".", "..") for part in parts) and not _in_git(parts)


def _steers(path: str) -> bool:
    """Tell whether it is protected; on many a disk `.GitHub` is the folder `.github`."""
    folded = path.casefold()
    return any(
        gaming.is_protected(one) or one.split("/")[0] == ".github"
        for one in (path, folded, folded.replace("codeowners", "CODEOWNERS"))
    )


def _in_git(parts: list[str]) -> bool:
    return any(part.lower() == ".git" for part in parts)


def _is_text(data: bytes) -> bool:
    try:
        return "\0" not in data.decode("utf-8")
    except UnicodeDecodeError:
        return False


def _count(text: str) -> int:
    return text.count("\n") + (not text.endswith("\n") and bool(text))


def _shown(path: str) -> str:
    return one_line(printable(path))
