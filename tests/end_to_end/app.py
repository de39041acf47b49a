"""The App as real processes, `serve` and `worker`, in front of the simulated GitHub."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tests.end_to_end import warm
from tests.end_to_end.command import Process
from tests.github_simulator import GitHub, simulator
from tests.github_simulator.exchange import LoggedRequest

PATIENCE_S = 250.0
QUIET_S = 3.0
AS_RUN = "from bot.cli import main; main()"
QUICK = "from tests.end_to_end.quick import main; main()"
NOTHING: Mapping[str, str] = {}


@dataclass
class App:
    """A GitHub with our App on it, and our processes."""

    github: GitHub
    environment: Mapping[str, str]
    folder: Path
    program: str = QUICK
    processes: list[Process] = field(default_factory=list)

    def start(self, *arguments: str, ready: str, **changes: str) -> str:
        """Start one of our processes and return the line that says it is ready.

        `changes` are variables that only this one has.
        """
        return self.said(self.spawn(*arguments, **changes), ready)

    def spawn(self, *arguments: str, **changes: str) -> Process:
        """Start one of our processes."""
        env = {**self.environment, **changes}
        with self._log(len(self.processes)).open("w") as out:
            process = self._started(arguments, env, out)
        self.processes.append(process)
        return process

    def _started(self, arguments: Sequence[str], env: Mapping[str, str], out: IO[str]) -> Process:
        if self.program == QUICK:
            return warm.start_app(QUICK, arguments, env=env, log=out)
        return subprocess.Popen(
            [sys.executable, "-u", "-c", self.program, *arguments],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def said(self, process: Process, words: str) -> str:
        """Wait for the line of a process that holds the words."""
        return _line_with(words, self._log(self.processes.index(process)), process)

    def _log(self, number: int) -> Path:
        return self.folder / f"process-{number}.log"

    def end(self) -> None:
        """End our processes, politely and then not."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            with process:
                try:
                    process.wait(timeout=20)
                except subprocess.TimeoutExpired:
                    process.kill()

    def until(self, is_done: Callable[[], object], what: str) -> None:
        """Wait until GitHub shows it; fails with what our processes said."""
        deadline = time.monotonic() + PATIENCE_S
        while not is_done():
            if time.monotonic() > deadline:
                logs = "\n".join(
                    f"--- {p.name}\n{p.read_text()}" for p in self.folder.glob("*.log")
                )
                raise AssertionError(f"{what} did not happen\n{logs[-6000:]}")
            time.sleep(0.1)


@contextmanager
def running_app(
    folder: Path,
    *,
    sandbox: str,
    workers: int = 1,
    serving: tuple[str, ...] = (),
    slots: int = 2,
    program: str = QUICK,
) -> Iterator[App]:
    """Start the simulator, `serve` and `worker`, and end all of them."""
    with open_app(folder, sandbox=sandbox, program=program) as ours:
        start_both(ours, *serving, workers=workers, slots=slots)
        yield ours


def start_both(app: App, *serving: str, workers: int = 1, slots: int = 2) -> None:
    """Start `serve` and the workers."""
    serve(app, *serving)
    for _ in range(workers):
        app.said(app.spawn("worker", "--slots", str(slots)), "working with")


def serve(app: App, *options: str) -> Process:
    """Start `serve` and let GitHub know where it is."""
    process = app.spawn("serve", "--port", "0", *options)
    url = re.search(r"http://\S+", app.said(process, "listening on"))
    assert url is not None
    app.github.webhook_url = f"{url[0]}/webhook"
    return process


@contextmanager
def open_app(
    folder: Path,
    *,
    sandbox: str,
    token_form: str = "old",  # noqa: S107 a form, no secret
    program: str = QUICK,
    more: Mapping[str, str] = NOTHING,
) -> Iterator[App]:
    """Start the simulator with our App on it, and no process of ours; end those that it gets.

    `more` stands in the environment of our processes beside what the App needs.
    """
    with simulator(folder / "github") as github, ExitStack() as stack:
        if program != AS_RUN:
            # Who does not wait between writes would soon be told to.
            github.limits.writes_per_minute = github.limits.writes_per_hour = 100_000
        app = github.app(token_form=token_form)
        key, secret = folder / "key.pem", folder / "secret"
        key.write_text(app.private_key_pem)
        secret.write_text(app.webhook_secret)
        key.chmod(0o600)
        environment = {
            **more,
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PULLWRIGHT_STATE_DIR": str(folder / "state"),
            "PULLWRIGHT_SANDBOX": sandbox,
            "PULLWRIGHT_APP_ID": str(app.id),
            "PULLWRIGHT_PRIVATE_KEY_FILE": str(key),
            "PULLWRIGHT_WEBHOOK_SECRET_FILE": str(secret),
            "PULLWRIGHT_GITHUB_API_URL": github.api_url,
        }
        ours = App(github, environment, folder, program)
        stack.callback(ours.end)
        yield ours


def _line_with(words: str, log: Path, process: Process) -> str:
    deadline = time.monotonic() + 30
    is_alive = True
    while time.monotonic() < deadline and is_alive:
        is_alive = process.poll() is None
        for line in log.read_text().splitlines():
            if words in line:
                return line
        time.sleep(0.05)
    raise AssertionError(f"{words!r} was never said:\n{log.read_text()}")


def api_calls(app: App, open_pull_request: Callable[[], object]) -> list[LoggedRequest]:
    """Return what a whole review asks of the API, its tokens and their end among it."""
    log = app.github.log
    app.until(lambda: _is_quiet(log), "the end of the first look for what was missed")
    start = len(log)

    def calls() -> list[LoggedRequest]:
        return [one for one in log[start:] if not one.path.startswith("/git/")]

    open_pull_request()
    app.until(lambda: any(c.method == "PATCH" for c in calls()), "a check that ended")
    app.until(lambda: _is_quiet(log), "the last token's end")
    return calls()


def _is_quiet(log: Sequence[LoggedRequest]) -> bool:
    before = len(log)
    time.sleep(QUIET_S)
    return len(log) == before
