"""Process settings, read once at start; the only reader of the environment."""

import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from bot.domain.rounds import DELIVERIES_EVERY, PULLS_EVERY, Schedule
from bot.errors import Refused
from bot.stored_app import AppPlaces, app_places, stored_id, with_stored

T = TypeVar("T", bound=StrEnum)


class SandboxChoice(StrEnum):
    """`PULLWRIGHT_SANDBOX`: where code may run."""

    AUTO = "auto"
    DOCKER = "docker"
    PROCESS = "process"
    NONE = "none"


class SetupNetwork(StrEnum):
    """`PULLWRIGHT_SETUP_NETWORK`: may the setup phase (dependencies) reach a network."""

    ASK = "ask"
    YES = "yes"
    NO = "no"


class LogFormat(StrEnum):
    """`PULLWRIGHT_LOG_FORMAT`: for machines or for people."""

    JSON = "json"
    CONSOLE = "console"


GITHUB_API_URL = "https://api.github.com"
CEREBRAS_URL = "https://api.cerebras.ai"

_HOURS = ("1", "2", "3", "4", "6", "8", "12", "24")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator decides; nothing in a repository can change any of it."""

    state_dir: Path
    """Mirrors, answers given once; created with mode 0700 when first used."""
    sandbox: SandboxChoice = SandboxChoice.AUTO
    sandbox_image: str | None = None
    """Replaces the test image that `make images` builds."""
    tools_image: str | None = None
    setup_network: SetupNetwork = SetupNetwork.ASK
    workspace_mib: int = 1024
    """Size of the workspace volume in a Docker sandbox."""
    docker_host: str | None = None
    """`DOCKER_HOST`: the Engine that runs code; None for the local socket."""
    docker_cert_path: Path | None = None
    """`DOCKER_CERT_PATH`, where `DOCKER_TLS_VERIFY` is set."""
    network: Mapping[str, str] = field(default_factory=dict)
    """The operator's proxies and certificates, in the variables that git reads."""
    search_path: str = os.defpath
    """PATH for the process sandbox."""
    is_colour_off: bool = False
    keep_runs_days: int = 30
    """How long what a run saw is kept, to be played again; 0 keeps nothing."""


@dataclass(frozen=True, slots=True)
class AppSettings:
    """What `serve` and `worker` need on top: who the App is, and where its state is."""

    app_id: int
    webhook_secret: str = field(repr=False)
    """Signs every delivery; only `serve` needs it, and does not start without it."""
    private_key_file: Path | None
    """Only the worker needs it, and only one module reads it."""
    github_api_url: str
    """Without a slash at its end."""
    database_url: str = field(repr=False)
    """It may hold a password."""
    admin_token: str | None = field(repr=False)
    """Opens the dashboard; None for loopback only."""
    log_format: LogFormat
    is_paused: bool = False
    """The kill switch: deliveries are taken in, and their jobs wait."""
    schedule: Schedule = field(default_factory=Schedule)
    """How often a worker looks for deliveries and pull requests that were missed."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must stand in no log."""
        password = urlsplit(self.database_url).password or ""
        given = (self.webhook_secret, self.admin_token or "", password, unquote(password))
        return tuple(dict.fromkeys(secret for secret in given if secret))


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Which model is asked, if any."""

    api_key: str | None = field(repr=False)
    base_url: str
    """The host root, without `/v1` and without a slash at its end."""
    model: str
    """An id, or `auto`."""
    prices: Mapping[str, tuple[float, float]]
    """By model: US dollars for a million tokens of prompt and of reply."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must be written nowhere."""
        return (self.api_key,) if self.api_key is not None else ()

    @property
    def is_on(self) -> bool:
        """A key is set, or a server of the operator's own that may want none."""
        return self.api_key is not None or self.base_url != CEREBRAS_URL


@dataclass(frozen=True, slots=True)
class SetupSettings:
    """What `setup` needs: there is no App yet."""

    places: AppPlaces
    github_api_url: str
    admin_token: str | None = field(repr=False)
    network: Mapping[str, str]


def load_setup_settings(environ: Mapping[str, str] | None = None) -> SetupSettings:
    """Return the settings of `setup`; raises Refused where an App is set up already."""
    env = os.environ if environ is None else environ
    places = app_places(env, state_dir(env))
    if known := env.get("PULLWRIGHT_APP_ID"):
        raise Refused(
            f"App {known} is set up already: to make another one, unset PULLWRIGHT_APP_ID first"
        )
    if known := stored_id(places.record):
        raise Refused(
            f"App {known} is set up already: to make another one, move {places.record.parent} away"
        )
    return SetupSettings(
        places,
        github_api_url=_api_url(env.get("PULLWRIGHT_GITHUB_API_URL") or GITHUB_API_URL),
        admin_token=_secret(env, "PULLWRIGHT_ADMIN_TOKEN"),
        network=_network(env),
    )


def has_app(environ: Mapping[str, str] | None = None) -> bool:
    """Tell whether anybody has begun to set up an App here."""
    env = os.environ if environ is None else environ
    names = ("PULLWRIGHT_APP_ID", "PULLWRIGHT_PRIVATE_KEY_FILE", "PULLWRIGHT_WEBHOOK_SECRET_FILE")
    return any(env.get(name) for name in names) or app_places(env, state_dir(env)).record.exists()


def environment() -> Mapping[str, str]:
    """Return the environment, for settings that are read elsewhere."""
    return os.environ


def load_model_settings(environ: Mapping[str, str] | None = None) -> ModelSettings:
    """Return the settings of the model; raises Refused naming the variable and what it takes."""
    env = os.environ if environ is None else environ
    key = _secret(env, "CEREBRAS_API_KEY")
    if key is not None and not (key.isascii() and key.isprintable() and " " not in key):
        raise Refused("CEREBRAS_API_KEY holds characters that no key has: copy it again")
    return ModelSettings(
        api_key=key,
        base_url=_model_url(env.get("CEREBRAS_BASE_URL") or CEREBRAS_URL, has_key=key is not None),
        model=(env.get("PULLWRIGHT_MODEL") or "auto").strip(),
        prices=dict(_prices(env.get("PULLWRIGHT_MODEL_PRICES") or "")),
    )


def load_app_settings(environ: Mapping[str, str] | None = None) -> AppSettings:
    """Return the settings of the App; raises Refused naming the variable and what it takes."""
    given = os.environ if environ is None else environ
    env = with_stored(given, app_places(given, state_dir(given)))
    if _is_on(env, "FLASK_DEBUG"):
        raise Refused("FLASK_DEBUG is set, and shows the inside of the server to callers: unset it")
    key_file = env.get("PULLWRIGHT_PRIVATE_KEY_FILE")
    return AppSettings(
        app_id=_app_id(env.get("PULLWRIGHT_APP_ID", "")),
        webhook_secret=_secret(env, "PULLWRIGHT_WEBHOOK_SECRET") or "",
        private_key_file=Path(key_file).expanduser().absolute() if key_file else None,
        github_api_url=_api_url(env.get("PULLWRIGHT_GITHUB_API_URL") or GITHUB_API_URL),
        database_url=load_database_url(env),
        admin_token=_secret(env, "PULLWRIGHT_ADMIN_TOKEN"),
        log_format=_choice(env, "PULLWRIGHT_LOG_FORMAT", LogFormat, LogFormat.JSON),
        is_paused=_is_on(env, "PULLWRIGHT_PAUSED"),
        schedule=Schedule(
            deliveries=_hours(env, "PULLWRIGHT_MISSED_DELIVERIES_HOURS", DELIVERIES_EVERY),
            pulls=_hours(env, "PULLWRIGHT_MISSED_PULLS_HOURS", PULLS_EVERY),
        ),
    )


def load_database_url(environ: Mapping[str, str] | None = None) -> str:
    """Return where the App keeps its records; it may hold a password.

    Raises Refused for what is no URL at all; what opens it looks at the rest.
    """
    env = os.environ if environ is None else environ
    url = env.get("PULLWRIGHT_DATABASE_URL") or f"sqlite:///{state_dir(env) / 'pullwright.db'}"
    try:
        urlsplit(url)
    except ValueError:
        raise Refused(
            "PULLWRIGHT_DATABASE_URL is not a database URL: "
            "give it sqlite:////PATH or postgresql://..."
        ) from None
    return url


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of this process; raises Refused naming the variable and its values."""
    env = os.environ if environ is None else environ
    return Settings(
        state_dir=state_dir(env),
        sandbox=_choice(env, "PULLWRIGHT_SANDBOX", SandboxChoice, SandboxChoice.AUTO),
        sandbox_image=env.get("PULLWRIGHT_SANDBOX_IMAGE") or None,
        tools_image=env.get("PULLWRIGHT_TOOLS_IMAGE") or None,
        setup_network=_choice(env, "PULLWRIGHT_SETUP_NETWORK", SetupNetwork, SetupNetwork.ASK),
        workspace_mib=_mebibytes(env, "PULLWRIGHT_WORKSPACE_MIB", 1024),
        docker_host=env.get("DOCKER_HOST") or None,
        docker_cert_path=_docker_cert_path(env),
        network=_network(env),
        search_path=env.get("PATH", os.defpath),
        is_colour_off=bool(env.get("NO_COLOR")),
        keep_runs_days=_days(env, "PULLWRIGHT_KEEP_RUNS_DAYS", 30),
    )


def known_secrets(environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return all secrets that this process was given, for what must be written nowhere."""
    env = os.environ if environ is None else environ
    names = ("PULLWRIGHT_WEBHOOK_SECRET", "PULLWRIGHT_ADMIN_TOKEN", "CEREBRAS_API_KEY")
    password = urlsplit(load_database_url(env)).password or ""
    given = [*(_secret(env, name) for name in names), password, unquote(password)]
    return tuple(dict.fromkeys(secret for secret in given if secret))


def state_dir(environ: Mapping[str, str] | None = None) -> Path:
    """Return the folder for what outlives a run; never raises, so that bugs have a place."""
    env = os.environ if environ is None else environ
    if given := env.get("PULLWRIGHT_STATE_DIR"):
        return Path(given).expanduser().absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "pullwright"
    home = env.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(home) / "pullwright"


def _network(env: Mapping[str, str]) -> dict[str, str]:
    names = ("http_proxy", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY", "GIT_SSL_CAINFO")
    found = {name: env[name] for name in names if env.get(name)}
    if "SSL_CERT_FILE" in env:
        found.setdefault("GIT_SSL_CAINFO", env["SSL_CERT_FILE"])
    return found


def _docker_cert_path(env: Mapping[str, str]) -> Path | None:
    if not env.get("DOCKER_TLS_VERIFY"):
        return None
    return Path(env.get("DOCKER_CERT_PATH") or Path.home() / ".docker")


def _choice(env: Mapping[str, str], name: str, kind: type[T], default: T) -> T:
    value = env.get(name) or default.value
    try:
        return kind(value.lower())
    except ValueError:
        allowed = ", ".join(kind)
        raise Refused(f"{name}={value} is not one of: {allowed}") from None


def _is_on(env: Mapping[str, str], name: str) -> bool:
    """Refuse what might mean the contrary of what the operator wants."""
    value = env.get(name, "").lower()
    if value not in ("", "0", "1", "no", "yes", "false", "true"):
        raise Refused(f"{name}={value} is not 1 or 0")
    return value in ("1", "yes", "true")


def _mebibytes(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name) or str(default)
    if not value.isdecimal() or not 16 <= int(value) <= 1 << 20:
        raise Refused(f"{name}={value} is not a number of MiB from 16 to 1048576")
    return int(value)


def _hours(env: Mapping[str, str], name: str, default: timedelta) -> timedelta:
    """Return a number of hours that divides a day: periods are counted from midnight."""
    value = env.get(name)
    if not value:
        return default
    if value not in _HOURS:
        raise Refused(f"{name}={value} is not one of: {', '.join(_HOURS)}")
    return timedelta(hours=int(value))


def _days(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name) or str(default)
    if not (value.isascii() and value.isdecimal() and len(value) < 5 and int(value) <= 3650):
        raise Refused(f"{name}={value} is not a number of days from 0 to 3650")
    return int(value)


def _app_id(value: str) -> int:
    if not value:
        raise Refused(
            "PULLWRIGHT_APP_ID is not set: give the number on the App's page, "
            "or make an App with `pullwright setup`"
        )
    if not (value.isascii() and value.isdecimal() and 0 < int(value[:20]) < 1 << 63):
        raise Refused(f"PULLWRIGHT_APP_ID={value} is not the number on the App's page")
    return int(value)


def _secret(env: Mapping[str, str], name: str) -> str | None:
    """Return a secret from its variable or from the file that the `_FILE` form names."""
    given, path = env.get(name), env.get(f"{name}_FILE")
    if given and path:
        raise Refused(f"{name} and {name}_FILE are both set: choose one")
    if not path:
        return given or None
    try:
        # Editors and `echo` end a file with a line feed that is no part of the secret.
        secret = Path(path).expanduser().read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{name}_FILE={path} cannot be read: {error}") from error
    if not secret:
        raise Refused(f"{name}_FILE={path} is empty")
    return secret


def _api_url(value: str) -> str:
    """Refuse what would send installation tokens in clear or to a stranger."""
    if not _is_plain_url(value, may_be_clear=False):
        # The value is not repeated: it may hold a password.
        raise Refused(f"PULLWRIGHT_GITHUB_API_URL is not {GITHUB_API_URL}, nor https://HOST/api/v3")
    return value.rstrip("/")


def _model_url(value: str, *, has_key: bool) -> str:
    """Return the host root, for the SDK adds `/v1` itself; a key is never sent in clear."""
    if not _is_plain_url(value.strip(), may_be_clear=not has_key):
        raise Refused(
            f"CEREBRAS_BASE_URL is not {CEREBRAS_URL}, nor another https://HOST; "
            "http is for this machine, or for a server that wants no key"
        )
    return value.strip().rstrip("/").removesuffix("/v1").rstrip("/")


def _is_plain_url(value: str, *, may_be_clear: bool) -> bool:
    """Tell whether this is https, or http that stays here, without passwords and queries."""
    try:
        url = urlsplit(value)
        is_local = url.hostname in _LOOPBACK
        is_plain = url.username is None and not url.query and not url.fragment and url.port != 0
    except ValueError:
        return False
    is_safe = url.scheme == "https" or (url.scheme == "http" and (is_local or may_be_clear))
    return bool(url.hostname) and is_plain and is_safe


def _prices(value: str) -> Iterator[tuple[str, tuple[float, float]]]:
    """Yield the prices of `qwen-3.8-27b=0.99/1.49, my-own=0/0`."""
    for entry in filter(None, (part.strip() for part in value.split(","))):
        model, _, price = entry.rpartition("=")
        found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?)/(\d{1,6}(?:\.\d{1,6})?)", price.strip())
        if not model.strip() or not found:
            raise Refused(
                f"PULLWRIGHT_MODEL_PRICES has {entry}, which is not MODEL=PROMPT/REPLY "
                "in US dollars for a million tokens"
            )
        yield model.strip(), (float(found.group(1)), float(found.group(2)))
