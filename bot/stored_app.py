"""The App that `pullwright setup` made, as settings: variables that the operator need not set."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.errors import Refused


@dataclass(frozen=True, slots=True)
class AppPlaces:
    """Where `setup` keeps a new App, and where `serve` and `worker` look for it."""

    record: Path
    """Its id, which is no secret."""
    private_key: Path
    webhook_secret: Path


def app_places(env: Mapping[str, str], state_dir: Path) -> AppPlaces:
    """Return where the App's files are, or will be; the operator may name a place for each."""
    folder = state_dir / "app"

    def place(variable: str, name: str) -> Path:
        given = env.get(variable)
        return Path(given).expanduser().absolute() if given else folder / name

    return AppPlaces(
        folder / "app.json",
        place("PULLWRIGHT_PRIVATE_KEY_FILE", "private-key.pem"),
        place("PULLWRIGHT_WEBHOOK_SECRET_FILE", "webhook-secret"),
    )


def with_stored(env: Mapping[str, str], places: AppPlaces) -> Mapping[str, str]:
    """Return the environment, with the stored App where it names none."""
    if env.get("PULLWRIGHT_APP_ID") or not (stored := stored_id(places.record)):
        return env
    added = {"PULLWRIGHT_APP_ID": stored}
    if places.private_key.exists():
        added["PULLWRIGHT_PRIVATE_KEY_FILE"] = str(places.private_key)
    if places.webhook_secret.exists() and not env.get("PULLWRIGHT_WEBHOOK_SECRET"):
        added["PULLWRIGHT_WEBHOOK_SECRET_FILE"] = str(places.webhook_secret)
    return {**env, **added}


def stored_id(record: Path) -> str:
    """Return the id of the App that `setup` made, or nothing where it made none."""
    try:
        return str(int(json.loads(record.read_text("utf-8"))["app_id"]))
    except FileNotFoundError:
        return ""
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Refused(
            f"{record} cannot be read: set PULLWRIGHT_APP_ID, or move its folder away and run "
            "`pullwright setup` again"
        ) from error
