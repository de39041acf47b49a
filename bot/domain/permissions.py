"""Who may ask for what: decided by the forge's own answer about a person, and by nothing else.

A name, a `[bot]` suffix or an `author_association` gives no trust (rule R5); an answer of the forge
that is no answer arrives here as `Permission.NONE`.
"""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.admission import OFF_LABEL
from bot.domain.commands import (
    Ask,
    Command,
    Cover,
    Dismiss,
    Explain,
    Fix,
    Help,
    Ignore,
    Implement,
    Pause,
    Policy,
    PolicyView,
    Reject,
    Resume,
    Review,
    ShowConfig,
    Status,
    Stop,
    Test,
    Undo,
    Unmute,
    Why,
)
from bot.domain.forge import Permission


class Need(StrEnum):
    """What a command asks of the person."""

    WRITE = "write access to the repository"
    WRITE_OR_AUTHOR = "write access to the repository, or to be the author of the pull request"
    READ = "read access to the repository"


@dataclass(frozen=True, slots=True)
class Asker:
    """The person who asks."""

    permission: Permission
    """In the base repository; to maintain the fork means nothing here (case B13)."""
    is_author: bool = False
    """Of the pull request, compared by id."""


@dataclass(frozen=True, slots=True)
class Place:
    """The pull request that is asked about, as the forge says it is right now."""

    is_open: bool = True
    is_locked: bool = False
    is_fork: bool = False
    can_push: bool = True
    """We may commit on its branch."""
    is_off: bool = False
    """Somebody silenced us here with a label."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """The command may run."""

    is_suggestion_only: bool = False
    """What it writes is shown as suggestions and a patch file; nothing is committed."""


@dataclass(frozen=True, slots=True)
class Denied:
    """The command may not run, and why."""

    reason: str
    """One sentence that says what would be needed."""


def may(command: Command, asker: Asker, place: Place) -> Allowed | Denied:
    """Return whether this person may have this command carried out on this pull request."""
    need = needed(command)
    if not _has(need, asker):
        return Denied(f"this needs {need}; ask somebody who has it")
    if place.is_locked and not asker.permission.may_write:
        return Denied(
            f"the conversation is locked, so this needs {Need.WRITE}; ask somebody who has it"
        )
    if not place.is_open and isinstance(command, _ON_OPEN_ONLY):
        return Denied("the pull request is closed; reopen it first")
    if place.is_off and isinstance(command, _ON_OPEN_ONLY):
        return Denied(f"the label `{OFF_LABEL}` is on it; take it off first")
    return _where(command, place)


def needed(command: Command) -> Need:
    """Return what a command asks of the person."""
    match command:
        case Review() | Fix() | Test() | Implement() | Cover() | Undo() | Unmute():
            return Need.WRITE
        case Policy(PolicyView.ROLLBACK):
            return Need.WRITE
        case Dismiss() | Reject() | Stop() | Pause() | Resume() | Ignore():
            return Need.WRITE_OR_AUTHOR
        case Ask() | Explain() | Status() | Why() | ShowConfig() | Policy() | Help():
            return Need.READ


def _has(need: Need, asker: Asker) -> bool:
    match need:
        case Need.WRITE:
            return asker.permission.may_write
        case Need.WRITE_OR_AUTHOR:
            is_reader = asker.permission is not Permission.NONE
            return asker.permission.may_write or (asker.is_author and is_reader)
        case Need.READ:
            return asker.permission is not Permission.NONE


def _where(command: Command, place: Place) -> Allowed | Denied:
    """Decide by whose branch it is: nothing of ours is ever pushed at a fork's head (rule R20)."""
    if isinstance(command, Fix) and command.is_stacked and place.is_fork:
        return Denied(
            "the head is in a fork, where a branch of ours would run its code in this "
            "repository's workflows; `fix` without --pr gives suggestions and a patch file"
        )
    is_ours_to_write = place.can_push and not place.is_fork
    if isinstance(command, Undo) and not is_ours_to_write:
        return Denied(
            "nothing of ours is on this branch, because it is not ours to write; "
            "its owner reverts what is on it"
        )
    writes = isinstance(command, Fix | Implement | Cover)
    return Allowed(is_suggestion_only=writes and not is_ours_to_write)


_ON_OPEN_ONLY = (Review, Fix, Test, Implement, Cover, Undo, Resume)
"""Commands that work on the head, which a closed pull request has no use for."""
