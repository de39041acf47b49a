"""Who may look at the dashboard: sessions, the proof that a form is ours, and who is turned away.

With an admin token, a browser gets a signed session for it, and a monitor sends it as a bearer.
Without one, only this machine may look, and by a name of its own: a page of a stranger that has its
name point here (DNS rebinding) sends that name, and a proxy says that it is one.
"""

import hashlib
import hmac
import ipaddress
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.errors import Refused

COOKIE = "pullwright_session"
MIN_TOKEN_BYTES = 16
SESSION_S = 12 * 3600
TRIES = 10
TRIES_WINDOW_S = 60.0

_PROXIED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via")


@dataclass(frozen=True, slots=True)
class Session:
    """One browser."""

    cookie: str
    is_admin: bool
    is_new: bool = False
    """The browser has not got it yet."""


class Door:
    """Decides about every request to the dashboard; raises Refused for a token one could guess."""

    def __init__(
        self, token: str | None, *, host: str, now: Callable[[], float] = time.time
    ) -> None:
        if token is not None and len(token.encode()) < MIN_TOKEN_BYTES:
            raise Refused(
                f"PULLWRIGHT_ADMIN_TOKEN has {len(token.encode())} bytes: "
                f"the dashboard wants at least {MIN_TOKEN_BYTES}"
            )
        self._token = token
        self._host = host
        self._now = now
        # Derived, so that a session outlives a restart and a new token ends all of them.
        seed = token.encode() if token is not None else secrets.token_bytes(32)
        self._key = hmac.digest(seed, b"pullwright session", "sha256")
        self._failed: deque[float] = deque(maxlen=TRIES)
        self._lock = threading.Lock()

    @property
    def has_token(self) -> bool:
        """Somebody has to sign in."""
        return self._token is not None

    @property
    def is_open(self) -> bool:
        """There is a dashboard here: a token, or an address that only this machine reaches."""
        return self.has_token or is_loopback(self._host)

    def refusal(
        self, host: str, headers: Mapping[str, str], protocol: str, *, port: str
    ) -> str | None:
        """Return why nothing is shown to this request, whoever sent it, or None.

        `port` is our own: what the caller calls us is its word.
        """
        if self.has_token:
            return None
        if not self.is_open:
            return (
                "the dashboard is closed: set PULLWRIGHT_ADMIN_TOKEN, "
                f"because this server listens on {self._host}"
            )
        # Proxies speak HTTP/1.0 unless they are told otherwise; no browser does.
        is_proxied = protocol == "HTTP/1.0" or any(name in headers for name in _PROXIED)
        if is_proxied or not is_loopback(_name_of(host)):
            return (
                "the dashboard shows itself to this machine only: "
                f"open http://127.0.0.1:{port}, or set PULLWRIGHT_ADMIN_TOKEN"
            )
        return None

    def session(self, cookie: str | None) -> Session:
        """Return the session that a cookie stands for, or a new one of nobody in particular."""
        kind = self._kind(cookie or "")
        if cookie is None or kind is None:
            return Session(self._signed("visitor"), not self.has_token, is_new=True)
        return Session(cookie, kind == "admin" or not self.has_token)

    def admit(self, token: str) -> Session | None:
        """Return a session for who knows the token, or None for who does not."""
        if not self.opens_to(token):
            return None
        return Session(self._signed("admin"), is_admin=True, is_new=True)

    def opens_to(self, token: str) -> bool:
        """Tell whether this is the token, and count who is wrong; in a siege nobody is right."""
        is_besieged = self.is_besieged
        if not self.is_token(token):
            with self._lock:
                self._failed.append(self._now())
            return False
        # Who is right is not counted, or a monitor that asks often would make a siege last.
        return not is_besieged

    def is_token(self, token: str) -> bool:
        """Tell whether this is the token, in the same time for every wrong one."""
        if self._token is None:
            return False
        given, known = (
            hashlib.sha256(text.encode("utf-8", "replace")).digest()
            for text in (token, self._token)
        )
        return hmac.compare_digest(given, known)

    @property
    def is_besieged(self) -> bool:
        """Somebody tries one token after the other; nobody can sign in for a moment."""
        with self._lock:
            is_full = len(self._failed) == TRIES
            return is_full and self._now() - self._failed[0] < TRIES_WINDOW_S

    def form_token(self, session: Session) -> str:
        """Return what every form of a session carries."""
        return self._mac(f"form {session.cookie}")

    def is_ours(self, session: Session, form_token: str, headers: Mapping[str, str]) -> bool:
        """Tell whether a form was sent from a page of ours in this session."""
        if headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            return False
        return hmac.compare_digest(form_token.encode(), self.form_token(session).encode())

    def _signed(self, kind: str) -> str:
        until = int(self._now()) + SESSION_S
        body = f"{kind}.{secrets.token_hex(16)}.{until}"
        return f"{body}.{self._mac(body)}"

    def _kind(self, cookie: str) -> str | None:
        body, _, mac = cookie.rpartition(".")
        if not hmac.compare_digest(mac.encode(), self._mac(body).encode()):
            return None
        kind, _, until = body.split(".")
        return kind if int(until) > self._now() else None

    def _mac(self, text: str) -> str:
        return hmac.new(self._key, text.encode("utf-8", "replace"), "sha256").hexdigest()


def is_loopback(name: str) -> bool:
    """Tell whether a name or an address is this machine's own, which nobody else reaches."""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _name_of(host: str) -> str:
    """Return the name in a Host header, without its port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
