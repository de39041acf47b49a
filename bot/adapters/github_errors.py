"""What GitHub's refusals mean in our words: who must act, and when it is worth trying again."""

from collections.abc import Mapping
from typing import Any

from bot.domain.forge import ForgeUnavailable, HeadMoved
from bot.domain.untrusted import one_line, tokenless
from bot.errors import PullwrightError, Refused


class Uncertain(ForgeUnavailable):
    """A write that may have happened: look for it before it is tried again."""


class NotFound(Refused):
    """GitHub knows no such thing, or does not show it to us."""


class Forbidden(Refused):
    """The credential may not do that."""


class Invalid(Refused):
    """GitHub calls the request wrong; the message is its own."""


class Unauthorized(Refused):
    """GitHub does not accept the credential."""


_BY_STATUS: Mapping[int, type[Refused]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    410: NotFound,
    422: Invalid,
}
_BY_TYPE: Mapping[str, type[PullwrightError]] = {
    "NOT_FOUND": NotFound,
    "FORBIDDEN": Forbidden,
    "INSUFFICIENT_SCOPES": Forbidden,
    "STALE_DATA": HeadMoved,
    "RATE_LIMITED": ForgeUnavailable,
    "INTERNAL": Uncertain,
    "SERVICE_UNAVAILABLE": Uncertain,
}
_STALE = "expected branch to point to"


def rest_error(status: int, data: object, *, what: str) -> PullwrightError:
    """Return the error for an answer of the REST API; `what` names the request."""
    kind = _BY_STATUS.get(status, Refused)
    return kind(f"GitHub refused {what}: {_said(data) or status}")


def graphql_error(data: object, *, what: str) -> PullwrightError:
    """Return the error for an answer of the GraphQL API that has errors."""
    errors = data.get("errors") if isinstance(data, Mapping) else None
    first = errors[0] if isinstance(errors, list) and errors else {}
    said = str(first.get("message", "no reason")) if isinstance(first, dict) else ""
    message = one_line(tokenless(said))
    kind = _BY_TYPE.get(str(first.get("type", "")) if isinstance(first, dict) else "", Invalid)
    if _STALE in message.lower():
        kind = HeadMoved
    return kind(f"GitHub refused {what}: {message}")


def is_rate_limit(status: int, headers: Mapping[str, str], text: str) -> bool:
    """Tell whether GitHub asks us to slow down: 429, or a 403 that is not about permissions."""
    if status == 429:
        return True
    if status != 403:
        return False
    is_spent = headers.get("x-ratelimit-remaining") == "0"
    return is_spent or "retry-after" in headers or "rate limit" in text.lower()


def _said(data: object) -> str:
    """Return GitHub's reason on one line, with what it says of the fields."""
    if not isinstance(data, Mapping):
        return ""
    details: Any = data.get("errors")
    listed = details if isinstance(details, list) else [details] if details else []
    reasons = [_reason(detail) for detail in listed[:3]]
    return one_line(tokenless("; ".join([str(data.get("message", "")), *filter(None, reasons)])))


def _reason(detail: object) -> str:
    if isinstance(detail, Mapping):
        fields = (str(detail.get(key, "")) for key in ("field", "code", "message"))
        return " ".join(field for field in fields if field)
    return str(detail)
