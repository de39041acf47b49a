"""Builds what sets an App up, and what looks at it afterwards."""

from collections.abc import Iterator

from bot.adapters.app_doctor import Suspect, examine_app
from bot.adapters.app_files import AppFiles
from bot.adapters.database_check import examine_database
from bot.adapters.doctor_check import Check
from bot.adapters.github_access import GitHubHost
from bot.adapters.github_manifest import exchange
from bot.adapters.github_transport import parse_api_address
from bot.app_wiring import network_of, refuse_process_sandbox
from bot.domain.app_manifest import public_url as public_url_of
from bot.errors import Refused
from bot.settings import AppSettings, Settings, SetupSettings
from bot.web.setup import MadeApp, SetUp
from bot.web.signature import Secret


def build_setup(settings: SetupSettings, public_url: str) -> SetUp:
    """Build what the set-up pages need; `public_url` may be empty.

    Raises Refused for an address that GitHub would refuse, and where the App's files cannot be
    written.
    """
    proposed = public_url_of(public_url) if public_url else ""
    places = settings.places
    files = AppFiles(places.record, places.private_key, places.webhook_secret)
    files.refuse_to_replace()
    host = GitHubHost(parse_api_address(settings.github_api_url), network_of(settings.network))

    def make(code: str) -> MadeApp:
        # Before the code is spent: it is good for one exchange only.
        files.refuse_to_replace()
        app = exchange(host, code)
        try:
            files.save(app)
        except Refused as error:
            raise Refused(
                f"{error}. The App stands on GitHub without a key of ours: delete it at "
                f"{app.html_url}, then begin again at /setup"
            ) from error
        return MadeApp(
            app.app_id,
            app.name,
            app.html_url,
            str(places.private_key),
            str(places.webhook_secret),
        )

    return SetUp(host.address.web_url, make, settings.admin_token, proposed)


def examine(app: AppSettings, settings: Settings) -> Iterator[Check]:
    """Yield what `doctor` looks at of the App."""
    yield _sandbox(settings)
    yield _secret(app)
    yield examine_database(app.database_url)
    host = GitHubHost(parse_api_address(app.github_api_url), network_of(settings.network))
    yield from examine_app(Suspect(app.app_id, app.private_key_file, host))


def _sandbox(settings: Settings) -> Check:
    """Say beforehand with what the worker would not start (rule R27)."""
    try:
        refuse_process_sandbox(settings)
    except Refused as error:
        fix = "export PULLWRIGHT_SANDBOX=docker"
        return Check("sandbox", False, f"the worker does not start: {error}", paste=(fix,))
    return Check("sandbox", True, f"{settings.sandbox.value}: no code runs as a process of ours")


def _secret(app: AppSettings) -> Check:
    try:
        Secret(app.webhook_secret)
    except Refused as error:
        fix = "head -c 32 /dev/urandom | base64"
        return Check("webhook secret", False, f"{error}; make one with `{fix}`", paste=(fix,))
    return Check("webhook secret", True, f"{len(app.webhook_secret.encode())} bytes")
