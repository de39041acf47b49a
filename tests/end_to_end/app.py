"""The App as real processes, `serve` and `worker`, in front of the simulated GitHub."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.github_simulator import GitHub, simulator

PATIENCE_S = 90.0
AS_RUN = "from bot.cli import main; main()"
NOTHING: Mapping[str, str] = {}


@dataclass
class App:
    """A GitHub with our App on it, and our processes."""

    github: GitHub
    environment: Mapping[str, str]
    folder: Path
    program: str = AS_RUN
    processes: "list[subprocess.Popen[str]]" = field(default_factory=list)

    def start(self, *arguments: str, ready: str) -> str:
        """Start one of our processes and return the line that says it is ready."""
        log = self.folder / f"{arguments[0]}-{len(self.processes)}.log"
        with log.open("w") as out:
            process = subprocess.Popen(
                [sys.executable, "-u", "-c", self.program, *arguments],
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
            )
        self.processes.append(process)
        return _line_with(ready, log, process)

    def end(self) -> None:
        """End our processes, politely and then not."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

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
    slots: int = 2,
    token_form: str = "old",  # noqa: S107 a form, no secret
    program: str = AS_RUN,
    more: Mapping[str, str] = NOTHING,
) -> Iterator[App]:
    """Start the simulator, `serve` and `worker`, and end all of them.

    `more` stands in the environment of our processes beside what the App needs.
    """
    with simulator(folder / "github") as github, ExitStack() as stack:
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
        said = ours.start("serve", "--port", "0", ready="listening on")
        ours.start("worker", "--slots", str(slots), ready="working with")
        url = re.search(r"http://\S+", said)
        assert url is not None
        github.webhook_url = f"{url[0]}/webhook"
        yield ours


def _line_with(words: str, log: Path, process: "subprocess.Popen[str]") -> str:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        for line in log.read_text().splitlines():
            if words in line:
                return line
        time.sleep(0.05)
    raise AssertionError(f"{words!r} was never said:\n{log.read_text()}")
