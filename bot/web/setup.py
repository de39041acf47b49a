"""`/setup`: makes the App by GitHub's manifest flow, while there is none.

Three steps: a person says what the App may do; GitHub shows it and asks; GitHub sends the person
back with a code, which is exchanged once. Only this machine may ask, or who has the admin token;
and what comes back is only taken with the word that went out (its `state`), so that nobody can
plant an App of his own.
"""

import base64
import binascii
import hmac
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from flask import Flask, Response, redirect, request
from jinja2 import Environment, PackageLoader, StrictUndefined
from werkzeug.wrappers import Response as AnyResponse

from bot.domain.app_manifest import (
    MAX_NAME,
    PERMISSIONS,
    SUBSCRIPTIONS,
    AppKind,
    manifest,
    registration_path,
    wanted_app,
)
from bot.errors import Refused

HOME = "https://github.com/pullwright/pullwright"
STATE_S = 3600.0
"""GitHub's code lives as long."""
MAX_FORM_BYTES = 10_000
_MOST_STATES = 100
_LOOPBACK = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
_LOCAL_NAMES = ("127.0.0.1", "[::1]", "localhost")
_PORT = re.compile(r":\d+$")
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via")


@dataclass(frozen=True, slots=True)
class MadeApp:
    """What is shown of an App that was made."""

    app_id: int
    name: str
    html_url: str
    key_file: str
    secret_file: str


@dataclass(frozen=True)
class SetUp:
    """What the pages need of the rest, and how far it has come."""

    web_url: str
    """GitHub, as people see it."""
    make: Callable[[str], MadeApp]
    """Exchange a code for an App and keep it; raises Refused."""
    admin_token: str | None = field(default=None, repr=False)
    public_url: str = ""
    """What is proposed as the address that GitHub reaches."""
    clock: Callable[[], float] = time.monotonic
    states: dict[str, float] = field(default_factory=dict, repr=False)
    """Until when a word is taken back."""
    done: threading.Event = field(default_factory=threading.Event)
    """Set once there is an App."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def new_state(self) -> str:
        """Return a word that GitHub gives back, once."""
        word, now = secrets.token_urlsafe(32), self.clock()
        with self.lock:
            for old in [s for s, until in self.states.items() if until < now]:
                del self.states[old]
            while len(self.states) >= _MOST_STATES:
                del self.states[next(iter(self.states))]
            self.states[word] = now + STATE_S
        return word

    def take_state(self, word: str) -> None:
        """Take a word back; raises Refused where we never gave it, or long ago, or had it back."""
        with self.lock:
            until = self.states.pop(word, 0.0)
        if until < self.clock():
            raise Refused(
                "this answer belongs to no set-up that was begun here: begin again at /setup"
            )


def create_setup_app(setup: SetUp) -> Flask:
    """Return the application; it has nothing but the set-up, and says that it lives."""
    app = Flask("bot.web", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_FORM_BYTES
    pages = _Pages(setup)

    @app.get("/healthz")
    def say_alive() -> Response:
        return Response("alive\n", mimetype="text/plain")

    @app.get("/")
    def lead() -> AnyResponse:
        return redirect("/setup", 303)

    @app.get("/setup")
    def ask() -> Response:
        return pages.guarded(pages.ask)

    @app.post("/setup")
    def hand_over() -> Response:
        return pages.guarded(pages.hand_over)

    @app.get("/setup/created")
    def receive() -> Response:
        return pages.guarded(pages.receive)

    return app


@dataclass(frozen=True)
class _Pages:
    """The three steps."""

    setup: SetUp

    def guarded(self, page: Callable[[], Response]) -> Response:
        """Return a page to who may see it, while there is something to set up."""
        if not _may_visit(self.setup.admin_token):
            return _refused_visit(has_token=self.setup.admin_token is not None)
        if self.setup.done.is_set():
            return self._page(404, "done")
        try:
            return page()
        except Refused as error:
            return self._page(400, "refused", reason=str(error))

    def ask(self) -> Response:
        """Show what an App may do, and ask which it shall be."""
        return self._page(
            200,
            "ask",
            permissions=PERMISSIONS,
            kinds=AppKind,
            subscriptions=SUBSCRIPTIONS,
            public_url=self.setup.public_url,
            name=f"pullwright-{secrets.token_hex(3)}",
            max_name=MAX_NAME,
        )

    def hand_over(self) -> Response:
        """Show the button that takes the manifest to GitHub."""
        app = wanted_app(request.form)
        document = manifest(app, redirect_url=f"{_own_root()}/setup/created", home=HOME)
        target = f"{self.setup.web_url}{registration_path(app)}"
        state = self.setup.new_state()
        where = f"{target}?state={quote(state)}"
        return self._page(200, "hand_over", app=app, manifest=document, target=where)

    def receive(self) -> Response:
        """Exchange the code that GitHub sent the person back with."""
        self.setup.take_state(request.args.get("state", ""))
        code = request.args.get("code", "")
        if not code:
            raise Refused("GitHub sent no code: begin again at /setup")
        made = self.setup.make(code)
        self.setup.done.set()
        return self._page(200, "made", made=made)

    def _page(self, status: int, page: str, **values: object) -> Response:
        nonce = secrets.token_urlsafe(16)
        template = _TEMPLATES.get_template("setup.html")
        text = template.render(page=page, nonce=nonce, **values)
        return Response(text, status, headers=self._headers(nonce), mimetype="text/html")

    def _headers(self, nonce: str) -> Mapping[str, str]:
        policy = (
            f"default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; "
            f"frame-ancestors 'none'; form-action 'self' {self.setup.web_url}"
        )
        return {
            "Content-Security-Policy": policy,
            # With none at all GitHub would see the form come from nowhere.
            "Referrer-Policy": "strict-origin",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        }


_TEMPLATES = Environment(
    loader=PackageLoader("bot.web", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _own_root() -> str:
    """Return the address under which the person's browser sees us."""
    told = request.headers.get("X-Forwarded-Proto", "")
    scheme = told if told in ("http", "https") else request.scheme
    return f"{scheme}://{request.host}"


def _may_visit(admin_token: str | None) -> bool:
    """Tell whether the caller is a person at this machine, or has the admin token.

    A name that is not this machine's would be a page of a stranger that had itself resolved to
    loopback; a proxy's mark says that the caller is only passed on from this machine. Proxies speak
    HTTP/1.0 unless they are told otherwise, and no browser does.
    """
    is_local = (
        request.remote_addr in _LOOPBACK
        and _PORT.sub("", request.host).lower() in _LOCAL_NAMES
        and request.environ["SERVER_PROTOCOL"] != "HTTP/1.0"
        and not any(name in request.headers for name in _FORWARDED)
    )
    return is_local or (admin_token is not None and _shows(admin_token))


def _shows(admin_token: str) -> bool:
    """Tell whether the token came with the request, as a bearer's or as a browser's password."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            value = base64.b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return False
    elif scheme.lower() != "bearer":
        return False
    return hmac.compare_digest(value.encode(), admin_token.encode())


def _refused_visit(*, has_token: bool) -> Response:
    if has_token:
        return Response(
            "give PULLWRIGHT_ADMIN_TOKEN as the password\n",
            401,
            headers={"WWW-Authenticate": 'Basic realm="pullwright setup"'},
            mimetype="text/plain",
        )
    # Our own port, not the one that the caller named.
    port = request.environ["SERVER_PORT"]
    return Response(
        f"set-up is for this machine alone: open http://127.0.0.1:{port}/setup here, or from "
        f"elsewhere through `ssh -N -L {port}:127.0.0.1:{port} HOST`, where HOST is this machine, "
        "or set PULLWRIGHT_ADMIN_TOKEN\n",
        403,
        mimetype="text/plain",
    )
