"""The change under review: three commits and who asked for it."""

from dataclasses import dataclass
from typing import NewType

Sha = NewType("Sha", str)
"""A full object id in lower-case hex (40 or 64 characters)."""


@dataclass(frozen=True, slots=True)
class PullRequest:
    """One change: what `head` does on top of the merge base, in one repository.

    A branch on a person's own machine is a pull request without a number.
    """

    repo: str
    """`owner/name` on a forge, the folder's name for a local repository."""
    number: int | None
    base_sha: Sha
    merge_base_sha: Sha
    head_sha: Sha
    """For uncommitted work: a commit made in our own mirror, never in the user's repository."""
    head_ref: str
    """For people only; git is always given SHAs."""
    is_fork: bool = False
    can_push: bool = False
    author: str = ""
    title: str = ""
    is_draft: bool = False
    is_uncommitted: bool = False
    """Work of a checkout that is in no commit of its repository."""


def printable(path: str) -> str:
    """Return a path as it may be shown: control, bidi and undecodable characters escaped."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode()
        for c in path
    )
