"""Starts the real server in a thread and speaks HTTP to it, well and badly."""

import hashlib
import hmac
import http.client
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

from waitress.server import TcpWSGIServer
from waitress.wasyncore import close_all

from bot.domain.intake import Ourselves
from bot.web.app import create_app
from bot.web.counts import Counts, Outcome
from bot.web.dashboard import Dashboard
from bot.web.door import Door
from bot.web.pages import Pages
from bot.web.serve import Address, Backend, open_server, url_of
from bot.web.signature import Secret
from bot.web.webhook import Webhook
from tests.fakes.jobs import FakeJobs
from tests.fakes.ledger import FakeDeliveries

SECRET = "It's a Secret to Everybody"  # noqa: S105 - of GitHub's documentation
APP_ID = 29310
TODAY = datetime(2026, 11, 1, 15, 30, tzinfo=UTC)
"""What the dashboard takes for the time."""


@dataclass
class Reply:
    """What came back."""

    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass
class Site:
    """A running server and what is behind it."""

    jobs: FakeJobs = field(default_factory=FakeJobs)
    inbox: FakeDeliveries = field(default_factory=FakeDeliveries)
    counts: Counts = field(default_factory=Counts)
    host: str = ""
    port: int = 0
    guids: Iterator[int] = field(default_factory=lambda: iter(range(1, 1_000_000)))

    def deliver(
        self, body: bytes, *, event: str = "pull_request", headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Send a signed delivery with a new GUID; `headers` replace ours."""
        ours = {
            "Content-Type": "application/json",
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": f"guid-{next(self.guids)}",
            "X-Hub-Signature-256": sign(body),
        }
        given = ours | dict(headers or {})
        return self.request("POST", "/webhook", body, {k: v for k, v in given.items() if v})

    def request(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Send one request over a connection of its own."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=20)
        try:
            connection.request(method, path, body or None, dict(headers or {}))
            return _reply(connection.getresponse())
        finally:
            connection.close()

    def connect(self) -> socket.socket:
        """Open a bare connection."""
        return socket.create_connection((self.host, self.port), timeout=20)

    def raw(self, data: bytes) -> Reply:
        """Send bytes as they are; what the server does not want to read is not sent."""
        with self.connect() as connection:
            with suppress(ConnectionError):
                connection.sendall(data)
            response = http.client.HTTPResponse(connection)
            response.begin()
            return _reply(response)

    def count(self, outcome: Outcome) -> int:
        """Return one counter."""
        return self.counts.all()[outcome]


def sign(body: bytes, secret: str = SECRET) -> str:
    """Return the signature header as GitHub writes it."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def opened(**changes: object) -> bytes:
    """Return the smallest delivery that asks for a review."""
    pull: dict[str, object] = {
        "number": 7,
        "head": {"sha": "a" * 40},
        "base": {"ref": "main"},
        "updated_at": "2026-11-01T00:00:00Z",
    }
    document: dict[str, object] = {
        "action": "opened",
        "pull_request": pull,
        "repository": {"id": 1, "full_name": "octo/repo"},
        "installation": {"id": 5},
        "sender": {"id": 9, "login": "octocat"},
    }
    return json.dumps(document | changes).encode()


def site_of(url: str) -> Site:
    """Return a site whose server runs elsewhere."""
    parts = urlsplit(url)
    return Site(host=str(parts.hostname), port=int(parts.port or 0))


@contextmanager
def running(
    address: Address | None = None,
    *,
    backend: Backend | None = None,
    request_timeout_s: int = 20,
    token: str | None = None,
) -> Iterator[Site]:
    """Serve until the block ends, on fakes where there is no other backend.

    There is a dashboard where the backend has records.
    """
    site = Site()
    behind = backend or Backend(site.jobs, site.inbox)
    webhook = Webhook(Secret(SECRET), Ourselves(APP_ID), behind.jobs, behind.inbox, site.counts)
    address = address or Address(port=0)
    app = create_app(webhook, _dashboard(behind, address, token), behind.pacing)
    server = open_server(app, address, request_timeout_s=request_timeout_s)
    found = site_of(url_of(server))
    site.host, site.port = found.host, found.port
    with answering(server):
        yield site


@contextmanager
def answering(server: TcpWSGIServer) -> Iterator[None]:
    """Let a server answer in a thread until the block ends."""
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield
    finally:
        server.task_dispatcher.shutdown()
        # Called by the loop itself, which ends when it has no socket left.
        sockets = server._map  # type: ignore[attr-defined] # missing in the stubs
        # A loop that is awake closes them before it is woken, by a trigger that is closed then too.
        with suppress(OSError):
            server.trigger.pull_trigger(  # type: ignore[attr-defined] # wrong in the stubs
                lambda: close_all(sockets)
            )
        thread.join()


def _dashboard(behind: Backend, address: Address, token: str | None) -> Dashboard | None:
    if behind.records is None:
        return None
    secrets = (SECRET, token) if token is not None else (SECRET,)
    door = Door(token, host=address.host)
    return Dashboard(door, behind.records, Pages(secrets), now=lambda: TODAY)


def _reply(response: http.client.HTTPResponse) -> Reply:
    return Reply(response.status, response.read(), dict(response.headers))
