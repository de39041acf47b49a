"""A new App: the code that GitHub gave a person is exchanged for the App's secrets, once."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from bot.adapters.github_access import GitHubHost
from bot.adapters.github_auth import Nobody
from bot.adapters.github_errors import Invalid, NotFound
from bot.domain.forge import ForgeUnavailable
from bot.domain.jobs import NO_INSTALLATION
from bot.errors import Refused


@dataclass(frozen=True, slots=True)
class NewApp:
    """An App that GitHub has just made for us."""

    app_id: int
    name: str
    html_url: str
    """Its page; `/installations/new` below it installs it."""
    webhook_secret: str = field(repr=False)
    private_key: str = field(repr=False)


def exchange(host: GitHubHost, code: str) -> NewApp:
    """Return the App for a code; raises Refused where the code is used, old or not GitHub's.

    No message names the code: until it is exchanged it is as good as the App's key.
    """
    requester = host.requester(Nobody(), installation_id=NO_INSTALLATION)
    try:
        path = f"/app-manifests/{quote(code, safe='')}/conversions"
        _, made = requester.requestJsonAndCheck("POST", path)
    except (NotFound, Invalid):
        raise Refused(
            "GitHub does not know this code: it was used before, or it is older than an hour. "
            "If the App is on your account already, delete it there; then begin again at /setup"
        ) from None
    except ForgeUnavailable:
        raise Refused(
            "GitHub did not answer when the App was fetched. It may stand on your account without "
            "a key of ours: delete it there, then begin again at /setup"
        ) from None
    finally:
        requester.close()
    return _new_app(made)


def _new_app(made: dict[str, Any]) -> NewApp:
    secret = made.get("webhook_secret")
    if not secret:
        raise Refused(
            "GitHub made the App without a webhook secret: delete it on its page and begin again "
            "at /setup, with a public address"
        )
    return NewApp(int(made["id"]), str(made["name"]), str(made["html_url"]), secret, made["pem"])
