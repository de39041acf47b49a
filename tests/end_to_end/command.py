"""Runs the real `pullwright` command in a process of its own, as a person would."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.end_to_end import warm

Process = subprocess.Popen[str] | warm.Fork
TIMEOUT_S = 300
ROOT = Path(__file__).resolve().parents[2]
START = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from bot.cli import main; main()"
"""The command of the code beside these tests, wherever a virtualenv has another."""


@dataclass(frozen=True)
class Ended:
    """How the command ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Command:
    """`pullwright` with a state folder of its own, and the process sandbox."""

    state: Path
    environment: Mapping[str, str]

    def __call__(self, *arguments: str, cwd: Path | None = None, **variables: str) -> Ended:
        with self.start(*arguments, cwd=cwd, **variables) as process:
            out, err = process.communicate(timeout=TIMEOUT_S)
        return Ended(process.wait(), out, err)

    def start(self, *arguments: str, cwd: Path | None = None, **variables: str) -> Process:
        program, env = START, {**self.environment, **variables}
        if not any(name.startswith(warm.OF_PYTHON) for name in env):
            return warm.start(program, arguments, env=env, cwd=cwd)
        return subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="surrogateescape",
        )


def command(state: Path) -> Command:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(state),
        "PULLWRIGHT_STATE_DIR": str(state / "pullwright"),
        "PULLWRIGHT_SANDBOX": "process",
        "TMPDIR": str(state / "tmp"),
    }
    (state / "tmp").mkdir(parents=True)
    return Command(state, environment)


def stop(process: Process) -> tuple[int, str]:
    """Ask a running command to end, as Ctrl-C and a shutdown do."""
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=TIMEOUT_S)
    return process.wait(), err


def sarif_log(folder: Path) -> Path:
    """Write the log of a tool that is not ours, with one finding of `own-1`."""
    place = {"artifactLocation": {"uri": "app.py"}, "region": {"startLine": 1}}
    result = {
        "ruleId": "own-1",
        "level": "error",
        "message": {"text": "Somebody else found this"},
        "locations": [{"physicalLocation": place}],
    }
    run = {"tool": {"driver": {"name": "other"}}, "results": [result]}
    log = folder / "other.sarif"
    log.write_text(json.dumps({"version": "2.1.0", "runs": [run]}))
    return log
