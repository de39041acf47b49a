import itertools

import pytest

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
from bot.domain.findings import FindingId
from bot.domain.forge import Permission
from bot.domain.permissions import Allowed, Asker, Denied, Place, may

F1 = FindingId("F1")
WRITE: tuple[Command, ...] = (
    Review(),
    Fix(),
    Fix(is_stacked=True),
    Test(),
    Implement("x"),
    Cover(),
    Undo(),
    Unmute("E711"),
    Policy(PolicyView.ROLLBACK),
)
AUTHOR: tuple[Command, ...] = (Dismiss(F1), Reject(), Stop(), Pause(), Resume(), Ignore())
READ: tuple[Command, ...] = (
    Ask("x"),
    Explain(F1),
    Status(),
    Why(),
    ShowConfig(),
    Policy(PolicyView.SHOW),
    Policy(PolicyView.EXPLAIN),
    Help(),
)
ALL = (*WRITE, *AUTHOR, *READ)
WRITER = Asker(Permission.WRITE)


@pytest.mark.parametrize(
    ("asker", "allowed"),
    [
        (Asker(Permission.ADMIN), ALL),
        (WRITER, ALL),
        (Asker(Permission.READ), READ),
        (Asker(Permission.READ, is_author=True), (*AUTHOR, *READ)),
        (Asker(Permission.NONE), ()),
        # The forge gave no answer, or the author has been shut out: fail closed.
        (Asker(Permission.NONE, is_author=True), ()),
    ],
    ids=["admin", "write", "read", "author", "nobody", "author without access"],
)
def test_the_table_of_permissions_holds(asker: Asker, allowed: tuple[Command, ...]) -> None:
    may_run = [c for c in ALL if isinstance(may(c, asker, Place()), Allowed)]

    assert set(may_run) == set(allowed)


def test_whoever_is_denied_is_told_what_it_takes() -> None:
    assert may(Fix(), Asker(Permission.READ), Place()) == Denied(
        "this needs write access to the repository; ask somebody who has it"
    )


def test_a_stacked_fix_is_refused_on_a_fork() -> None:
    told = may(Fix(is_stacked=True), WRITER, Place(is_fork=True))

    assert isinstance(told, Denied)
    assert "fork" in told.reason


@pytest.mark.parametrize("command", [Fix(), Fix((F1,)), Implement("x"), Cover()])
@pytest.mark.parametrize(
    "place",
    [Place(is_fork=True), Place(is_fork=True, can_push=False), Place(can_push=False)],
    ids=["fork", "fork of another installation", "no write token"],
)
def test_where_we_cannot_push_a_fix_is_shown_and_not_committed(
    command: Command, place: Place
) -> None:
    assert may(command, WRITER, place) == Allowed(is_suggestion_only=True)


def test_on_our_own_branch_a_fix_is_committed() -> None:
    assert may(Fix(), WRITER, Place()) == Allowed(is_suggestion_only=False)


def test_nothing_is_undone_where_nothing_of_ours_can_be() -> None:
    assert isinstance(may(Undo(), WRITER, Place(is_fork=True)), Denied)
    assert isinstance(may(Undo(), WRITER, Place(can_push=False)), Denied)


def test_a_closed_pull_request_is_not_worked_on() -> None:
    denied = {c for c in ALL if isinstance(may(c, WRITER, Place(is_open=False)), Denied)}

    assert denied == {*WRITE, Resume()} - {Policy(PolicyView.ROLLBACK), Unmute("E711")}


def test_a_locked_conversation_is_for_those_with_write_access() -> None:
    author = Asker(Permission.READ, is_author=True)
    locked = Place(is_locked=True)

    assert all(isinstance(may(c, author, locked), Denied) for c in ALL)
    assert all(isinstance(may(c, WRITER, locked), Allowed) for c in ALL)


def test_more_permission_never_allows_less() -> None:
    ranks = [Permission.NONE, Permission.READ, Permission.WRITE, Permission.ADMIN]
    flags = list(itertools.product([True, False], repeat=5))

    for command, place in itertools.product(ALL, (Place(*f) for f in flags)):
        told = [isinstance(may(command, Asker(p), place), Allowed) for p in ranks]
        assert told == sorted(told)
