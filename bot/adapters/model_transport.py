"""HTTP to the model's server and to no other, within a deadline that nothing stretches.

The timeouts of an HTTP client begin anew with every byte, so a server that drips holds its caller
for ever. Here every wait on the socket gets what is left of the request's time. Headers are ours
alone: the SDK would add those of an environment variable, and what machine we are.
"""

import math
import ssl
import time
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass

import certifi
import httpcore
import httpx

MAX_ANSWER_BYTES = 4 << 20
CONNECT_SECONDS = 10.0
MAX_CONNECTIONS = 32
_PIECE_BYTES = 1 << 12
_FRAMING = (b"content-encoding", b"content-length", b"transfer-encoding", b"connection")
_ends_at: ContextVar[float] = ContextVar("ends_at")
"""When the request of this thread is over."""


@dataclass(frozen=True, slots=True)
class Route:
    """How the operator lets us out; nothing of this comes from the environment."""

    proxy: str | None = None
    ca_file: str | None = None


DIRECT = Route()


class AnswerTooLarge(httpx.StreamError):
    """The server sent more than any reply needs."""


class Transport(httpx.BaseTransport):
    """Sends one request at a time on each connection, and reads its answer whole."""

    def __init__(self, *, authorization: str, user_agent: str, route: Route) -> None:
        self._headers = [(b"User-Agent", user_agent.encode()), (b"Accept-Encoding", b"identity")]
        if authorization:
            self._headers.append((b"Authorization", authorization.encode()))
        self._pool = _pool(route)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer; raises httpx's errors, and AnswerTooLarge."""
        seconds = request.extensions["timeout"]["read"]
        token = _ends_at.set(time.monotonic() + seconds)
        try:
            return self._exchanged(request)
        except httpcore.TimeoutException as error:
            raise httpx.ReadTimeout(f"no answer within {seconds:.0f} s") from error
        except httpcore.ConnectError as error:
            raise httpx.ConnectError(str(error)) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError) as error:
            raise httpx.ReadError(str(error) or type(error).__name__) from error
        finally:
            _ends_at.reset(token)

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def _exchanged(self, request: httpx.Request) -> httpx.Response:
        content = request.read()
        url = request.url
        headers = [
            (b"Host", url.netloc),
            *self._headers,
            (b"Accept", b"application/json"),
            *([(b"Content-Type", b"application/json")] if content else []),
            (b"Content-Length", str(len(content)).encode()),
        ]
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(
                    scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                ),
                headers=headers,
                content=content,
                extensions={"timeout": {"connect": CONNECT_SECONDS, "pool": _left(None)}},
            )
        )
        try:
            body = _bounded(answer.iter_stream())
        finally:
            answer.close()
        # What the server says of encodings and lengths is done with.
        kept = [(k, v) for k, v in answer.headers if k.lower() not in _FRAMING]
        return httpx.Response(answer.status, headers=kept, content=body)


def _bounded(pieces: Iterable[bytes]) -> bytes:
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > MAX_ANSWER_BYTES:
            raise AnswerTooLarge(f"more than {MAX_ANSWER_BYTES >> 20} MiB")
    return bytes(body)


def _pool(route: Route) -> httpcore.ConnectionPool:
    # Named, so that no variable of the environment replaces it.
    context = ssl.create_default_context(cafile=route.ca_file or certifi.where())
    if route.proxy is None:
        return httpcore.ConnectionPool(
            ssl_context=context, max_connections=MAX_CONNECTIONS, network_backend=_Backend()
        )
    proxy = httpx.Proxy(route.proxy)
    return httpcore.HTTPProxy(
        str(proxy.url),
        proxy_auth=proxy.raw_auth,
        ssl_context=context,
        max_connections=MAX_CONNECTIONS,
        network_backend=_Backend(),
    )


def _left(limit: float | None) -> float:
    left = min(_ends_at.get() - time.monotonic(), math.inf if limit is None else limit)
    if left <= 0:
        raise httpcore.ReadTimeout("the deadline has passed")
    return left


@dataclass
class _Stream(httpcore.NetworkStream):
    """A connection on which every wait ends with the request."""

    inner: httpcore.NetworkStream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.inner.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # Piece by piece: the inner stream begins a new wait for every piece that it gets rid of.
        view = memoryview(buffer)
        for start in range(0, len(view), _PIECE_BYTES):
            self.inner.write(bytes(view[start : start + _PIECE_BYTES]), _left(timeout))

    def close(self) -> None:
        self.inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(self.inner.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> object:
        return self.inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """Connects within the request's time; the name's lookup is the system's."""

    def __init__(self) -> None:
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._inner.connect_tcp(host, port, _left(timeout), local_address, socket_options)
        return _Stream(stream)
