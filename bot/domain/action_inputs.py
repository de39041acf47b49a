"""What a workflow gives the Action: each input checked, and the keys of configuration it sets."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.untrusted import one_line
from bot.errors import Refused

SENSIBLE_MINUTES = 240
UNPRIVILEGED = ("pull_request", "pull_request_review", "pull_request_review_comment")
"""What happens in a fork's name with a token that only reads, and without secrets."""
_PINNED = re.compile(r"(?:[a-z0-9][a-z0-9._:/-]{0,250}@)?sha256:[0-9a-f]{64}")
_LOGIN = re.compile(r"[A-Za-z0-9_-]{1,100}(?:\[bot\])?")
_WORDS = re.compile(r"[\s,]+")
_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0", "")


class ActionCommand(StrEnum):
    """The input `command`."""

    AUTO = "auto"
    """What the event asks for."""
    REVIEW = "review"
    FIX = "fix"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class ActionInputs:
    """The inputs of one step; who writes the workflow is trusted like an operator."""

    token: str = field(default="", repr=False)
    command: ActionCommand = ActionCommand.AUTO
    overrides: Mapping[str, object] = field(default_factory=dict)
    """Keys of configuration, as a file would have them."""
    extra_instructions: str = ""
    config_file: str = ""
    """In the base branch, in place of the two usual ones."""
    sandbox_image: str = ""
    """With its digest."""
    is_dry_run: bool = False
    is_debug: bool = False
    ledger: str = ""
    """A file on the runner, relative to the workspace; empty for none."""
    allowed_bots: tuple[str, ...] = ()
    """Logins of programs whose commands are heard; they need the permission all the same."""


NAMES = (
    "github_token",
    "llm_api_key",
    "llm_base_url",
    "model",
    "command",
    "config_file",
    "extra_instructions",
    "path_filters",
    "severity_threshold",
    "max_comments",
    "fail_on",
    "test_command",
    "sandbox_image",
    "max_cost_usd",
    "max_tokens",
    "timeout_minutes",
    "dry_run",
    "language",
    "debug",
    "allowed_bots",
    "trigger_phrase",
    "ledger",
)
"""Every input of `action.yml`, in its order."""


def parse_inputs(given: Mapping[str, str]) -> ActionInputs:
    """Return the inputs; raises Refused naming the input, its value and what it takes.

    What has a key in the configuration file is checked with it, by `effective_config`.
    """
    text = {name: given.get(name, "").strip() for name in NAMES}
    return ActionInputs(
        token=text["github_token"],
        command=_command(text["command"]),
        overrides=_overrides(text),
        extra_instructions=_instructions(text["extra_instructions"]),
        config_file=_path(text["config_file"]),
        sandbox_image=_image(text["sandbox_image"]),
        is_dry_run=_flag("dry_run", text["dry_run"]),
        is_debug=_flag("debug", text["debug"]),
        ledger=_file(text["ledger"]),
        allowed_bots=_logins(text["allowed_bots"]),
    )


def _command(value: str) -> ActionCommand:
    try:
        return ActionCommand(value or "auto")
    except ValueError:
        raise _refused("command", value, f"one of: {', '.join(ActionCommand)}") from None


def _overrides(text: Mapping[str, str]) -> dict[str, object]:
    found: dict[str, object] = {}
    budget = _budget(text)
    if budget:
        found["budget"] = budget
    if text["test_command"]:
        found["tests"] = {"command": text["test_command"]}
    if text["path_filters"]:
        lines = (line.strip() for line in text["path_filters"].splitlines())
        found["path_filters"] = [line for line in lines if line]
    if text["fail_on"]:
        found["fail_on"] = [word for word in _WORDS.split(text["fail_on"]) if word]
    if text["max_comments"]:
        found["max_comments"] = _whole("max_comments", text["max_comments"])
    keys = {"severity_threshold": "severity_threshold", "language": "language"}
    keys["trigger_phrase"] = "trigger"
    return found | {key: text[name] for name, key in keys.items() if text[name]}


def _budget(text: Mapping[str, str]) -> dict[str, object]:
    found: dict[str, object] = {}
    if text["max_cost_usd"]:
        found["usd"] = _amount("max_cost_usd", text["max_cost_usd"])
    if text["max_tokens"]:
        found["tokens"] = _whole("max_tokens", text["max_tokens"])
    if text["timeout_minutes"]:
        minutes = _whole("timeout_minutes", text["timeout_minutes"])
        if not 1 <= minutes <= SENSIBLE_MINUTES:
            wanted = f"a number of minutes from 1 to {SENSIBLE_MINUTES}"
            raise _refused("timeout_minutes", text["timeout_minutes"], wanted)
        found["seconds"] = minutes * 60
    return found


def _whole(name: str, value: str) -> int:
    if not (value.isascii() and value.isdecimal() and len(value) < 10):
        raise _refused(name, value, "a whole number")
    return int(value)


def _amount(name: str, value: str) -> float:
    if not re.fullmatch(r"\d{1,6}(?:\.\d{1,6})?", value, re.ASCII):
        raise _refused(name, value, "an amount such as 0.50")
    return float(value)


def _flag(name: str, value: str) -> bool:
    if value.lower() not in _TRUE + _FALSE:
        raise _refused(name, value, "true or false")
    return value.lower() in _TRUE


def _instructions(value: str) -> str:
    if len(value) > 4000:
        raise Refused(
            f"the input extra_instructions has {len(value)} characters, 4000 are the most"
        )
    return value


def _path(value: str) -> str:
    if value.startswith("/") or ".." in value.split("/") or "://" in value or "\n" in value:
        raise _refused("config_file", value, "a path inside the repository")
    return value


def _file(value: str) -> str:
    if value.endswith("/") or not value.isprintable() or len(value) > 1000:
        raise _refused("ledger", value, "the path of a file on the runner")
    return value


def _image(value: str) -> str:
    """Refuse a tag: whoever can move it chooses what runs here (rule R23)."""
    if value and not _PINNED.fullmatch(value):
        raise _refused("sandbox_image", value, "pinned: name it as NAME@sha256:DIGEST")
    return value


def _logins(value: str) -> tuple[str, ...]:
    logins = tuple(word for word in _WORDS.split(value) if word)
    for login in logins:
        if not _LOGIN.fullmatch(login):
            raise _refused("allowed_bots", login, "a login such as renovate[bot]")
    return logins


def _refused(name: str, value: str, wanted: str) -> Refused:
    return Refused(f"the input {name} is {one_line(value, limit=80)}, which is not {wanted}")
