"""What a GitHub runner and the inputs of the step tell the Action, read once at its start."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.domain.action_inputs import NAMES, ActionInputs, parse_inputs
from bot.domain.action_words import TOKENLESS
from bot.domain.untrusted import one_line
from bot.errors import Refused
from bot.settings import (
    GITHUB_API_URL,
    ModelSettings,
    Settings,
    load_model_settings,
    load_settings,
)

INPUT = "PULLWRIGHT_INPUT_"
"""Begins the variables in which `action.yml` hands the inputs over."""
_REPO = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_MODEL_NAMES = {
    "CEREBRAS_API_KEY": "llm_api_key",
    "CEREBRAS_BASE_URL": "llm_base_url",
    "PULLWRIGHT_MODEL": "model",
}


@dataclass(frozen=True, slots=True)
class Runner:
    """Where the step runs, and where it says what came of it."""

    event: str
    event_file: Path
    repo: str
    """`owner/name`."""
    api_url: str
    folder: Path
    """Private to this step; gone with the job."""
    workspace: Path
    run: str
    """The id of the workflow's run."""
    attempt: int
    output_file: Path | None
    summary_file: Path | None


@dataclass(frozen=True, slots=True)
class ActionSettings:
    """Everything about one step."""

    runner: Runner
    inputs: ActionInputs
    settings: Settings
    model: ModelSettings
    secrets: tuple[str, ...] = field(repr=False, default=())
    """What must stand in no output."""


@dataclass(frozen=True, slots=True)
class TokenSettings:
    """A token of the Action to look at, before or in a job."""

    repo: str
    api_url: str
    token: str = field(repr=False)
    network: Mapping[str, str] = field(default_factory=dict)


def load_token_settings(env: Mapping[str, str]) -> TokenSettings | None:
    """Return the token that `doctor` looks at, or None where the environment has none.

    Raises Refused for a repository that is no name.
    """
    repo = env.get("GITHUB_REPOSITORY", "")
    token = env.get(f"{INPUT}GITHUB_TOKEN", "").strip() or env.get("GITHUB_TOKEN", "").strip()
    if not repo or not token:
        return None
    if not _REPO.fullmatch(repo):
        raise Refused(f"GITHUB_REPOSITORY={one_line(repo)} is not OWNER/NAME")
    if not (token.isascii() and token.isprintable() and " " not in token):
        raise Refused("GITHUB_TOKEN holds characters that no token has: copy it again")
    api_url = env.get("GITHUB_API_URL") or GITHUB_API_URL
    return TokenSettings(repo, api_url, token, load_settings(env).network)


def load_runner(env: Mapping[str, str]) -> Runner:
    """Return where we run; raises Refused where that is no runner."""
    event_file, repo = env.get("GITHUB_EVENT_PATH", ""), env.get("GITHUB_REPOSITORY", "")
    event, temp = env.get("GITHUB_EVENT_NAME", ""), env.get("RUNNER_TEMP", "")
    given = {
        "GITHUB_EVENT_PATH": event_file,
        "GITHUB_EVENT_NAME": event,
        "GITHUB_REPOSITORY": repo,
        "RUNNER_TEMP": temp,
    }
    for name, value in given.items():
        if not value:
            raise Refused(f"{name} is not set: this command runs inside a job of GitHub Actions")
    if not _REPO.fullmatch(repo):
        raise Refused(f"GITHUB_REPOSITORY={one_line(repo)} is not OWNER/NAME")
    attempt = env.get("GITHUB_RUN_ATTEMPT", "1")
    return Runner(
        event=event,
        event_file=Path(event_file),
        repo=repo,
        api_url=env.get("GITHUB_API_URL") or GITHUB_API_URL,
        folder=Path(temp) / "pullwright",
        workspace=Path(env.get("GITHUB_WORKSPACE") or temp),
        run=_word(env.get("GITHUB_RUN_ID", "0")),
        attempt=int(attempt) if attempt.isdecimal() and len(attempt) < 6 else 1,
        output_file=_path(env, "GITHUB_OUTPUT"),
        summary_file=_path(env, "GITHUB_STEP_SUMMARY"),
    )


def load_action_settings(env: Mapping[str, str], runner: Runner) -> ActionSettings:
    """Return the settings of the step; raises Refused naming the input and what it takes."""
    given = {name: env.get(f"{INPUT}{name.upper()}", "") for name in NAMES}
    inputs = parse_inputs(given)
    if not inputs.token:
        raise Refused(TOKENLESS)
    own = {"PULLWRIGHT_STATE_DIR": str(runner.folder), "PULLWRIGHT_KEEP_RUNS_DAYS": "0"}
    settings = load_settings({**env, **own})
    if inputs.sandbox_image:
        settings = replace(settings, sandbox_image=inputs.sandbox_image)
    model = _model(env, given)
    return ActionSettings(runner, inputs, settings, model, (inputs.token, *model.secrets))


def _model(env: Mapping[str, str], given: Mapping[str, str]) -> ModelSettings:
    """Read the model's inputs as the variables that they stand for."""
    mapped = {variable: given[name].strip() for variable, name in _MODEL_NAMES.items()}
    prices = {"PULLWRIGHT_MODEL_PRICES": env.get("PULLWRIGHT_MODEL_PRICES", "")}
    try:
        return load_model_settings(mapped | prices)
    except Refused as error:
        message = str(error)
        for variable, name in _MODEL_NAMES.items():
            message = message.replace(variable, f"the input {name}")
        raise Refused(message) from error


def _path(env: Mapping[str, str], name: str) -> Path | None:
    return Path(env[name]) if env.get(name) else None


def _word(text: str) -> str:
    return text if text.isascii() and text.isalnum() and len(text) < 30 else "0"
