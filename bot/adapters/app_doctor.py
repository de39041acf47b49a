"""What GitHub says of our App, and what to do about it: the App's checks of `doctor`.

It only reads, and asks as the App itself: no token of an installation is made.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot.adapters.doctor_check import Check, unseen
from bot.adapters.github_access import USER_AGENT, GitHubHost
from bot.adapters.github_auth import AppIdentity, Nobody
from bot.adapters.github_errors import NotFound
from bot.adapters.github_http import PER_PAGE, GitHubRequester
from bot.adapters.github_pacing import Pacer
from bot.adapters.github_transport import ApiAddress, Network, Request, Transport
from bot.adapters.unsafe_setup import key_is_private
from bot.domain.app_manifest import AppKind, Permission, kind_of, missing, surplus, unheard
from bot.domain.jobs import NO_INSTALLATION
from bot.domain.untrusted import one_line
from bot.errors import Refused, Retryable

Json = Mapping[str, Any]

MOST_SKEW_S = 60.0
"""Beyond this GitHub refuses what we sign, or soon will."""
_SIGNATURE, _NO_ADDRESS = (401, 403), (404, 405)


@dataclass(frozen=True, slots=True)
class Suspect:
    """The App to look at."""

    app_id: int
    key_file: Path | None
    """None on a machine that only serves: there GitHub cannot be asked."""
    host: GitHubHost
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


def examine_app(suspect: Suspect) -> Iterator[Check]:
    """Yield the checks in the order in which a person would mend them."""
    yield _clock(suspect)
    if suspect.key_file is None:
        detail = "PULLWRIGHT_PRIVATE_KEY_FILE is not set: `serve` needs none, `worker` does"
        yield Check("key", False, detail)
        return
    key = key_is_private(suspect.key_file)
    yield key
    identity = AppIdentity(str(suspect.app_id), suspect.key_file)
    requester = suspect.host.requester(identity, installation_id=NO_INSTALLATION)
    try:
        yield from _asked(suspect, requester)
    except Retryable as error:
        yield unseen("github", one_line(str(error), limit=300))
    except Refused as error:
        yield Check("github", False, one_line(str(error), limit=300))
    finally:
        requester.close()


def _asked(suspect: Suspect, requester: GitHubRequester) -> Iterator[Check]:
    try:
        app = _fetched(requester, "/app")
    except NotFound:
        detail = (
            f"GitHub knows no App {suspect.app_id}: PULLWRIGHT_APP_ID is the number on its page"
        )
        yield Check("app", False, detail)
        return
    page = _page(app, suspect.host.address)
    yield Check("app", True, f"{app['slug']} (id {app['id']}) of {app['owner']['login']}")
    yield from _permissions(app, page)
    yield from _events(app, page)
    yield from _installations(_listed(requester, "/app/installations"), app)
    config = _fetched(requester, "/app/hook/config")
    yield from _webhook(config, page)
    if url := config.get("url", ""):
        yield _reached(_listed(requester, "/app/hook/deliveries"), url, suspect.host.network)


def _clock(suspect: Suspect) -> Check:
    address = suspect.host.address
    transport = suspect.host.transport(Nobody(), installation_id=NO_INSTALLATION)
    request = Request("GET", f"{address.url}/app", False, {"User-Agent": USER_AGENT})
    try:
        said = transport.send(request).headers.get("date", "")
        theirs = parsedate_to_datetime(said)
    except Retryable as error:
        told = f"{address.url} does not answer ({one_line(str(error), limit=200)}): "
        return unseen("clock", f"{told}is PULLWRIGHT_GITHUB_API_URL right, and a proxy?")
    except (Refused, ValueError) as error:
        told = f"{address.url} answers, but not as GitHub ({one_line(str(error), limit=200)}): "
        return Check("clock", False, f"{told}is PULLWRIGHT_GITHUB_API_URL right, and a proxy?")
    finally:
        transport.close()
    ahead = (suspect.now() - theirs).total_seconds()
    if abs(ahead) <= MOST_SKEW_S:
        return Check("clock", True, "GitHub's and ours agree")
    side = "ahead of" if ahead > 0 else "behind"
    fix = "timedatectl set-ntp true"
    detail = f"{abs(ahead):.0f} s {side} GitHub's, which refuses what we sign: {fix}"
    return Check("clock", False, detail, paste=(fix,))


def _permissions(app: Json, page: str) -> Iterator[Check]:
    held = app["permissions"]
    kind = kind_of(held)
    does = "reviews and fixes" if kind is AppKind.FIX else "reviews; it cannot push"
    lacks = missing(held, kind)
    if lacks:
        names = ", ".join(p.name for p in lacks)
        detail = f"{names} missing: set them at {page}/permissions, and accept the mail it sends"
        yield Check("permissions", False, detail, paste=_rows(lacks))
    else:
        yield Check("permissions", True, does)
    if more := surplus(held):
        detail = f"{', '.join(more)}: nothing of ours needs that; take it away at "
        yield Check("permissions", False, f"{detail}{page}/permissions", is_needed=False)


def _rows(lacks: tuple[Permission, ...]) -> tuple[str, ...]:
    return tuple(f"Repository permissions > {p.title}: {p.spoken}  # {p.purpose}" for p in lacks)


def _events(app: Json, page: str) -> Iterator[Check]:
    lacks = tuple(unheard(app["events"]))
    if not lacks:
        yield Check("events", True, f"{len(app['events'])} subscribed")
        return
    names = ", ".join(s.name for s in lacks)
    rows = tuple(f"Subscribe to events > {s.name}  # {s.purpose}" for s in lacks)
    yield Check(
        "events", False, f"not subscribed to {names}: set them at {page}/permissions", paste=rows
    )


def _installations(rows: list[Any], app: Json) -> Iterator[Check]:
    if not rows:
        detail = f"nowhere: install it at {app['html_url']}/installations/new"
        yield Check("installations", False, detail, is_needed=False)
    for row in rows:
        yield _installation(row, app)


def _installation(row: Json, app: Json) -> Check:
    name = f"installation on {row['account']['login']}"
    page = row["html_url"]
    if row["suspended_at"] is not None:
        return Check(name, False, f"suspended: its owner may take that back at {page}")
    lacks = missing(row["permissions"], kind_of(app["permissions"]))
    if lacks:
        wanted = ", ".join(f"{p.name}: {p.level}" for p in lacks)
        detail = f"its owner has not accepted {wanted}; jobs there get no token: accept at {page}"
        return Check(name, False, detail, paste=_rows(lacks))
    return Check(name, True, f"{row['repository_selection']} repositories")


def _webhook(config: Json, page: str) -> Iterator[Check]:
    url = config.get("url", "")
    faults = [
        fault
        for is_wrong, fault in (
            (not url, "has no address: set https://HOST/webhook"),
            (
                url and not urlsplit(url).path.endswith("/webhook"),
                f"{url} does not end in /webhook",
            ),
            (config.get("content_type") != "json", "its content type has to be application/json"),
            (str(config.get("insecure_ssl", "0")) != "0", "SSL verification is off: enable it"),
            (not config.get("secret"), "has no secret: set the one of PULLWRIGHT_WEBHOOK_SECRET"),
        )
        if is_wrong
    ]
    for fault in faults:
        yield Check("webhook", False, f"{fault} at {page}")
    if not faults:
        yield Check("webhook", True, url)


def _reached(deliveries: list[Any], url: str, network: Network) -> Check:
    """Tell whether deliveries arrive: by the last one, or by our own look where there is none."""
    if not deliveries:
        return _looked_at(url, network)
    last = deliveries[0]
    if last["status"] == "OK":
        told = f"the last delivery ({last['event']}, {last['delivered_at']}) arrived"
        return Check("deliveries", True, told)
    told = f"the last one failed: {one_line(last['status'], limit=80)}"
    if last["status_code"] in _SIGNATURE:
        advice = "PULLWRIGHT_WEBHOOK_SECRET is not the secret of the App's page: make them equal"
    elif last["status_code"] in _NO_ADDRESS:
        advice = f"something answers at {url} that is not `pullwright serve`"
    else:
        advice = f"let GitHub reach {url}: is `serve` up, and its proxy, its certificate, its port?"
    return Check("deliveries", False, f"{told}; {advice}")


def _looked_at(url: str, network: Network) -> Check:
    """Ask for our own sign of life at the public address; no delivery was ever sent."""
    root = f"{url.removesuffix('/webhook')}/healthz"
    try:
        address = ApiAddress(url)
        transport = Transport(address, Nobody(), Pacer(), network=network)
        answer = transport.send(Request("GET", root, False, {"User-Agent": USER_AGENT}))
        transport.close()
    except (Refused, Retryable) as error:
        told = f"none yet, and {root} does not answer from here: {one_line(str(error), limit=200)}"
        return Check("deliveries", False, told, is_needed=False)
    if answer.text.strip() != "alive":
        told = f"none yet, and {root} is answered by something that is not `pullwright serve`"
        return Check("deliveries", False, told, is_needed=False)
    return Check("deliveries", True, f"none yet; {root} answers from here")


def _page(app: Json, address: ApiAddress) -> str:
    """Return where the App's owner sets it up."""
    owner = app["owner"]
    prefix = f"/organizations/{owner['login']}" if owner.get("type") == "Organization" else ""
    return f"{address.web_url}{prefix}/settings/apps/{app['slug']}"


def _fetched(requester: GitHubRequester, path: str) -> Json:
    _, data = requester.requestJsonAndCheck("GET", path)
    # The client puts the address of the request where the answer has none.
    return {name: value for name, value in data.items() if (name, value) != ("url", path)}


def _listed(requester: GitHubRequester, path: str) -> list[Any]:
    _, rows = requester.requestJsonAndCheck("GET", path, {"per_page": PER_PAGE})
    return list(rows)
