"""One HTTP exchange as values: what came in, what goes out, and what the log keeps of both."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Json = dict[str, Any]

DOCS = "https://docs.github.com/rest"


@dataclass(frozen=True, slots=True)
class Request:
    """A request with its body read."""

    method: str
    target: str
    """Path and query, as they came."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    def json(self) -> Any:
        """Return the body as JSON, None for an empty one; 400 where it is neither."""
        if not self.body.strip():
            return None
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise ApiError(400, "Problems parsing JSON") from error


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes out; `content` is JSON, or bytes that are sent as they are."""

    status: int = 200
    content: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def payload(self) -> bytes:
        match self.content:
            case None:
                return b""
            case bytes():
                return self.content
            case _:
                return json.dumps(self.content).encode()


class ApiError(Exception):
    """GitHub says no."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: list[Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.errors = errors
        self.headers = dict(headers or {})

    def answer(self) -> Answer:
        content: Json = {
            "message": str(self),
            "documentation_url": DOCS,
            "status": str(self.status),
        }
        if self.errors is not None:
            content["errors"] = self.errors
        return Answer(self.status, content, self.headers)


def not_found() -> ApiError:
    """Return what GitHub says of everything that is not there or must not be seen."""
    return ApiError(404, "Not Found")


def validation_failed(resource: str, field_name: str, code: str, message: str = "") -> ApiError:
    """Return the 422 with one error object."""
    error = {"resource": resource, "code": code, "field": field_name}
    if message:
        error["message"] = message
    return ApiError(422, "Validation Failed", errors=[error])


def unprocessable(*errors: str) -> ApiError:
    """Return the 422 of the review endpoints, whose errors are sentences."""
    return ApiError(422, "Unprocessable Entity", errors=list(errors))


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """A finished exchange. The credential is kept as a name, never as it was sent."""

    method: str
    path: str
    """Without the API's prefix: `/repos/octo/shop/pulls/1`, `/graphql`, `/git/octo/shop.git/x`."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Without Authorization."""
    credential: str
    """`app`, `token 3`, `none` or `unknown`."""
    json: Any
    body: bytes
    """As it was sent, that of git too."""
    status: int
    """0 where the connection was dropped."""
    answer: Any
    at: float
    """`time.monotonic()` when the request was read."""
    seconds: float

    @property
    def is_write(self) -> bool:
        """True for what changes something on GitHub: a mutation too, a query not."""
        if self.path.startswith("/git/"):
            return False
        if self.path == "/graphql":
            return isinstance(self.json, dict) and "mutation" in str(self.json.get("query"))
        return self.method not in ("GET", "HEAD")

    def __str__(self) -> str:
        return f"{self.method} {self.path} -> {self.status}"
