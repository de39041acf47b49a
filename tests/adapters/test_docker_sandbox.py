"""The Docker sandbox keeps the contract, and holds against code that wants out or wants more."""

import contextlib
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.adapters import docker_sandbox
from bot.adapters.docker_engine import DockerEngine, connect
from bot.adapters.docker_sandbox import DockerSandbox, spelled_in_utf8
from bot.domain.evidence import StopReason
from bot.domain.ports import CommandResult, SourceFile
from bot.errors import SandboxFailed
from tests.adapters.docker_sandboxes import Job
from tests.adapters.sandbox_contract import CONTRACT, Clause, sh

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def shared(docker_engine: DockerEngine) -> Iterator[DockerSandbox]:
    """One sandbox for many tests: each begins with its own `put`."""
    with Job(docker_engine).sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared: DockerSandbox) -> DockerSandbox:
    shared.put([])
    return shared


def python(sandbox: DockerSandbox, code: str, *, timeout_s: float = 30) -> CommandResult:
    return sandbox.run(["{python}", "-c", code], timeout_s=timeout_s)


@contextlib.contextmanager
def forwarded(socket_path: str) -> Iterator[str]:
    """Serve a Unix socket on a TCP port, as an engine on another machine would be."""

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    class Forward(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.socket(socket.AF_UNIX) as engine:
                engine.connect(socket_path)
                back = threading.Thread(target=pump, args=(engine, self.request))
                back.start()
                pump(self.request, engine)
                back.join()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Forward) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"tcp://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("clause", CONTRACT, ids=lambda clause: clause.__name__)
def test_the_docker_sandbox_keeps_the_contract(clause: Clause, shared: DockerSandbox) -> None:
    clause(shared)


def test_nothing_is_left_on_the_engine_after_close(docker_engine: DockerEngine) -> None:
    job = Job(docker_engine)
    with job.sandbox() as sandbox:
        sh(sandbox, "true")
        assert len(job.containers()) == 1  # the holder: the runner is gone already
    sandbox.close()

    assert (job.containers(), job.volumes()) == ([], [])


def test_a_closed_sandbox_runs_nothing(docker_engine: DockerEngine) -> None:
    with Job(docker_engine).sandbox() as sandbox:
        pass

    with pytest.raises(SandboxFailed):
        sandbox.run(["true"], timeout_s=1)


def test_closing_from_another_thread_kills_the_command_at_once(
    docker_engine: DockerEngine,
) -> None:
    job = Job(docker_engine)
    with job.sandbox() as sandbox:
        timer = threading.Timer(1.0, sandbox.close)
        timer.start()
        started = time.monotonic()
        result = sh(sandbox, "sleep 60", timeout_s=60)
        timer.join()

    assert result.stop is StopReason.KILLED
    assert time.monotonic() - started < 5
    assert job.containers() == []


def test_memory_taken_by_a_child_is_told_although_the_parent_exits_0(
    sandbox: DockerSandbox,
) -> None:
    hog = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'b = bytearray(1 << 30)'])"

    result = python(sandbox, hog)

    assert (result.stop, result.exit_code) == (StopReason.OUT_OF_MEMORY, None)


def test_a_fork_bomb_ends_with_its_container(docker_engine: DockerEngine) -> None:
    job = Job(docker_engine)
    with job.sandbox() as sandbox:
        result = sh(sandbox, "f() { f | f & }; f; sleep 60", timeout_s=2)

        assert result.stop in (StopReason.TIMEOUT, StopReason.EXITED)
        assert len(job.containers()) == 1


def test_processes_that_ignore_term_and_leave_the_session_die_too(
    sandbox: DockerSandbox,
) -> None:
    deaf = "trap '' TERM HUP INT; setsid sh -c 'trap \"\" TERM; sleep 61' & kill -STOP $$"

    result = sh(sandbox, deaf, timeout_s=1)

    assert result.stop is StopReason.TIMEOUT
    assert result.seconds < 3


def test_a_daemon_left_behind_does_not_outlive_its_command(sandbox: DockerSandbox) -> None:
    sh(sandbox, "(setsid sh -c 'sleep 2; echo late > {out}/late' &) ; exit 0")
    time.sleep(2.5)

    assert sandbox.get("late", limit_bytes=10) is None


def test_a_command_that_closes_its_outputs_is_still_waited_for(sandbox: DockerSandbox) -> None:
    result = sh(sandbox, "exec >&- 2>&-; sleep 1; exit 7")
    late = sh(sandbox, "exec >&- 2>&-; sleep 60", timeout_s=1)

    assert (result.stop, result.exit_code) == (StopReason.EXITED, 7)
    assert late.stop is StopReason.TIMEOUT


def test_endless_output_is_killed_and_a_line_without_end_is_cut(sandbox: DockerSandbox) -> None:
    result = sh(sandbox, "tr '\\0' x < /dev/zero", limit=1000)

    assert (result.stop, result.is_truncated) == (StopReason.OUTPUT_LIMIT, True)
    assert len(result.stdout) < 1100


@pytest.mark.parametrize("folder", [".", "{out}", "/tmp", "/dev/shm"])
def test_filling_a_folder_meets_its_end_and_not_the_hosts(
    folder: str, sandbox: DockerSandbox
) -> None:
    result = sh(sandbox, f"dd if=/dev/zero of={folder}/big bs=1M count=2000")

    assert b"No space left" in result.stderr
    assert result.stop is StopReason.EXITED


def test_a_million_files_meet_the_end_of_the_workspace(sandbox: DockerSandbox) -> None:
    code = "for n in range(1_000_000): open(str(n), 'w').close()"

    result = python(sandbox, code)
    sandbox.put([SourceFile("after", b"")])

    assert b"No space left" in result.stderr
    assert sh(sandbox, "ls").stdout == b"after\n"


def test_a_sparse_file_of_a_terabyte_is_refused(sandbox: DockerSandbox) -> None:
    result = python(sandbox, "open('big', 'wb').truncate(1 << 40)")

    assert result.exit_code != 0


def test_a_tree_and_results_that_were_shut_are_opened_by_the_next_put(
    sandbox: DockerSandbox,
) -> None:
    sh(sandbox, "touch file {out}/file; chmod 000 /ws/out /ws/tree")
    sandbox.put([SourceFile("after", b"")])

    assert sh(sandbox, "ls; ls {out}").stdout == b"after\n"


def test_a_workspace_that_cannot_be_emptied_is_replaced(
    docker_engine: DockerEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docker_sandbox, "_EMPTY", "exit 1")
    job = Job(docker_engine)
    with job.sandbox(SourceFile("before", b"")) as sandbox:
        sandbox.put([SourceFile("after", b"")])

        assert sh(sandbox, "ls").stdout == b"after\n"
        assert (len(job.containers()), len(job.volumes())) == (1, 1)


def test_an_engine_behind_tcp_serves_as_well(docker_engine: DockerEngine) -> None:
    local = Path("/var/run/docker.sock")
    if not local.is_socket():
        pytest.skip("the engine has no local socket to forward to")
    with forwarded(str(local)) as host:
        remote = connect(host)
        with Job(remote).sandbox(SourceFile("a", b"here")) as sandbox:
            result = sh(sandbox, "cat a; sleep 0.2; echo err >&2")
            late = sh(sandbox, "sleep 60", timeout_s=0.5)
        remote.disconnect()

    assert (result.stdout, result.stderr) == (b"here", b"err\n")
    assert late.stop is StopReason.TIMEOUT


def test_the_workspace_itself_cannot_be_replaced(sandbox: DockerSandbox) -> None:
    result = sh(sandbox, "mv /ws/tree /ws/old; rm -f /ws/nonce; ln -s /etc /ws/out2; ls /ws")

    assert result.stdout == b"nonce\nout\ntree\n"


def test_a_lost_workspace_is_a_failure_and_never_an_empty_tree(
    docker_engine: DockerEngine,
) -> None:
    with Job(docker_engine).sandbox(SourceFile("a", b"a")) as sandbox:
        # The tmpfs dies with its last user; starting the holder again mounts an empty one.
        docker_engine._client.restart(sandbox.holder, timeout=0)

        with pytest.raises(SandboxFailed):
            sh(sandbox, "ls")


def test_a_src_layout_is_importable_without_being_installed(sandbox: DockerSandbox) -> None:
    sandbox.put([SourceFile("src/mine/__init__.py", b"ANSWER = 42\n")])

    assert python(sandbox, "import mine; print(mine.ANSWER)").stdout == b"42\n"


def test_arguments_that_are_not_utf8_arrive_as_they_are(sandbox: DockerSandbox) -> None:
    name = "latin\udce9 'quoted' $x\n"
    sandbox.put([SourceFile(name, b"found")])

    assert sandbox.run(["cat", name], timeout_s=20).stdout == b"found"


def test_plain_arguments_are_not_spelled_out() -> None:
    assert spelled_in_utf8(["echo", "caf\u00e9"]) == ["echo", "caf\u00e9"]


def test_ordinary_programs_work_inside(sandbox: DockerSandbox) -> None:
    code = (
        "import multiprocessing as m, socket, threading, sqlite3, tempfile, os;"
        "print(m.Pool(2).map(abs, [-1, -2]));"
        "s = socket.create_server(('127.0.0.1', 0));"
        "socket.create_connection(s.getsockname());"
        "print([name for _, name in socket.if_nameindex()]);"
        "socket.getaddrinfo('localhost', 80); os.mkfifo('fifo'); tempfile.TemporaryFile()"
    )

    result = python(sandbox, code)

    assert (result.exit_code, result.stderr) == (0, b"")
    assert result.stdout == b"[1, 2]\n['lo']\n"


def test_a_kill_takes_less_than_a_second(docker_engine: DockerEngine) -> None:
    with contextlib.ExitStack() as stack:
        sandbox = stack.enter_context(Job(docker_engine).sandbox())
        started = time.monotonic()
        sh(sandbox, "while :; do :; done", timeout_s=0.5)
        took = time.monotonic() - started

    assert took < 5  # 0.5 s of it is the limit, the rest start and kill on a busy machine
