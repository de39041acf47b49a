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

    def is_just(self, head: FakeCommit, commits: Mapping[Sha, FakeCommit]) -> bool:
        """Tell whether this is what the head is: its message, its parent and every file."""
        if head.parent != self.expected or head.message != self.message:
            return False
        return head.files == with_changes(commits[head.parent].files, self.files)


def with_changes(files: Files, changes: FileChanges) -> Files:
    """Return the files as a commit of the changes leaves them."""
    after = {**files, **{path: data for path, data in changes.items() if data is not None}}
    return {path: data for path, data in after.items() if changes.get(path, b"") is not None}


def text_of(message: CommitMessage | None) -> str:
    """Return a commit's message as a forge has it."""
    if message is None:
        return "More"
    trailers = "\n".join(f"{key}: {value}" for key, value in message.trailers)
    return f"{message.subject}\n\n{message.body}\n\n{trailers}"


def is_summary(body: str) -> bool:
    """Tell whether a comment of ours is the sticky one."""
    marker = parse_marker(body)
    return marker is not None and marker.kind is MarkerKind.SUMMARY
