"""Tests that are killed leave nothing behind that they started."""

import os
import select
import subprocess
import sys

_KILLED = """
import os, signal, sys
from tests.end_to_end import warm
fork = warm.start("print(flush=True); import time; time.sleep(600)", [], env=dict(os.environ))
fork.stdout.readline()
print(fork.pid, flush=True)
sys.stdin.readline()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_command_ends_with_the_tests_that_started_it() -> None:
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", _KILLED], **streams) as tests:  # type: ignore[call-overload]  # they are those of Popen
        life = os.pidfd_open(int(tests.stdout.readline()))
        tests.communicate("go\n", timeout=120)

    assert select.select([life], [], [], 120)[0]
    os.close(life)
