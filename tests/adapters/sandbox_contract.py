"""What every sandbox promises. Each test module of a sandbox runs every clause on it:

@pytest.mark.parametrize("clause", CONTRACT, ids=lambda clause: clause.__name__)
def test_the_fake_keeps_the_contract(clause: Clause) -> None:
    clause(FakeSandbox(contract_script, capacity_bytes=CAPACITY_BYTES - 1))

Clauses need a shell, `{python}` and room for CAPACITY_BYTES; `contract_script` answers for the
fake. A clause leaves the sandbox open, so that one sandbox may be used for all of them.
"""

import contextlib
from collections.abc import Callable, Mapping

import pytest

from bot.domain.evidence import StopReason
from bot.domain.ports import CommandResult, Sandbox, SourceFile
from bot.errors import Refused, TooLarge
from tests.fakes.sandbox import Answer

Clause = Callable[[Sandbox], None]

CAPACITY_BYTES = 64 << 20
"""What the sandbox under test may hold at most, so that filling it is quick."""

LIST = "find . -type f | sort"
SAY = "echo out; echo err >&2; exit 3"
WRITE = "printf kept > {out}/a.txt; mkdir {out}/dir; printf deep > {out}/dir/b.txt"
LINKS = "ln -s /etc/passwd {out}/link; mkfifo {out}/fifo; mkdir -p {out}/folder"
LINKED_FOLDER = "ln -s /etc {out}/linked"
LOUD = "i=0; while [ $i -lt 3000 ]; do echo line-$i; i=$((i+1)); done"
HOSTILE = (
    "mkdir -p shut/in; touch shut/in/file; ln -s /etc/passwd l; mkfifo f; chmod 000 shut/in shut"
)


def sh(
    sandbox: Sandbox, script: str, *, timeout_s: float = 20, limit: int = 1 << 20
) -> CommandResult:
    return sandbox.run(["sh", "-c", script], timeout_s=timeout_s, output_limit_bytes=limit)


def put(sandbox: Sandbox, **files: bytes) -> None:
    sandbox.put([SourceFile(name.replace("_dot_", "."), data) for name, data in files.items()])


def the_tree_holds_exactly_what_was_put(sandbox: Sandbox) -> None:
    sandbox.put([SourceFile("b.txt", b"b"), SourceFile("d/e/a.txt", b"a")])

    assert sh(sandbox, LIST).stdout == b"./b.txt\n./d/e/a.txt\n"


def files_of_an_earlier_put_and_run_are_gone(sandbox: Sandbox) -> None:
    put(sandbox, old=b"old")
    sh(sandbox, WRITE)
    sh(sandbox, "printf made > made.txt")
    put(sandbox, new=b"new")

    assert sh(sandbox, LIST).stdout == b"./new\n"
    assert sandbox.get("a.txt", limit_bytes=100) is None


def what_a_hostile_run_left_does_not_stop_the_next_put(sandbox: Sandbox) -> None:
    put(sandbox, old=b"old")
    sh(sandbox, HOSTILE)
    put(sandbox, new=b"new")

    assert sh(sandbox, "ls -A").stdout == b"new\n"


def bytes_arrive_as_they_are(sandbox: Sandbox) -> None:
    data = bytes(range(256)) * 40
    sandbox.put([SourceFile("data.bin", data)])

    assert sh(sandbox, "cat data.bin").stdout == data


def names_are_bytes_to_git_and_to_the_sandbox(sandbox: Sandbox) -> None:
    names = ["-rf", "new\nline", "caf\u00e9", "latin\udce9", "n" * 255, "d/" * 60 + "deep"]
    sandbox.put([SourceFile(name, b"x") for name in names])

    assert sh(sandbox, "find . -type f -print0 | tr -cd '\\0' | wc -c").stdout.split() == [b"6"]


def executable_files_may_be_run_and_others_may_not(sandbox: Sandbox) -> None:
    script = b"#!/bin/sh\necho ran\n"
    sandbox.put([SourceFile("yes", script, is_executable=True), SourceFile("no", script)])

    assert sandbox.run(["./yes"], timeout_s=20).stdout == b"ran\n"
    assert sandbox.run(["./no"], timeout_s=20).exit_code in (126, 127)


def both_streams_and_the_exit_code_come_back(sandbox: Sandbox) -> None:
    put(sandbox)

    result = sh(sandbox, SAY)

    assert (result.stdout, result.stderr) == (b"out\n", b"err\n")
    assert (result.exit_code, result.stop, result.is_truncated) == (3, StopReason.EXITED, False)


def long_output_keeps_its_head_and_tail(sandbox: Sandbox) -> None:
    put(sandbox)

    result = sh(sandbox, LOUD, limit=1000)

    assert result.is_truncated
    assert result.stdout.startswith(b"line-0\n")
    assert b"bytes left out" in result.stdout
    assert result.stdout.endswith(b"line-2999\n")
    assert len(result.stdout) < 1100


def a_command_is_killed_at_its_limit_and_what_it_said_is_kept(sandbox: Sandbox) -> None:
    put(sandbox)

    result = sh(sandbox, "echo begun; sleep 60", timeout_s=1.0)

    assert (result.stop, result.exit_code) == (StopReason.TIMEOUT, None)
    assert result.stdout == b"begun\n"
    assert result.seconds < 5


def a_command_that_kills_itself_ends_with_128_and_the_signal(sandbox: Sandbox) -> None:
    put(sandbox)

    assert sh(sandbox, "kill -9 $$").exit_code == 137


def a_missing_program_exits_127(sandbox: Sandbox) -> None:
    put(sandbox)

    result = sandbox.run(["no-such-program"], timeout_s=20)

    assert (result.exit_code, result.stop) == (127, StopReason.EXITED)
    assert b"no-such-program" in result.stderr


def standard_input_is_empty(sandbox: Sandbox) -> None:
    put(sandbox)

    assert sh(sandbox, "cat; echo end").stdout == b"end\n"


def the_interpreter_is_filled_in(sandbox: Sandbox) -> None:
    put(sandbox)

    assert sandbox.run(["{python}", "-c", "print(6 * 7)"], timeout_s=20).stdout == b"42\n"


def results_come_back_by_name(sandbox: Sandbox) -> None:
    put(sandbox)
    sh(sandbox, WRITE)

    assert sandbox.get("a.txt", limit_bytes=4) == b"kept"
    assert sandbox.get("dir/b.txt", limit_bytes=100) == b"deep"
    assert sandbox.get("none.txt", limit_bytes=100) is None


def results_last_until_the_next_put(sandbox: Sandbox) -> None:
    put(sandbox)
    sh(sandbox, WRITE)
    sh(sandbox, SAY)

    assert sandbox.get("a.txt", limit_bytes=100) == b"kept"


def files_of_the_tree_come_back_by_a_tree_name(sandbox: Sandbox) -> None:
    put(sandbox, old=b"old")
    sh(sandbox, "printf made > made.txt")

    assert sandbox.get("tree:old", limit_bytes=100) == b"old"
    assert sandbox.get("tree:made.txt", limit_bytes=100) == b"made"


def a_result_over_the_limit_is_refused(sandbox: Sandbox) -> None:
    put(sandbox)
    sh(sandbox, WRITE)

    with pytest.raises(Refused):
        sandbox.get("a.txt", limit_bytes=3)


def a_result_that_is_not_a_regular_file_is_refused(sandbox: Sandbox) -> None:
    put(sandbox)
    sh(sandbox, LINKS)

    for name in ("link", "fifo", "folder"):
        with pytest.raises(Refused):
            sandbox.get(name, limit_bytes=1 << 20)


def links_in_place_of_folders_lead_nowhere(sandbox: Sandbox) -> None:
    put(sandbox)
    sh(sandbox, LINKED_FOLDER)

    with contextlib.suppress(Refused):
        assert sandbox.get("linked/passwd", limit_bytes=1 << 20) is None


def names_that_leave_the_workspace_are_refused(sandbox: Sandbox) -> None:
    put(sandbox)

    for name in ("../nonce", "/etc/passwd", "", "a/../../b", "tree:../nonce", "tree:"):
        with pytest.raises(Refused):
            sandbox.get(name, limit_bytes=100)
    for path in ("../x", "/x", "a//b", "./x"):
        with pytest.raises(Refused):
            sandbox.put([SourceFile(path, b"")])


def a_tree_that_does_not_fit_is_too_large(sandbox: Sandbox) -> None:
    chunk = bytes(1 << 20)

    with pytest.raises(TooLarge):
        sandbox.put(SourceFile(f"{n}.bin", chunk) for n in range(CAPACITY_BYTES >> 20))
    put(sandbox, small=b"fits")

    assert sh(sandbox, LIST).stdout == b"./small\n"


CONTRACT: tuple[Clause, ...] = (
    the_tree_holds_exactly_what_was_put,
    files_of_an_earlier_put_and_run_are_gone,
    what_a_hostile_run_left_does_not_stop_the_next_put,
    bytes_arrive_as_they_are,
    names_are_bytes_to_git_and_to_the_sandbox,
    executable_files_may_be_run_and_others_may_not,
    both_streams_and_the_exit_code_come_back,
    long_output_keeps_its_head_and_tail,
    a_command_is_killed_at_its_limit_and_what_it_said_is_kept,
    a_command_that_kills_itself_ends_with_128_and_the_signal,
    a_missing_program_exits_127,
    standard_input_is_empty,
    the_interpreter_is_filled_in,
    results_come_back_by_name,
    results_last_until_the_next_put,
    files_of_the_tree_come_back_by_a_tree_name,
    a_result_over_the_limit_is_refused,
    a_result_that_is_not_a_regular_file_is_refused,
    links_in_place_of_folders_lead_nowhere,
    names_that_leave_the_workspace_are_refused,
    a_tree_that_does_not_fit_is_too_large,
)


def contract_script(argv: tuple[str, ...], files: Mapping[str, bytes]) -> Answer:
    """Answer for the fake what a shell would do with the contract's commands."""
    listing = "".join(f"./{path}\n" for path in sorted(files)).encode("utf-8", "surrogateescape")
    loud = "".join(f"line-{n}\n" for n in range(3000)).encode()
    odd = [f"sh -c {WRITE}", f"sh -c {LINKS}"]
    written, linked = (command.replace("{out}", "/ws/out") for command in odd)
    answers = {
        f"sh -c {LIST}": Answer(listing),
        "sh -c ls -A": Answer(listing.replace(b"./", b"")),
        f"sh -c {SAY}": Answer(b"out\n", b"err\n", exit_code=3),
        f"sh -c {LOUD}": Answer(loud),
        written: Answer(results={"a.txt": b"kept", "dir/b.txt": b"deep"}),
        linked: Answer(results={"link": None, "fifo": None, "folder": None}),
        f"sh -c {LINKED_FOLDER.replace('{out}', '/ws/out')}": Answer(results={"linked": None}),
        "sh -c cat data.bin": Answer(files.get("data.bin", b"")),
        "sh -c find . -type f -print0 | tr -cd '\\0' | wc -c": Answer(b"%d\n" % len(files)),
        "sh -c printf made > made.txt": Answer(tree={"made.txt": b"made"}),
        f"sh -c {HOSTILE}": Answer(tree={"shut/in/file": b""}),
        "./yes": Answer(b"ran\n"),
        "./no": Answer(exit_code=126),
        "sh -c echo begun; sleep 60": Answer(b"begun\n", seconds=60),
        "sh -c kill -9 $$": Answer(exit_code=137),
        "no-such-program": Answer(stderr=b"no-such-program: not found\n", exit_code=127),
        "sh -c cat; echo end": Answer(b"end\n"),
        "python3 -c print(6 * 7)": Answer(b"42\n"),
    }
    return answers[" ".join(argv)]
