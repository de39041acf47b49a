"""Serves `/setup` until there is an App."""

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import cast

from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer

from bot.errors import Refused, Stopped
from bot.web.serve import Address, open_server, say, url_of
from bot.web.setup import SetUp, create_setup_app

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - it is named, not bound
_FLUSH_S = 5.0
_LOOK_S = 0.02


def serve_setup(setup: SetUp, address: Address, *, announce: Callable[[str], object] = say) -> None:
    """Show the pages until an App is made; `announce` is told what to open.

    Raises Refused where strangers could reach it, Stopped where it ends without an App.
    """
    if address.host not in _LOOPBACK and setup.admin_token is None:
        raise Refused(
            f"{address.host} can be reached from elsewhere: set PULLWRIGHT_ADMIN_TOKEN, which the "
            "page then asks for, or listen on 127.0.0.1"
        )
    server = open_server(create_setup_app(setup), address)
    signal.signal(signal.SIGTERM, _leave)
    announce(f"open {_url(server, address)}/setup")
    threading.Thread(target=_end, args=(setup, server), name="setup-end", daemon=True).start()
    try:
        server.run()
    finally:
        server.close()
    if not setup.done.is_set():
        raise Stopped("stopped; no App was made")


def _url(server: TcpWSGIServer, address: Address) -> str:
    """Return where to open it: an address that means all of them can be opened nowhere."""
    url = url_of(server)
    if address.host in _EVERYWHERE:
        return f"http://localhost:{url.rpartition(':')[2]}"
    return url


def _end(setup: SetUp, server: TcpWSGIServer) -> None:
    """End the server once there is an App and the last page has left."""
    setup.done.wait()
    pause = threading.Event()
    for _ in range(int(_FLUSH_S / _LOOK_S)):
        pause.wait(_LOOK_S)
        # Its stubs take the mapping for one of its values.
        channels = list(cast("dict[int, HTTPChannel]", server.active_channels).values())
        if not any(channel.requests or channel.total_outbufs_len for channel in channels):
            break
    os.kill(os.getpid(), signal.SIGTERM)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit
