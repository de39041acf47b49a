"""The server around the application: waitress, with limits on what a sender may hold open."""

import logging
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import cast

from flask import Flask
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer, create_server

from bot.domain.intake import Inbox, Ourselves
from bot.domain.jobs import Jobs
from bot.domain.turns import Pacing
from bot.errors import Refused
from bot.settings import AppSettings
from bot.web.app import create_app
from bot.web.counts import Counts
from bot.web.dashboard import Dashboard, Records
from bot.web.door import Door
from bot.web.pages import Pages
from bot.web.signature import MAX_BODY_BYTES, Secret
from bot.web.webhook import Webhook

REQUEST_TIMEOUT_S = 20
"""From the first byte of a request to its last; GitHub itself gives up after ten."""
CONNECTION_LIMIT = 900
"""Below the 1024 files that a process may have open by default."""

say = partial(print, flush=True)
"""A line that nobody waits for because it stands in a buffer."""

_THREADS = 8
_CLEANUP_INTERVAL_S = 5


@dataclass(frozen=True, slots=True)
class Backend:
    """What the web process needs of the rest."""

    jobs: Jobs
    inbox: Inbox
    records: Records | None = None
    """What the dashboard shows; None for no dashboard."""
    pacing: Callable[[], Pacing] | None = None
    """How far the forge holds us back, for the metrics."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen; port 0 for any that is free."""

    host: str = "127.0.0.1"
    port: int = 8080


class TimedChannel(HTTPChannel):
    """A connection whose request counts as idle from its first byte on.

    One byte a second would keep a connection for ever, and 200 of them every connection there is.
    """

    _begun = 0.0

    def handle_read(self) -> None:
        super().handle_read()
        if self.request is None:
            self._begun = 0.0
        elif not self._begun:
            self._begun = time.time()
        if self._begun:
            self.last_activity = self._begun


def serve(
    settings: AppSettings,
    backend: Backend,
    *,
    address: Address | None = None,
    announce: Callable[[str], object] = say,
) -> None:
    """Answer deliveries until SIGTERM or Ctrl-C; `announce` is told the address once it is open.

    Raises Refused for a secret or a token that could be guessed, and for an address that cannot be
    used.
    """
    address = address or Address()
    webhook = Webhook(
        Secret(settings.webhook_secret),
        Ourselves(settings.app_id),
        backend.jobs,
        backend.inbox,
        counts=Counts(),
    )
    door = Door(settings.admin_token, host=address.host)
    app = create_app(webhook, _dashboard(settings, backend, door), backend.pacing)
    server = open_server(app, address)
    # waitress turns only this one into an orderly end, wherever the signal arrives.
    signal.signal(signal.SIGTERM, _leave)
    announce(f"listening on {url_of(server)}")
    if backend.records is not None and not door.is_open:
        announce("no dashboard: set PULLWRIGHT_ADMIN_TOKEN, or listen on 127.0.0.1")
    try:
        server.run()
    finally:
        server.close()


def _dashboard(settings: AppSettings, backend: Backend, door: Door) -> Dashboard | None:
    if backend.records is None:
        return None
    return Dashboard(door, backend.records, Pages(settings.secrets))


def open_server(
    app: Flask, address: Address, *, request_timeout_s: int = REQUEST_TIMEOUT_S
) -> TcpWSGIServer:
    """Return a server that accepts connections; its `run` answers them."""
    # It warns of every request that waits for a thread, which is what threads are for.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    # One socket makes one server; only several have another type.
    server = cast(
        "TcpWSGIServer",
        create_server(
            app,
            sockets=[_bind(address)],
            threads=_THREADS,
            connection_limit=CONNECTION_LIMIT,
            # select() knows no file above 1023.
            asyncore_use_poll=True,
            channel_timeout=request_timeout_s,
            cleanup_interval=min(_CLEANUP_INTERVAL_S, request_timeout_s),
            # It refuses what reaches its limit, we what passes ours.
            max_request_body_size=MAX_BODY_BYTES + 1,
            # Nobody believes them; that there are any makes the dashboard stricter.
            clear_untrusted_proxy_headers=False,
            ident="pullwright",
        ),
    )
    server.channel_class = TimedChannel
    return server


def url_of(server: TcpWSGIServer) -> str:
    """Return where a server can be reached."""
    host, port = server.getsockname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _bind(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        return socket.create_server((address.host, address.port), family=family)
    except (OSError, OverflowError, UnicodeError) as error:
        raise Refused(f"cannot listen on {address.host} port {address.port}: {error}") from error


def _leave(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit
