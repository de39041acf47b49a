"""Builds what sets an App up."""

from bot.adapters.app_files import AppFiles
from bot.adapters.github_access import GitHubHost
from bot.adapters.github_manifest import exchange
from bot.adapters.github_transport import parse_api_address
from bot.app_wiring import network_of
from bot.errors import Refused
from bot.settings import SetupSettings
from bot.web.setup import MadeApp, SetUp


def build_setup(settings: SetupSettings, public_url: str) -> SetUp:
    """Build what the set-up pages need; raises Refused where the App's files cannot be written."""
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

    return SetUp(host.address.web_url, make, settings.admin_token, public_url)
