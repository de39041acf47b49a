"""The way of a request: credential, fault, route, permission, limits, ETag, contract, log."""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from tests.github_simulator import (
    rest_app,
    rest_checks,
    rest_git,
    rest_issues,
    rest_pulls,
    rest_repos,
)
from tests.github_simulator.app_pages import is_page, register
from tests.github_simulator.apps import App, Token
from tests.github_simulator.calls import NO_ACCESS, Call, Route
from tests.github_simulator.exchange import Answer, ApiError, LoggedRequest, Request, not_found
from tests.github_simulator.faults import (
    Blank,
    Drop,
    Echo,
    Fault,
    ForeignLink,
    Latency,
    Meanwhile,
    Status,
    Strike,
)
from tests.github_simulator.git_http import answer_git, git_password, is_git
from tests.github_simulator.graphql_api import execute
from tests.github_simulator.repositories import Repo
from tests.github_simulator.world import GitHub

ROUTES: tuple[Route, ...] = (
    *rest_app.ROUTES,
    *rest_issues.ROUTES,
    *rest_pulls.ROUTES,
    *rest_checks.ROUTES,
    *rest_git.ROUTES,
    *rest_repos.ROUTES,
    *rest_repos.LAST_ROUTES,
)
_REST, _GRAPHQL = "/api/v3", "/api/graphql"


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer, and the route that gave it where one did."""

    answer: Answer
    template: str = ""


class Gateway:
    """Answers every request of the server."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def respond(self, request: Request) -> Answer | None:
        """Return the answer, or None to drop the connection."""
        started = time.monotonic()
        path = _log_path(request.path)
        fault = self._github.faults.take(request.method, path, request.body)
        if isinstance(fault, Drop | Strike):
            if fault.after:
                self._outcome(request, path)
            if isinstance(fault, Strike):
                fault.blow()
            self._log(request, path, (started, Outcome(Answer(0))))
            return None
        outcome = self._faulty(request, path, fault)
        if isinstance(fault, ForeignLink):
            outcome = Outcome(_with_foreign_link(outcome.answer, fault.url), outcome.template)
        self._log(request, path, (started, outcome))
        return outcome.answer

    def _faulty(self, request: Request, path: str, fault: Fault | None) -> Outcome:
        match fault:
            case None | ForeignLink() | Drop() | Strike():
                return self._outcome(request, path)
            case Latency(seconds):
                time.sleep(seconds)
                return self._outcome(request, path)
            case Meanwhile(happens):
                happens()
                return self._outcome(request, path)
            case Echo():
                return Outcome(fault.answer(_sent(request), is_git=is_git(request.path)))
            case Blank() | Status(after=True):
                self._outcome(request, path)
                return Outcome(fault.answer())
            case _:
                return Outcome(fault.answer())

    def _outcome(self, request: Request, path: str) -> Outcome:
        if path.startswith("/git/"):
            return Outcome(answer_git(self._github, request, self._git_caller(request)))
        if is_page(path):
            with self._github.lock:
                return Outcome(register(self._github, request))
        template = ""
        name = f"{request.method} {path}"
        is_write = _is_write(request, path)
        try:
            if is_write:
                self._github.limits.write_begins(name)
            with self._github.lock:
                caller = self._caller(request)
                route = _route(request.method, self._present_path(path))
                template = route[0].template if route else ""
                answer = self._charged(request, caller, route, is_write=is_write)
        except ApiError as error:
            answer = error.answer()
        finally:
            if is_write:
                self._github.limits.write_ends(name)
        return Outcome(_with_content_type(answer), template)

    def _charged(
        self,
        request: Request,
        caller: App | Token | None,
        route: tuple[Route, dict[str, str]] | None,
        *,
        is_write: bool,
    ) -> Answer:
        """Handle a request and count it; what GitHub refuses counts too."""
        limits, who = self._github.limits, _payer(caller)
        if route is None or route[0].template != "/rate_limit":
            limits.charge(who)
        try:
            if is_write and isinstance(caller, Token):
                limits.charge_write(who)
            answer = self._handle(request, caller, route)
        except ApiError as error:
            error.headers = {**limits.headers(who), **error.headers}
            raise
        answer = _conditional(request, answer, caller)
        if answer.status == 304:
            limits.refund(who)
        return Answer(answer.status, answer.content, {**limits.headers(who), **answer.headers})

    def _handle(
        self, request: Request, caller: App | Token | None,
        route: tuple[Route, dict[str, str]] | None,
    ) -> Answer:  # fmt: skip
        if not request.headers.get("user-agent"):
            message = (
                "Request forbidden by administrative rules. Please make sure your request has a "
                "User-Agent header."
            )
            raise ApiError(403, message)
        if caller is None and (route is None or route[0].needs != "anybody"):
            raise ApiError(401, "Requires authentication")
        if request.path == _GRAPHQL and caller is not None:
            return execute(self._github, request, caller)
        if (moved := self._redirect(request)) is not None:
            return moved
        if route is None:
            # A test must not take our gaps for GitHub's 404.
            path = _log_path(request.path)
            self._github.contract.violations.append(f"{request.method} {path}: not simulated")
            raise not_found()
        call = self._call(request, caller, route)
        self._authorise(call, route[0])
        return route[0].handler(call)

    def _call(
        self, request: Request, caller: App | Token | None, route: tuple[Route, dict[str, str]]
    ) -> Call:
        found, args = route
        repo = None
        if "repo" in args:
            repo = self._github.find_repo(f"{args['owner']}/{args['repo']}")
            if repo is None or not _sees(caller, repo):
                raise not_found()
        return Call(self._github, request, found.template, args, caller, repo, dict(request.query))

    def _authorise(self, call: Call, route: Route) -> None:
        if route.needs == "anybody":
            return
        if route.needs == "app":
            if not isinstance(call.caller, App):
                raise ApiError(401, "A JSON web token could not be decoded")
            return
        if not isinstance(call.caller, Token):
            message = "You must authenticate with an installation access token in order to do this."
            raise ApiError(403, message)
        if call.caller.installation.is_suspended:
            raise ApiError(403, "This installation has been suspended")
        if route.needs != "token":
            scope, _, access = route.needs.partition(":")
            call.require(scope, access)
        if (
            call.found_repo is not None
            and route.method != "GET"
            and not call.caller.sees(call.repo)
        ):
            raise ApiError(403, NO_ACCESS)

    def _caller(self, request: Request) -> App | Token | None:
        kind, _, value = request.headers.get("authorization", "").partition(" ")
        if not value:
            return None
        if kind.lower() not in ("bearer", "token"):
            raise ApiError(401, "Bad credentials")
        if value.startswith("ghs_"):
            return self._token(value)
        signer = self._github.verify_signer()
        signer.verify(value)
        return signer

    def _token(self, value: str) -> Token:
        for app in self._github.apps:
            token = app.tokens.get(value)
            if token is not None and token.expires_at > self._github.clock.now():
                return token
        raise ApiError(401, "Bad credentials")

    def _git_caller(self, request: Request) -> Token | None:
        password = git_password(request)
        try:
            return self._token(password) if password else None
        except ApiError:
            return None

    def _present_path(self, path: str) -> str:
        """Return a path by number as the path by name."""
        parts = path.split("/", 3)
        if len(parts) > 2 and parts[1] == "repositories" and parts[2].isdecimal():
            repo = self._github.repo_by_id(int(parts[2]))
            return "/".join(["", "repos", repo.full_name, *parts[3:]])
        return path

    def _redirect(self, request: Request) -> Answer | None:
        parts = _log_path(request.path).split("/", 4)
        if len(parts) < 4 or parts[1] != "repos":
            return None
        repo = self._github.moved.get(f"{parts[2]}/{parts[3]}".lower())
        if repo is None:
            return None
        url = "/".join([self._github.api_url, "repositories", str(repo.id), *parts[4:]])
        query = request.target.partition("?")[2]
        location = f"{url}?{query}" if query else url
        status = 301 if request.method == "GET" else 307
        return Answer(
            status, {"message": "Moved Permanently", "url": location}, {"Location": location}
        )

    def _log(self, request: Request, path: str, done: tuple[float, Outcome]) -> None:
        started, outcome = done
        entry = LoggedRequest(
            method=request.method,
            path=path,
            query=request.query,
            headers={name: one for name, one in request.headers.items() if name != "authorization"},
            credential=self._credential(request),
            json=_json(request) if not path.startswith("/git/") else None,
            body=request.body,
            status=outcome.answer.status,
            answer=_shown(outcome.answer),
            at=started,
            seconds=time.monotonic() - started,
        )
        with self._github.lock:
            self._github.log.append(entry)
            if outcome.template:
                self._github.contract.check(outcome.template, entry)

    def _credential(self, request: Request) -> str:
        header = request.headers.get("authorization")
        if not header:
            return "none"
        value = git_password(request) or header.partition(" ")[2]
        for app in self._github.apps:
            for token in app.minted:
                if token.value == value:
                    return token.name
        return "app" if value.count(".") == 2 and not value.startswith("ghs_") else "unknown"


def _sent(request: Request) -> str:
    """Return the credential of a request, as it was sent and as what it stands for."""
    return f"{request.headers.get('authorization', '')} ({git_password(request)})"


def _log_path(path: str) -> str:
    if path == _GRAPHQL:
        return "/graphql"
    if path.startswith(f"{_REST}/"):
        return unquote(path.removeprefix(_REST))
    return f"/git{path}" if is_git(path) else path


def _route(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    for route in ROUTES:
        args = route.match(method, path)
        if args is not None:
            return route, args
    return None


def _sees(caller: App | Token | None, repo: Repo) -> bool:
    """Tell whether a caller may know of a repository: everybody knows the public ones."""
    if not repo.is_private:
        return True
    if isinstance(caller, App):
        return caller.installation_for(repo) is not None
    return caller is not None and caller.sees(repo)


def _payer(caller: App | Token | None) -> str:
    match caller:
        case Token():
            return str(caller.installation.id)
        case App():
            return f"app {caller.id}"
        case None:
            return "nobody"


def _is_write(request: Request, path: str) -> bool:
    if path == "/graphql":
        return b"mutation" in request.body
    is_token = path.endswith("/access_tokens") or path == "/installation/token"
    return request.method not in ("GET", "HEAD") and not is_token


def _conditional(request: Request, answer: Answer, caller: App | Token | None) -> Answer:
    """Add the ETag and heed it. As at GitHub it depends on the credential, not on content alone."""
    if request.method != "GET" or answer.status != 200 or request.path == _GRAPHQL:
        return answer
    holder = caller.value if isinstance(caller, Token) else "app"
    accept = request.headers.get("accept", "")
    digest = hashlib.sha256(b"\0".join([answer.payload(), holder.encode(), accept.encode()]))
    etag = f'W/"{digest.hexdigest()}"'
    headers = {**answer.headers, "ETag": etag, "Cache-Control": "private, max-age=60, s-maxage=60"}
    known = [
        one.strip().removeprefix("W/")
        for one in request.headers.get("if-none-match", "").split(",")
    ]
    if etag.removeprefix("W/") in known:
        return Answer(304, None, headers)
    return Answer(answer.status, answer.content, headers)


def _with_content_type(answer: Answer) -> Answer:
    headers: Mapping[str, str] = {
        "Content-Type": "application/json; charset=utf-8",
        "X-GitHub-Media-Type": "github.v3; format=json",
        "X-GitHub-Request-Id": f"{time.monotonic_ns():X}",
        "Vary": "Accept, Authorization, Cookie, X-GitHub-OTP",
        **answer.headers,
    }
    return Answer(answer.status, answer.content, headers)


def _with_foreign_link(answer: Answer, url: str) -> Answer:
    headers = {**answer.headers, "Link": f'<{url}>; rel="next"'}
    return Answer(answer.status, answer.content, headers)


def _json(request: Request) -> Any:
    try:
        return request.json()
    except ApiError:
        return request.body.decode("utf-8", "replace")


def _shown(answer: Answer) -> Any:
    if isinstance(answer.content, bytes):
        return answer.content[:2_000].decode("utf-8", "replace")
    content = answer.content
    if isinstance(content, dict) and "token" in content:
        return {**content, "token": "***"}
    return content
