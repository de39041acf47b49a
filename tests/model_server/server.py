"""A model's server on loopback: scripted replies over real HTTP, and everything that can go wrong.

The SDK of the product talks to it. Every request is recorded as bytes, so that a test can look for
what must not have left. Nothing of it is left when it stops.
"""

import json
import socket
import ssl
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from tests.model_server.api import Api, Denied, answer, events
from tests.model_server.replies import Asked, Break, Fault, Reply, Script, in_turn, status

DRIP_SECONDS = 0.05


@dataclass(frozen=True)
class RateLimit:
    """So many requests in a while, and 429 for the rest."""

    requests: int
    window_s: float
    retry_after: str | None = None
    """What the server tells, if anything."""


@dataclass
class ModelServer:
    """One server: what it serves, how it answers, and what it was asked."""

    script: Script = field(default_factory=lambda: in_turn(Reply()))
    api: Api = field(default_factory=Api)
    latency_s: float = 0.0
    rate: RateLimit | None = None
    list_script: Script | None = None
    """Faults of `models.list`."""
    url: str = ""
    chats: list[Asked] = field(default_factory=list)
    """Every request for a chat that was let in, in order of arrival."""
    received: list[bytes] = field(default_factory=list)
    """Every request, headers and body, let in or not."""
    most_at_once: int = 0
    connections: int = 0
    crashes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stopping = threading.Event()
        self._guard = threading.Lock()
        self._out = 0
        self._times: deque[float] = deque()

    def respond(self, verb: str, path: str, headers: Mapping[str, str], body: bytes) -> "Outcome":
        """Return what to send; the handler sends it, or fails as it says."""
        with self._guard:
            head = "\n".join(f"{name}: {value}" for name, value in headers.items())
            self.received.append(f"{verb} {path}\n{head}\n\n".encode() + body)
        try:
            self.api.admit(headers)
            if (verb, path) == ("GET", "/v1/models"):
                return self._listed(headers)
            if (verb, path) == ("POST", "/v1/chat/completions"):
                return self._chatted(Asked(json.loads(body), headers))
        except Denied as denied:
            return Fault(status=denied.status, body=denied.body)
        return status(404, f"Not Found: {path}")

    def _listed(self, headers: Mapping[str, str]) -> "Outcome":
        if self.list_script is not None:
            outcome = self.list_script(Asked({}, headers))
            if isinstance(outcome, Fault):
                return outcome
        return Fault(status=200, body=self.api.listed())

    def _chatted(self, asked: Asked) -> "Outcome":
        if limited := self._limited():
            return limited
        self.api.check(asked)
        with self._guard:
            self.chats.append(asked)
            self._out += 1
            self.most_at_once = max(self.most_at_once, self._out)
        try:
            outcome = self.script(asked)
            self.stopping.wait(self.latency_s)
        finally:
            with self._guard:
                self._out -= 1
        if isinstance(outcome, Fault):
            return outcome
        if asked.body.get("stream"):
            return Stream(events(asked, outcome))
        return Fault(status=200, body=json.dumps(answer(asked, outcome)).encode())

    def _limited(self) -> Fault | None:
        if self.rate is None:
            return None
        with self._guard:
            now = time.monotonic()
            while self._times and self._times[0] <= now - self.rate.window_s:
                self._times.popleft()
            if len(self._times) < self.rate.requests:
                self._times.append(now)
                return None
        told = self.rate.retry_after
        return status(429, "Requests per minute limit exceeded", **_told(told))

    def bytes_received(self) -> bytes:
        """Return all that ever left for this server."""
        return b"\n".join(self.received)


def _told(seconds: str | None) -> dict[str, str]:
    return {} if seconds is None else {"retry_after": seconds}


@dataclass(frozen=True)
class Stream:
    """A streamed answer."""

    pieces: Iterator[bytes]


Outcome = Fault | Stream


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    model: ClassVar[ModelServer]

    def _exchange(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        outcome = self.model.respond(self.command, self.path, headers, body)
        if isinstance(outcome, Stream):
            self._stream(outcome)
        else:
            self._send(outcome)

    do_GET = _exchange  # noqa: N815 the names that http.server looks for
    do_POST = _exchange  # noqa: N815

    def _send(self, fault: Fault) -> None:
        stopping = self.model.stopping
        if fault.kind in (Break.DROP, Break.HANG):
            if fault.kind is Break.HANG:
                stopping.wait()
            self.close_connection = True
            return
        head = self._head(fault)
        if fault.kind is Break.DRIP_HEADERS:
            self._drip(head)
            return
        self.wfile.write(head)
        self.wfile.flush()
        if fault.kind is Break.HANG_AFTER_HEADERS:
            stopping.wait()
            self.close_connection = True
        elif fault.kind is Break.DRIP:
            self._drip(fault.body)
        elif fault.kind is Break.TRUNCATE:
            self.wfile.write(fault.body[: len(fault.body) // 2])
            self.close_connection = True
        else:
            self.wfile.write(fault.body)
        self.wfile.flush()

    def _head(self, fault: Fault) -> bytes:
        kind = "text/html" if fault.body.lstrip().startswith(b"<") else "application/json"
        headers = {"Content-Type": kind, "Content-Length": str(len(fault.body)), **fault.headers}
        lines = [f"HTTP/1.1 {200 if fault.kind is not Break.STATUS else fault.status} X"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode()

    def _drip(self, data: bytes) -> None:
        for start in range(len(data)):
            self.wfile.write(data[start : start + 1])
            self.wfile.flush()
            if self.model.stopping.wait(DRIP_SECONDS):
                break
        self.close_connection = True

    def _stream(self, stream: Stream) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for piece in stream.pieces:
            self.wfile.write(piece)
            self.wfile.flush()
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 inherited name
        """Print nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 128
    model: ModelServer

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()

    def process_request(self, request: object, client_address: object) -> None:
        if isinstance(request, socket.socket):
            with self._guard:
                self._open.add(request)
                self.model.connections += 1
            super().process_request(request, client_address)

    def shutdown_request(self, request: object) -> None:
        if isinstance(request, socket.socket):
            with self._guard:
                self._open.discard(request)
            super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep what broke; clients that went away did not."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            self.model.crashes.append(traceback.format_exc())

    def hang_up(self) -> None:
        with self._guard:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def serving(model: ModelServer, *, tls: ssl.SSLContext | None = None) -> Iterator[ModelServer]:
    """Serve until the block ends; then no thread and no connection is left."""
    server = _Server(type("Handler", (_Handler,), {"model": model}))
    server.model = model
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    model.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield model
    finally:
        model.stopping.set()
        server.shutdown()
        server.hang_up()
        server.server_close()
        thread.join()
    assert model.crashes == []
