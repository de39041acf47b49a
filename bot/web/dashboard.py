"""The dashboard: pages for an operator, rendered here, behind the door."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from flask import Blueprint, Flask, Response, abort, g, redirect, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from bot.domain.board import Board, QueueBoard
from bot.domain.jobs import Jobs
from bot.domain.policy_board import PolicyBoard
from bot.domain.pull_records import Ledger
from bot.errors import PullwrightError, Refused
from bot.web.door import COOKIE, SESSION_S, TRIES_WINDOW_S, Door, Session
from bot.web.pages import Pages

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_OPEN = ("dashboard.static", "dashboard.sign_in", "dashboard.take_token")
_STATIC_S = 3600


@dataclass(frozen=True, slots=True)
class Records:
    """What the pages are made of."""

    board: Board
    ledger: Ledger
    queue: QueueBoard
    jobs: Jobs
    policies: PolicyBoard


@dataclass(frozen=True)
class Dashboard:
    """What every page needs."""

    door: Door
    records: Records
    pages: Pages
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    def page(self, template: str, code: int = 200, **values: object) -> Response:
        """Return a page as this browser sees it."""
        ours = {
            "form_token": self.door.form_token(_session()),
            "has_token": self.door.has_token,
            "is_admin": _session().is_admin,
            "here": request.path,
        }
        html = self.pages.render(template, ours | values)
        return Response(html, code, mimetype="text/html")


Section = Callable[[Blueprint, Dashboard], None]
"""Adds pages."""


def add_dashboard(app: Flask, dashboard: Dashboard, sections: Iterable[Section]) -> None:
    """Add the pages to the application; the sections are behind one door."""
    pages = Blueprint("dashboard", "bot.web", static_folder="static", static_url_path="/static")
    _guard(pages, dashboard.door)
    _add_signing_in(pages, dashboard)
    _add_errors(pages, dashboard)
    for add in sections:
        add(pages, dashboard)
    app.register_blueprint(pages)


def _session() -> Session:
    session = g.session
    assert isinstance(session, Session)  # noqa: S101 - the guard has set it
    return session


def _guard(pages: Blueprint, door: Door) -> None:
    @pages.before_request
    def let_in() -> AnyResponse | None:
        why_not = door.refusal(
            request.host,
            dict(request.headers),
            request.environ["SERVER_PROTOCOL"],
            port=request.environ["SERVER_PORT"],
        )
        if why_not is not None:
            return Response(f"{why_not}\n", 403, mimetype="text/plain")
        g.session = door.session(request.cookies.get(COOKIE))
        if request.endpoint == "dashboard.show_metrics" and not g.session.is_admin and _bearer():
            return None if door.opens_to(_bearer()) else _turned_away(door)
        if not g.session.is_admin and request.endpoint not in _OPEN:
            return _sent_to_sign_in()
        if request.method == "POST":
            _check_form(door)
        _refuse_nul()
        return None

    pages.after_request(_hardened)


def _hardened(response: Response) -> Response:
    response.headers.update(_HEADERS)
    if request.endpoint == "dashboard.static":
        response.headers["Cache-Control"] = f"public, max-age={_STATIC_S}"
        return response
    response.headers["Cache-Control"] = "no-store"
    session = g.get("session")
    if session is not None and session.is_new:
        _give(response, session)
    return response


def _bearer() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


def _turned_away(door: Door) -> Response:
    """Answer a wrong token, and any token in a siege."""
    if not door.is_besieged:
        return Response("this is not the token\n", 401, mimetype="text/plain")
    seconds = int(TRIES_WINDOW_S)
    return Response(
        f"too many wrong tokens: try again in {seconds} s\n", 429,
        {"Retry-After": str(seconds)}, mimetype="text/plain",
    )  # fmt: skip


def _sent_to_sign_in() -> AnyResponse:
    if request.method == "GET" and "text/html" in request.headers.get("Accept", "text/html"):
        return redirect("/login", 303)
    return Response("sign in first: /login\n", 401, mimetype="text/plain")


def _refuse_nul() -> None:
    """Refuse what names nothing of ours and what PostgreSQL takes for an error."""
    given = (request.path, *request.args.values(), *request.form.values())
    if any("\0" in text for text in given):
        abort(400, "a NUL character is in no name of ours")


def _check_form(door: Door) -> None:
    if not door.is_ours(g.session, request.form.get("form_token", ""), dict(request.headers)):
        abort(Response("the form is not ours or too old: load the page again\n", 403))


def _give(response: Response, session: Session) -> None:
    # A proxy with TLS says so; who lies about it only makes the cookie stricter.
    is_secure = request.is_secure or request.headers.get("X-Forwarded-Proto") == "https"
    response.set_cookie(
        COOKIE, session.cookie, max_age=SESSION_S, secure=is_secure, httponly=True,
        samesite="Strict",
    )  # fmt: skip


def _add_signing_in(pages: Blueprint, dashboard: Dashboard) -> None:
    door = dashboard.door

    @pages.get("/login")
    def sign_in() -> AnyResponse:
        if g.session.is_admin:
            return redirect("/", 303)
        return dashboard.page("login.html", problem="")

    @pages.post("/login")
    def take_token() -> AnyResponse:
        session = door.admit(request.form.get("token", ""))
        if session is not None:
            g.session = session
            return redirect("/", 303)
        if door.is_besieged:
            return _turned_away(door)
        return dashboard.page("login.html", 401, problem="This is not the token.")

    @pages.post("/logout")
    def sign_out() -> AnyResponse:
        g.session = door.session(None)
        return redirect("/login", 303)


def _add_errors(pages: Blueprint, dashboard: Dashboard) -> None:
    @pages.errorhandler(Refused)
    def refused(error: Refused) -> Response:
        return dashboard.page("error.html", 409, title="Not done", reason=str(error))

    @pages.errorhandler(PullwrightError)
    def unavailable(error: PullwrightError) -> Response:
        return dashboard.page("error.html", 503, title="Not now", reason=str(error))

    @pages.errorhandler(400)
    @pages.errorhandler(404)
    def missing(error: HTTPException) -> Response:
        status = error.code or 400
        title = "Not found" if status == 404 else "Not understood"
        reason = error.description or ""
        return dashboard.page("error.html", status, title=title, reason=reason)


def value_of(name: str, values: Mapping[str, object]) -> object | None:
    """Return what a parameter of the address stands for, None where it is not given."""
    given = request.args.get(name, "")
    if not given:
        return None
    if given not in values:
        abort(400, f"{name}={given} is not one of: {', '.join(values)}")
    return values[given]
