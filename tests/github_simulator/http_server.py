"""A threaded HTTP/1.1 server on loopback that leaves nothing behind when it stops."""

import socket
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from tests.github_simulator.exchange import Answer, Request

MAX_BODY_BYTES = 50_000_000

Respond = Callable[[Request], Answer | None]
"""Answers a request; None drops the connection without a byte."""


class _Server(ThreadingHTTPServer):
    # Threads are joined at the end, so that a test cannot leak one; keep-alive connections are
    # shut down first, because their threads wait for a next request.
    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        self.crashes: list[str] = []

    def process_request(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        if isinstance(request, socket.socket):
            with self._guard:
                self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        if isinstance(request, socket.socket):
            with self._guard:
                self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep what broke; clients that went away did not."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            self.crashes.append(traceback.format_exc())

    def hang_up(self) -> None:
        with self._guard:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "github.com"
    disable_nagle_algorithm = True
    wbufsize = -1
    respond: ClassVar[Respond]

    def _exchange(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = (
            self._chunks() if self._is_chunked() else self.rfile.read(min(length, MAX_BODY_BYTES))
        )
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = type(self).respond(Request(self.command, self.path, headers, body))
        if answer is None:
            self._drop()
        else:
            self._send(answer)

    do_GET = _exchange  # noqa: N815 the names that http.server looks for
    do_HEAD = _exchange  # noqa: N815
    do_POST = _exchange  # noqa: N815
    do_PUT = _exchange  # noqa: N815
    do_PATCH = _exchange  # noqa: N815
    do_DELETE = _exchange  # noqa: N815

    def _is_chunked(self) -> bool:
        return "chunked" in self.headers.get("Transfer-Encoding", "").lower()

    def _chunks(self) -> bytes:
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _drop(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _send(self, answer: Answer) -> None:
        payload = answer.payload()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status not in (204, 304):
            self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        if self.command != "HEAD" and answer.status not in (204, 304):
            self.wfile.write(payload)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 inherited name
        """Say nothing."""


@contextmanager
def serving(respond: Respond) -> Iterator[str]:
    """Serve until the block ends and yield the root URL; every thread has ended afterwards."""

    class Handler(_Handler):
        pass

    Handler.respond = staticmethod(respond)
    with _Server(Handler) as server:
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.01}, name="github-simulator"
        )
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.hang_up()
            thread.join()
    assert not server.crashes, "the simulator broke:\n" + "\n".join(server.crashes)
