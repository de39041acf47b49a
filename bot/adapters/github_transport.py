"""HTTP to one GitHub host and to no other: what leaves this process, and what is let back in.

Redirects are followed only to the same host; no credential goes anywhere else, no proxy is taken
from the environment, and nothing waits or reads without a limit (rule R19).
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol
from urllib.parse import urljoin, urlsplit

import requests
import requests.adapters

from bot.adapters.github_errors import Uncertain, is_rate_limit
from bot.adapters.github_pacing import Pacer
from bot.domain.forge import ForgeUnavailable
from bot.domain.untrusted import one_line
from bot.errors import Refused

CONNECT_TIMEOUT_S, READ_TIMEOUT_S, DEADLINE_S = 10, 30, 60
MAX_ANSWER_BYTES = 32 << 20
_MAX_TRIES = 6
_READ_TRIES = 2
_REDIRECTS = (301, 302, 307, 308)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class ApiAddress:
    """Where the API is: GitHub's own, or `https://HOST/api/v3` of an Enterprise Server."""

    url: str
    """Without a slash at its end."""

    @property
    def web_url(self) -> str:
        """Where people look at repositories and git fetches them: the host without the API."""
        parts = urlsplit(self.url)
        host = parts.netloc
        if host == "api.github.com" or (host.startswith("api.") and host.endswith(".ghe.com")):
            host = host.removeprefix("api.")
        return f"{parts.scheme}://{host}"

    @property
    def origin(self) -> tuple[str, str, int | None]:
        """Scheme, host and port: what a request must have to be sent."""
        return _origin(self.url)


def parse_api_address(url: str) -> ApiAddress:
    """Return the address; raises Refused for anything but https, or http to this machine."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        raise Refused(f"{one_line(url)} is no API address: give https://HOST/api/v3") from None
    host = parts.hostname or ""
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    if not host or not is_safe or parts.username is not None or parts.query or parts.fragment:
        raise Refused(f"{one_line(url)} is no API address: give https://HOST/api/v3")
    return ApiAddress(url.strip().rstrip("/"))


@dataclass(frozen=True, slots=True)
class Network:
    """How the operator lets us out; nothing of this comes from the environment."""

    proxies: Mapping[str, str] = field(default_factory=dict)
    """By scheme."""
    ca_file: str = ""
    """Certificates in place of the ones that `requests` brings."""


class Credential(Protocol):
    """What proves who we are."""

    def authorization(self) -> str:
        """Return the value of the header; empty for a request of nobody."""
        ...

    def renew(self) -> None:
        """Get a new credential after a 401; raises Refused where there is none to get."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """One request to the API."""

    verb: str
    url: str
    is_write: bool
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """For messages: verb and path."""
        return f"{self.verb} {one_line(urlsplit(self.url).path)}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes

    @property
    def text(self) -> str:
        """The body, whatever it is, to look for words in it."""
        return self.body[:4096].decode("utf-8", "replace")


class EtagCache:
    """Answers that GitHub confirms with an empty 304, which costs nothing of the rate limit.

    It may be shared by all clients of one installation: whether a credential may see an answer,
    GitHub decides on every request.
    """

    def __init__(self, max_entries: int = 256, max_bytes: int = 1 << 20) -> None:
        self._entries: OrderedDict[str, Answer] = OrderedDict()
        self._lock = threading.Lock()
        self._max_entries = max_entries
        self._max_bytes = max_bytes

    def conditional(self, request: Request) -> Request:
        """Return the request with the etag of the answer that is known, if any."""
        known = self._find(request)
        if known is None:
            return request
        return replace(request, headers={**request.headers, "If-None-Match": known.headers["etag"]})

    def resolved(self, request: Request, answer: Answer) -> Answer:
        """Return the known answer in place of a 304; remember a new one."""
        known = self._find(request)
        if answer.status == 304 and known is not None:
            return known
        is_small = len(answer.body) <= self._max_bytes
        if request.verb == "GET" and answer.status == 200 and "etag" in answer.headers and is_small:
            self._store(request, answer)
        return answer

    def _find(self, request: Request) -> Answer | None:
        with self._lock:
            return self._entries.get(request.url) if request.verb == "GET" else None

    def _store(self, request: Request, answer: Answer) -> None:
        with self._lock:
            self._entries[request.url] = answer
            self._entries.move_to_end(request.url)
            while len(self._entries) > self._max_entries:
                self._entries.popitem(last=False)


class Transport:
    """Sends requests with one credential, in turn, and only to the one host."""

    def __init__(
        self,
        address: ApiAddress,
        credential: Credential,
        pacer: Pacer,
        *,
        cache: EtagCache | None = None,
        network: Network | None = None,
    ) -> None:
        self._address = address
        self._credential = credential
        self._pacer = pacer
        self._cache = cache or EtagCache()
        self._session = _session(network or Network())

    def send(self, request: Request) -> Answer:
        """Return GitHub's answer, errors of its own included.

        Raises Uncertain for a write whose answer was lost, ForgeUnavailable for a read that has
        none or where GitHub asks for patience, Refused for another host.
        """
        is_renewed = False
        for _ in range(_MAX_TRIES):
            answer = self._in_turn(self._signed(request))
            if answer.status == 401 and not is_renewed:
                self._credential.renew()
                is_renewed = True
            elif is_rate_limit(answer.status, answer.headers, answer.text):
                self._pacer.hold(self._told_s(answer))
            elif answer.status in _REDIRECTS:
                request = self._followed(request, answer)
            else:
                self._pacer.answered()
                return answer
        raise ForgeUnavailable(f"GitHub did not serve {request.name} after {_MAX_TRIES} tries")

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _signed(self, request: Request) -> Request:
        """Return the request with our credential, and only for our host.

        Before the turn is taken: making a token takes a turn of its own.
        """
        if _origin(request.url) != self._address.origin:
            host = one_line(urlsplit(request.url).netloc.rpartition("@")[2])
            raise Refused(f"nothing is sent to {host}: it is not the API of this GitHub")
        said = self._credential.authorization()
        proof = {"Authorization": said} if said else {}
        return replace(request, headers={**request.headers, **proof})

    def _in_turn(self, request: Request) -> Answer:
        if request.is_write:
            with self._pacer.write():
                answer = self._exchanged(request)
            if answer.status >= 500:
                raise Uncertain(f"GitHub broke at {request.name}: {answer.status}")
            return answer
        return self._read(request)

    def _read(self, request: Request) -> Answer:
        """Read, once more where the connection or GitHub broke: reading twice harms nobody."""
        problem = ""
        for attempt in range(_READ_TRIES):
            if attempt:
                self._pacer.pause(0.5)
            try:
                with self._pacer.read():
                    answer = self._exchanged(self._cache.conditional(request))
            except Uncertain as error:
                problem = str(error)
                continue
            if answer.status < 500:
                return self._cache.resolved(request, answer)
            problem = f"GitHub broke at {request.name}: {answer.status}"
        raise ForgeUnavailable(problem)

    def _exchanged(self, request: Request) -> Answer:
        try:
            return self._received(request)
        except requests.RequestException as error:
            # The text of the error may hold the URL and the host's answer; its kind is enough.
            raise Uncertain(f"no answer to {request.name}: {type(error).__name__}") from error

    def _received(self, request: Request) -> Answer:
        ends_at = time.monotonic() + DEADLINE_S
        with self._session.request(
            request.verb,
            request.url,
            headers=dict(request.headers),
            data=request.body,
            timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S),
            allow_redirects=False,
            stream=True,
        ) as response:
            body = bytearray()
            for chunk in response.iter_content(1 << 16):
                body += chunk
                if len(body) > MAX_ANSWER_BYTES or time.monotonic() > ends_at:
                    raise Uncertain(f"the answer to {request.name} is too long or too slow")
            lower = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, lower, bytes(body))

    def _followed(self, request: Request, answer: Answer) -> Request:
        """Return the same request for where GitHub sends us, on the same host."""
        target = urljoin(request.url, answer.headers.get("location", ""))
        if _origin(target) != self._address.origin or target == request.url:
            host = one_line(urlsplit(target).netloc.rpartition("@")[2])
            raise Refused(f"GitHub redirects {request.name} to {host}: nothing was sent there")
        return replace(request, url=target)

    def _told_s(self, answer: Answer) -> float | None:
        """Return how long GitHub told us to wait, or None where it did not."""
        told = answer.headers.get("retry-after", "")
        if told.isdecimal():
            return float(told)
        reset = answer.headers.get("x-ratelimit-reset", "")
        if answer.headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
            return self._pacer.seconds_until(float(reset)) + 1
        return None


def _session(network: Network) -> requests.Session:
    session = requests.Session()
    # Neither proxies nor certificates nor passwords from the environment or a `.netrc`.
    session.trust_env = False
    session.proxies = dict(network.proxies)
    session.verify = network.ca_file or True
    for scheme in ("https://", "http://"):
        session.mount(scheme, requests.adapters.HTTPAdapter(max_retries=0))
    return session


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError as error:
        raise Refused(f"{one_line(url)} is not a URL") from error
    default = {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, parts.hostname or "", port or default
