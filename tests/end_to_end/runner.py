"""A GitHub runner as far as a composite step meets it: action.yml, environment, event, files.

The step is what `action.yml` says, run by bash as a runner runs it; the GitHub it talks to is the
simulated one, where its token is one of the `github-actions` App with what `permissions:` grants.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bot.domain.starter import BUNDLE
from tests.github_simulator import GitHub, PullRequest, Repo, simulator
from tests.github_simulator import render_base as base
from tests.github_simulator.deliveries import Delivery

ROOT = Path(__file__).resolve().parents[2]
WRITES: Mapping[str, str] = {"contents": "write", "pull_requests": "write", "checks": "write"}
READS: Mapping[str, str] = {"contents": "read", "pull_requests": "read", "checks": "read"}
TIMEOUT_S = 300
_QUICK = "from tests.end_to_end.quick import hurry; hurry(); from bot.action import main; main()"
_EXPRESSION = re.compile(r"\$\{\{ (inputs\.\w+|github\.token) \}\}")
_OUTPUT = re.compile(r"^(\w+)<<(\S+)\n(.*?)\n\2$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class StepEnded:
    """How a step ended, and what it left for GitHub to show."""

    code: int
    log: str
    summary: str
    outputs: Mapping[str, str]

    @property
    def commands(self) -> list[str]:
        """Return the lines that a runner obeys: none of those while commands are stopped."""
        found, stopped = [], ""
        for line in self.log.splitlines():
            if line.startswith("::stop-commands::") and not stopped:
                stopped = line.rpartition("::")[2]
            elif stopped and line == f"::{stopped}::":
                stopped = ""
            elif line.startswith("::") and not stopped:
                found.append(line)
        return found


@dataclass
class Runner:
    """Runs the step of `action.yml` for one repository."""

    github: GitHub
    folder: Path
    is_quick: bool = True
    runs: int = 0
    environment: dict[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[str]" = field(init=False)
    """The step that runs, or ran last."""

    def step(
        self,
        delivery: Delivery | str | None,
        *,
        event: str = "",
        grants: Mapping[str, str] = WRITES,
        inputs: Mapping[str, str] | None = None,
        repo: Repo | None = None,
        artifact: bytes | None = None,
        **variables: str,
    ) -> StepEnded:
        """Run the step for an event, with a token that may do what is granted.

        An artifact stands where the workflow's step before this one has unpacked it.
        """
        self.runs += 1
        folder = self.folder / f"run-{self.runs}"
        files = {name: folder / name for name in ("output", "summary", "event.json")}
        for name in ("temp", "workspace"):
            (folder / name).mkdir(parents=True)
        for name in ("output", "summary"):
            files[name].touch()
        files["event.json"].write_text(_event(delivery))
        if artifact is not None:
            unpacked = folder / "workspace" / BUNDLE
            unpacked.mkdir()
            (unpacked / "results.json").write_bytes(artifact)
        repo = repo or self.github.repos[0]
        token = self.token(repo, grants)
        kind = event or (delivery.event if isinstance(delivery, Delivery) else "pull_request")
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_API_URL": self.github.api_url,
            "GITHUB_SERVER_URL": self.github.url,
            "GITHUB_EVENT_NAME": kind,
            "GITHUB_EVENT_PATH": str(files["event.json"]),
            "GITHUB_OUTPUT": str(files["output"]),
            "GITHUB_STEP_SUMMARY": str(files["summary"]),
            "GITHUB_REPOSITORY": repo.full_name,
            "GITHUB_RUN_ID": str(1000 + self.runs),
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_WORKSPACE": str(folder / "workspace"),
            "RUNNER_TEMP": str(folder / "temp"),
            "PULLWRIGHT_PYTHON": str(self._python(folder)),
            **self.environment,
            **variables,
        }
        given = inputs or {}
        with subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", _script()],
            env=environment | step_environment(given, token),
            cwd=folder / "workspace",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as self.process:
            log, _ = self.process.communicate(timeout=TIMEOUT_S)
        return StepEnded(
            self.process.returncode,
            log,
            files["summary"].read_text(),
            {name: text for name, _, text in _OUTPUT.findall(files["output"].read_text())},
        )

    def token(self, repo: Repo, grants: Mapping[str, str]) -> str:
        """Return what GitHub would put into `github.token`."""
        app = self.github.apps[0]
        installation = app.installation_for(repo)
        assert installation is not None
        return app.mint(installation, permissions=grants, repos=[repo]).value

    def last(self, event: str) -> Delivery:
        """Return the newest event of a kind, as GitHub tells it."""
        return next(d for d in reversed(self.github.webhooks.all) if d.event == event)

    def _python(self, folder: Path) -> Path:
        if not self.is_quick:
            return Path(sys.executable)
        program = folder / "python"
        program.write_text(f"#!/bin/sh\ncd {ROOT}\nexec {sys.executable} -c '{_QUICK}'\n")
        program.chmod(0o755)
        return program


def step_environment(inputs: Mapping[str, str], token: str) -> dict[str, str]:
    """Return the step's `env:` with its expressions worked out, as a runner does."""
    action = load_action()
    given = {name: str(one.get("default", "")) for name, one in action["inputs"].items()}
    unknown = inputs.keys() - given.keys()
    assert not unknown, f"action.yml has no input {unknown}"
    given |= inputs

    def worked_out(text: str) -> str:
        def value(match: re.Match[str]) -> str:
            if match[1] == "github.token":
                return token
            return worked_out(given[match[1].removeprefix("inputs.")])

        return _EXPRESSION.sub(value, text)

    (step,) = action["runs"]["steps"]
    return {name: worked_out(text) for name, text in step["env"].items()}


def load_action() -> dict[str, Any]:
    """Return what action.yml says."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
    return loaded


def workflow_run(pr: PullRequest, *, sender: str = "eve") -> str:
    """Return the event that tells that the run of a fork's pull request has ended."""
    found = next(
        d for d in reversed(pr.repo.github.webhooks.all) if d.event == "pull_request"
    ).payload
    return json.dumps(
        {
            "action": "completed",
            "repository": found["repository"],
            "sender": base.user(pr.repo.github.user(sender)),
            "workflow_run": {
                "id": 77,
                "event": "pull_request",
                "conclusion": "success",
                "head_sha": pr.head_sha,
                "head_branch": pr.head_ref,
                "head_repository": found["pull_request"]["head"]["repo"],
                "pull_requests": [],
            },
        }
    )


def _script() -> str:
    (step,) = load_action()["runs"]["steps"]
    script = str(step["run"])
    assert "${{" not in script, "a runner would paste the expression into the script"
    return script


def _event(delivery: Delivery | str | None) -> str:
    if isinstance(delivery, Delivery):
        # A workflow's event is of no installation.
        payload = {k: v for k, v in delivery.payload.items() if k != "installation"}
        return json.dumps(payload)
    return delivery or ""


@contextmanager
def actions(folder: Path, *, sandbox: str = "none") -> Iterator[Runner]:
    """Start the simulator with GitHub's own App for workflows, and a runner for it."""
    with simulator(folder / "github") as github:
        github.limits.writes_per_minute = github.limits.writes_per_hour = 100_000
        github.app(slug="github-actions", permissions={**WRITES, "metadata": "read"})
        yield Runner(github, folder / "runner", environment={"PULLWRIGHT_SANDBOX": sandbox})


def ours(pr: PullRequest) -> list[str]:
    """Return the bodies of our comments in the conversation."""
    return [c.body for c in pr.comments if c.user.login == "github-actions[bot]"]
