"""What a forge in memory holds."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.forge import FileChanges, Posted
from bot.domain.markers import MarkerKind, parse_marker
from bot.domain.ports import CommitMessage
from bot.domain.pull_request import Sha

Files = Mapping[str, bytes]


@dataclass(frozen=True)
class FakeComment:
    """A comment of a conversation or of a thread."""

    posted: Posted
    is_ours: bool
    in_thread: str | None = None
    author: str = "ada"


@dataclass(frozen=True)
class FakeCommit:
    """What a branch points at."""

    sha: Sha
    parent: Sha | None
    files: Files
    message: CommitMessage | None = None


@dataclass(frozen=True)
class WantedCommit:
    """What a commit is asked to be."""

    branch: str
    expected: Sha
    files: FileChanges
    message: CommitMessage


def is_summary(body: str) -> bool:
    """Tell whether a comment of ours is the sticky one."""
    marker = parse_marker(body)
    return marker is not None and marker.kind is MarkerKind.SUMMARY
