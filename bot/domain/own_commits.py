"""Which commits of a pull request are ours, and what taking them back writes.

Anybody can write our trailers, our name and our address into a commit. So a trailer only says under
which key to look, and a commit is ours where our own records hold its SHA under that key.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.forge import PullCommit, Undoing
from bot.domain.ports import CommitMessage
from bot.domain.pull_request import Sha, printable
from bot.domain.untrusted import one_line
from bot.errors import Refused

MAX_UNDONE = 10
"""Commits of ours that one `undo` takes back; each is fetched by itself."""
NOTHING_OF_OURS = (
    "there is nothing of ours to undo; who may push takes anything else back with `git revert`"
)
_RUN, _UNDONE = "Pullwright-Run", "Pullwright-Undo"

IsRecorded = Callable[[str, Sha], bool]
"""Tells whether our records hold this commit under this key."""


@dataclass(frozen=True, slots=True)
class OwnCommit:
    """A commit of ours that stands."""

    sha: Sha
    parent: Sha


@dataclass(frozen=True, slots=True)
class OwnFiles:
    """What one commit of ours did: by path the contents before and after; None for no file."""

    sha: Sha
    files: Mapping[str, tuple[bytes | None, bytes | None]]


def fix_key(run_id: str) -> str:
    """Return the key under which a commit of patches is recorded."""
    return f"commit:{run_id}"


def undo_key(run_id: str) -> str:
    """Return the key under which a commit that takes ours back is recorded."""
    return f"undo:{run_id}"


def standing(commits: Sequence[PullCommit], is_recorded: IsRecorded) -> tuple[OwnCommit, ...]:
    """Return our commits that nothing of ours took back, the newest first."""
    undone: set[str] = set()
    found: list[OwnCommit] = []
    for commit in reversed(commits):
        runs = trailers(commit.message, _RUN)
        if any(is_recorded(undo_key(run), commit.sha) for run in runs):
            undone.update(trailers(commit.message, _UNDONE))
            continue
        is_ours = any(is_recorded(fix_key(run), commit.sha) for run in runs)
        if is_ours and commit.sha not in undone:
            found.append(OwnCommit(commit.sha, commit.parents[0]))
    return tuple(found)


def taken_back(head: Mapping[str, bytes], commits: Sequence[OwnFiles]) -> dict[str, Undoing]:
    """Return what becomes of each file when our commits, the newest first, are taken back.

    `head` holds at least their files. Raises Refused where somebody built on one of the files: then
    the bytes from before are no longer what anybody wants.
    """
    now: dict[str, bytes | None] = {}
    for commit in commits:
        held = {path: now.get(path, head.get(path)) for path in commit.files}
        built_on = [path for path, (_, after) in commit.files.items() if held[path] != after]
        if built_on:
            raise Refused(_built_on(commit.sha, sorted(built_on)))
        now |= {path: before for path, (before, _) in commit.files.items()}
    return {
        path: Undoing(head.get(path), before)
        for path, before in sorted(now.items())
        if before != head.get(path)
    }


def undo_message(shas: Sequence[Sha], *, requester: str, run_id: str) -> CommitMessage:
    """Return the message of the commit that takes ours back."""
    first = shas[0][:12]
    subject = f"Undo {first}" if len(shas) == 1 else f"Undo {len(shas)} commits of pullwright"
    body = "The files are byte for byte as they were before:\n" + "\n".join(shas)
    rows = [("Co-authored-by", one_line(requester))] if requester else []
    rows.append((_RUN, run_id))
    rows.extend((_UNDONE, sha) for sha in shas)
    return CommitMessage(subject, body, tuple(rows))


def _built_on(sha: Sha, paths: Collection[str]) -> str:
    names = ", ".join(printable(path) for path in list(paths)[:5])
    return (
        f"somebody changed {names} since {sha[:12]}, so the bytes from before are not what "
        f"anybody wants back; whoever changed it decides: `git revert {sha[:12]}`"
    )


def trailers(message: str, name: str) -> list[str]:
    """Return the values of a trailer: whole lines of the last paragraph."""
    last = message.rstrip().rpartition("\n\n")[2]
    rows = (line.partition(": ") for line in last.splitlines())
    return [value.strip() for key, _, value in rows if key == name]
