"""Our processes on one machine: paused, together, and the end of them."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.app import open_app, running_app
from tests.end_to_end.command import Process
from tests.end_to_end.test_app import LINT_BUG, _repo, _reviewed

READY = "working with"


def children(process: Process) -> list[int]:
    """Return the processes that our process began to do its work, in the order of their start."""
    path = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    pids = [int(pid) for pid in path.read_text().split()]
    return [p for p in pids if b"resource_tracker" not in Path(f"/proc/{p}/cmdline").read_bytes()]


def is_alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def are_gone(pids: list[int]) -> Callable[[], bool]:
    return lambda: not any(is_alive(pid) for pid in pids)


def test_a_paused_worker_loses_nothing_and_does_nothing(tmp_path: Path) -> None:
    with running_app(tmp_path, sandbox="none", workers=0) as app:
        app.start("worker", ready="paused by PULLWRIGHT_PAUSED", PULLWRIGHT_PAUSED="1")
        repo = _repo(app, "paused")
        pr = repo.open_pull_request(LINT_BUG, author="ada")
        asked = app.github.user("ada").comment(pr, "/agent status")
        app.processes[-1].terminate()
        assert app.processes[-1].wait(30) == 0
        assert repo.check_runs == []

        app.start("worker", ready=READY)
        _reviewed(app, repo, pr)
        app.until(lambda: "rocket" in {r.content for r in asked.reactions}, "an answer")


def test_serve_with_worker_does_both_and_ends_cleanly(tmp_path: Path) -> None:
    with running_app(tmp_path, sandbox="none", workers=0, serving=("--with-worker",)) as app:
        repo = _repo(app, "both")
        pr = repo.open_pull_request(LINT_BUG, author="ada")
        _reviewed(app, repo, pr)
        both = children(app.processes[0])

        app.processes[0].terminate()

        assert app.processes[0].wait(60) == 0
        assert len(both) == 2
        assert are_gone(both)()


@pytest.mark.parametrize("victim", [0, 1], ids=["serve", "worker"])
def test_where_one_of_the_two_dies_both_end(tmp_path: Path, victim: int) -> None:
    with running_app(tmp_path, sandbox="none", workers=0, serving=("--with-worker",)) as app:
        both = children(app.processes[0])

        os.kill(both[victim], signal.SIGKILL)

        assert app.processes[0].wait(60) == 4
        assert are_gone(both)()
        assert "one of two processes ended" in (tmp_path / "process-0.log").read_text()


def test_where_the_first_process_is_killed_the_two_follow(tmp_path: Path) -> None:
    with running_app(tmp_path, sandbox="none", workers=0, serving=("--with-worker",)) as app:
        both = children(app.processes[0])

        app.processes[0].kill()
        app.processes[0].wait()

        app.until(are_gone(both), "the end of both")


def test_a_hang_up_says_what_becomes_of_the_work_and_not_that_there_was_none(
    tmp_path: Path,
) -> None:
    with running_app(tmp_path, sandbox="none", workers=1) as app:
        for process in app.processes:
            process.send_signal(signal.SIGHUP)
            assert process.wait(60) == 130

    served, worked = (tmp_path / f"process-{n}.log" for n in range(2))
    assert "stopped; what was taken in is kept in the queue" in served.read_text()
    assert "the next worker goes on with them" in worked.read_text()


@pytest.mark.parametrize("mode", [0o640, 0o600])
def test_a_key_that_others_can_read_is_said_once_with_what_to_type(
    tmp_path: Path, mode: int
) -> None:
    with running_app(tmp_path, sandbox="none", workers=0) as app:
        key = tmp_path / "key.pem"
        key.chmod(mode)
        app.start("worker", ready=READY)

    said = (tmp_path / "process-1.log").read_text()
    assert said.count(f"(mode {mode:04o}): type `chmod 600 {key}`") == (mode != 0o600)


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        (None, 0o644, "everybody on this machine can read the App's key"),
        ("no key", 0o600, "holds no private key that can be used"),
        ("", 0o600, "holds no private key that can be used"),
    ],
)
def test_with_a_key_that_is_open_or_none_nothing_starts(
    tmp_path: Path, text: str | None, mode: int, said: str
) -> None:
    with open_app(tmp_path, sandbox="none") as app:
        key = tmp_path / "key.pem"
        key.write_text(key.read_text() if text is None else text)
        key.chmod(mode)
        process = app.spawn("serve", "--with-worker", "--port", "0")

        assert process.wait(30) == 2

    assert (tmp_path / "process-0.log").read_text().count(said) == 1


def test_a_debug_server_and_an_open_engine_are_refused(tmp_path: Path) -> None:
    with open_app(tmp_path, sandbox="auto") as app:
        debug = app.spawn("serve", "--port", "0", FLASK_DEBUG="1")
        engine = app.spawn("worker", DOCKER_HOST="tcp://10.0.0.1:2375")

        assert (debug.wait(30), engine.wait(30)) == (2, 2)

    served, worked = (tmp_path / f"process-{n}.log" for n in range(2))
    assert "FLASK_DEBUG is set" in served.read_text()
    assert "open to everybody who reaches its port, as root" in worked.read_text()


def test_what_is_wrong_with_the_settings_is_said_once(tmp_path: Path) -> None:
    with running_app(tmp_path, sandbox="none", workers=0) as app:
        with pytest.raises(AssertionError) as told:
            app.start(
                "serve", "--with-worker", "--port", "0",
                ready=READY, PULLWRIGHT_PRIVATE_KEY_FILE="",
            )  # fmt: skip

        assert app.processes[-1].wait(30) == 2
        assert str(told.value).count("PULLWRIGHT_PRIVATE_KEY_FILE is not set") == 1
