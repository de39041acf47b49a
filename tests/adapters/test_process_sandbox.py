"""The process sandbox keeps the contract, and leaves no process and no file behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.adapters.process_sandbox import (
    ProcessLimits,
    ProcessSandbox,
    ProcessSandboxes,
    ProcessSetup,
)
from bot.domain.evidence import StopReason
from bot.domain.ports import Dependencies, Purpose, Sandbox, SandboxFacts, SourceFile
from bot.errors import Refused
from tests.adapters.sandbox_contract import CAPACITY_BYTES, CONTRACT, Clause

Box = Callable[..., Sandbox]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    setup = ProcessSetup(
        python=Path(sys.executable),
        path=os.defpath,
        facts=SandboxFacts("process", "process", "a test asked for it"),
        limits=ProcessLimits(tree_bytes=CAPACITY_BYTES - 1),
        parent=tmp_path,
    )
    sandbox = ProcessSandbox(setup)
    yield sandbox
    sandbox.close()
    assert list(tmp_path.iterdir()) == []


def alive(tag: str) -> list[str]:
    """Return the command lines of running processes that hold a tag."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes()
        except OSError:
            continue
        if tag.encode() in line:
            found.append(line.decode(errors="replace"))
    return found


def python(sandbox: Sandbox, program: str, *, timeout_s: float = 20) -> StopReason:
    return sandbox.run(["{python}", "-c", program], timeout_s=timeout_s).stop


@pytest.mark.parametrize("clause", CONTRACT, ids=lambda clause: clause.__name__)
def test_the_process_sandbox_keeps_the_contract(clause: Clause, box: Sandbox) -> None:
    clause(box)


LONG = "import time; time.sleep(600)  # {tag}"
START = "import os, signal, subprocess, sys, time\nargv = [sys.executable, '-c', {long!r}]\n"
ESCAPES = {
    "ignoring TERM": "signal.signal(signal.SIGTERM, signal.SIG_IGN); subprocess.Popen(argv)",
    "in a session of its own": "subprocess.Popen(argv, start_new_session=True)",
    "stopped": "os.kill(subprocess.Popen(argv).pid, signal.SIGSTOP)",
    "fifty at once": "[subprocess.Popen(argv) for _ in range(50)]",
    "forked twice, without our environment": (
        "child = os.fork()\n"
        "if child == 0:\n"
        "    os.setsid(); os.chdir('/')\n"
        "    subprocess.Popen(argv, env={}, stdin=-3, stdout=-3, stderr=-3)\n"
        "    os._exit(0)\n"
        "os.waitpid(child, 0)\n"
    ),
}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux adopts orphans")
@pytest.mark.parametrize("hangs", [False, True], ids=["and exits", "and hangs"])
@pytest.mark.parametrize("escape", list(ESCAPES))
def test_no_process_outlives_its_command(escape: str, hangs: bool, box: Sandbox) -> None:
    tag = f"straggler-{os.getpid()}-{time.monotonic_ns()}"
    program = START.format(long=LONG.format(tag=tag)) + ESCAPES[escape]
    box.put([])

    stop = python(
        box, program + ("\ntime.sleep(600)" if hangs else ""), timeout_s=0.7 if hangs else 30
    )

    assert stop is (StopReason.TIMEOUT if hangs else StopReason.EXITED)
    assert alive(tag) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux adopts orphans")
def test_a_command_that_kills_its_supervisor_is_swept_up(box: Sandbox) -> None:
    tag = f"orphan-{os.getpid()}-{time.monotonic_ns()}"
    program = START.format(long=LONG.format(tag=tag))
    program += "subprocess.Popen(argv); os.kill(os.getppid(), signal.SIGKILL); time.sleep(60)"
    box.put([])

    assert python(box, program) is StopReason.KILLED
    assert alive(tag) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux adopts orphans")
def test_the_command_ends_when_our_own_process_is_killed(tmp_path: Path) -> None:
    tag = f"widow-{os.getpid()}-{time.monotonic_ns()}"
    program = (
        "import sys; from pathlib import Path\n"
        "from bot.adapters.process_sandbox import ProcessSandboxes\n"
        "from bot.domain.ports import Purpose\n"
        "box = ProcessSandboxes(reason='').open(Purpose.TOOLS); box.put([])\n"
        f"box.run(['{{python}}', '-c', {LONG.format(tag=tag)!r}], timeout_s=60)\n"
    )
    variables = {"TMPDIR": str(tmp_path), "PATH": os.defpath}
    with subprocess.Popen([sys.executable, "-c", program], env=variables) as owner:
        wait_until(lambda: any("sleep" in line and "box" not in line for line in alive(tag)))
        owner.kill()

    wait_until(lambda: alive(tag) == [])


def test_folders_of_processes_that_died_are_removed_and_others_are_not(tmp_path: Path) -> None:
    setup = ProcessSetup(
        python=Path(sys.executable),
        path=os.defpath,
        facts=SandboxFacts("process", "process", ""),
        parent=tmp_path,
    )
    living = ProcessSandbox(setup)
    dead = tmp_path / "pullwright-sandbox-dead"
    foreign = tmp_path / "pullwright-sandbox-without-a-lock"
    for folder in (dead, foreign):
        (folder / "tree").mkdir(parents=True)
    (dead / "lock").touch()
    for folder in tmp_path.iterdir():
        os.utime(folder, (0, 0))

    second = ProcessSandbox(setup)

    assert (dead.exists(), foreign.exists()) == (False, True)
    living.put([SourceFile("a", b"still here")])
    assert living.run(["cat", "a"], timeout_s=10).stdout == b"still here"
    living.close()
    second.close()


def wait_until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


GIGABYTE = """
import resource
from bot.adapters.process_sandbox import ProcessSandboxes
from bot.domain.ports import Purpose
box = ProcessSandboxes(reason='').open(Purpose.TOOLS)
box.put([])
box.run(['true'], timeout_s=10)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
result = box.run(['head', '-c', '1000000000', '/dev/zero'], timeout_s=60)
box.close()
print(result.stop, result.is_truncated, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_gigabyte_of_output_costs_no_memory(tmp_path: Path) -> None:
    variables = {"TMPDIR": str(tmp_path), "PATH": os.defpath}

    # In a process of its own, because the peak of this one may be high already.
    said = subprocess.check_output([sys.executable, "-c", GIGABYTE], env=variables, text=True)

    *words, growth_kb = said.split()
    assert " ".join(words) == "output limit True"
    assert int(growth_kb) < 20_000


def test_the_environment_of_a_command_is_fixed(box: Sandbox, tmp_path: Path) -> None:
    box.put([])

    lines = box.run(["env"], timeout_s=10).stdout.decode().splitlines()

    names = {line.partition("=")[0] for line in lines}
    assert names - {"PULLWRIGHT_SANDBOX_ID"} == {
        "PATH",
        "HOME",
        "TMPDIR",
        "LANG",
        "LC_ALL",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONHASHSEED",
    }
    assert [line for line in lines if line.startswith(f"HOME={tmp_path}")]


def test_the_folder_is_for_its_owner_only(box: Sandbox, tmp_path: Path) -> None:
    (root,) = tmp_path.iterdir()

    assert root.stat().st_mode & 0o077 == 0


def test_a_sparse_terabyte_is_refused_by_the_file_limit(box: Sandbox) -> None:
    box.put([])

    result = box.run(["sh", "-c", "truncate -s 1T {out}/junit.xml"], timeout_s=10)

    assert result.exit_code != 0
    assert box.get("junit.xml", limit_bytes=1 << 20) in (None, b"")


@pytest.mark.parametrize(
    "act",
    [
        "rm -r {out}; ln -s /etc {out}",
        "ln -s /etc {out}/sub",
        "ln -s /etc/passwd {out}/passwd",
        "cd {out} && python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"passwd\")'",
    ],
)
def test_no_trick_in_the_results_folder_reads_a_file_of_the_host(act: str, box: Sandbox) -> None:
    box.put([])
    box.run(["sh", "-c", act], timeout_s=10)

    for name in ("passwd", "sub/passwd"):
        try:
            assert box.get(name, limit_bytes=1 << 20) is None
        except Refused:
            continue
    box.put([SourceFile("a", b"")])
    assert Path("/etc/passwd").is_file()


def test_a_tree_deeper_than_a_path_may_be_is_removed(box: Sandbox) -> None:
    box.put([])
    assert (
        python(box, "import os\nfor _ in range(3000): os.mkdir('d'); os.chdir('d')")[:4] == "exit"
    )

    box.put([])

    assert box.run(["ls", "-A"], timeout_s=10).stdout == b""


def test_memory_is_limited(tmp_path: Path) -> None:
    setup = ProcessSetup(
        python=Path(sys.executable),
        path=os.defpath,
        facts=SandboxFacts("process", "process", ""),
        limits=ProcessLimits(memory_bytes=256 << 20),
        parent=tmp_path,
    )
    sandbox = ProcessSandbox(setup)
    sandbox.put([])

    result = sandbox.run(["{python}", "-c", "bytearray(1 << 30)"], timeout_s=20)

    sandbox.close()
    assert b"MemoryError" in result.stderr


def test_ending_by_a_segmentation_fault_is_an_exit_code(box: Sandbox) -> None:
    box.put([])

    result = box.run(["sh", "-c", "kill -SEGV $$"], timeout_s=10)

    assert result.exit_code == 128 + signal.SIGSEGV


def test_tools_find_the_analyzers_beside_our_interpreter() -> None:
    sandbox = ProcessSandboxes(reason="no Docker here").open(Purpose.TOOLS)
    sandbox.put([])

    result = sandbox.run(["ruff", "--version"], timeout_s=20)

    sandbox.close()
    assert result.exit_code == 0
    assert sandbox.facts.notes == ()


def test_tests_use_the_virtualenv_of_the_checkout(tmp_path: Path) -> None:
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    sandboxes = ProcessSandboxes(reason="no Docker here", checkout=tmp_path)

    sandbox = sandboxes.open(Purpose.TESTS, Dependencies({"requirements.txt": b"x"}))
    sandbox.put([])
    result = sandbox.run(["echo", "{python}"], timeout_s=10)

    sandbox.close()
    assert result.stdout.decode().strip() == str(python)
    assert any("network was not blocked" in note for note in sandbox.facts.notes)
    assert any("installed packages" in note for note in sandbox.facts.notes)
